"""The pipelines of an encrypted list."""

from __future__ import annotations

from mailman.core.i18n import _
from mailman.pipelines.base import BasePipeline
from public import public


@public
class EncryptedPostingPipeline(BasePipeline):  # type: ignore[misc]  # core is untyped
    """What core's pipeline does for a post, less everything that would need its content in the clear.

    No archive, no digest, no news: they write plaintext.  Headers are written once, by the composition of the payload.
    """

    name = "pgp-posting-pipeline"
    description = _("The posting pipeline of encrypted lists.")

    _default_handlers = ("pgp-recipients", "after-delivery", "pgp-to-outgoing")


@public
class EncryptedOwnerPipeline(BasePipeline):  # type: ignore[misc]  # core is untyped
    """Mail to the owners: encrypted to those of them who have a certificate."""

    name = "pgp-owner-pipeline"
    description = _("The owner pipeline of encrypted lists.")

    _default_handlers = ("owner-recipients", "pgp-to-outgoing")
