"""The pipelines of an encrypted list."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mailman.core.i18n import _
from mailman.pipelines.base import BasePipeline
from mailman.utilities.modules import abstract_component
from public import public

from mailman_pgp.lists.core_settings import OWNER_PIPELINE, POSTING_PIPELINE
from mailman_pgp.site import health

if TYPE_CHECKING:
    from collections.abc import Iterator


@abstract_component
class _Healthy(BasePipeline):  # type: ignore[misc]  # core is untyped
    """A pipeline that does not begin in a process that is not healthy, where core's own runner may have led a post into it.

    The message is then shunted as it came; a handler that fails half way would leave marks on it.
    """

    def __iter__(self) -> Iterator[Any]:
        """See `IPipeline`."""
        health.require()
        return super().__iter__()  # type: ignore[no-any-return]  # core is untyped


@public
class EncryptedPostingPipeline(_Healthy):
    """What core's pipeline does for a post, less everything that would need its content in the clear.

    No archive, no digest, no news: they write plaintext.  Headers are written once, by the composition of the payload.
    """

    name = POSTING_PIPELINE
    description = _("The posting pipeline of encrypted lists.")

    # The last one commits before it hands anything on.
    _default_handlers = ("pgp-recipients", "after-delivery", "pgp-to-outgoing")


@public
class EncryptedOwnerPipeline(_Healthy):
    """Mail to the owners: encrypted to those of them who have a certificate, and refused where nobody has."""

    name = OWNER_PIPELINE
    description = _("The owner pipeline of encrypted lists.")

    _default_handlers = ("pgp-owner-recipients", "pgp-to-outgoing")
