"""The chain through which every message to an encrypted list goes, before the chain that the list is set to."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mailman.chains.base import Link
from mailman.core.i18n import _
from mailman.interfaces.chain import IChain, LinkAction
from public import public
from zope.interface import implementer

if TYPE_CHECKING:
    from collections.abc import Iterator


@public
@implementer(IChain)
class Gate:
    """Refuse what is not authenticated; send the rest on into the list's own chain."""

    name = "pgp-gate"
    description = _("The gate of an encrypted list.")

    def get_links(self, mlist: Any, msg: Any, msgdata: dict[str, Any]) -> Iterator[Any]:  # noqa: ARG002  # Mailman's signature
        """See `IChain`."""
        onward = mlist.owner_chain if msgdata.get("to_owner") else mlist.posting_chain
        if onward == self.name:
            onward = "default-posting-chain"
        return iter(
            (
                Link("pgp-refused", LinkAction.jump, "pgp-refuse"),
                Link("truth", LinkAction.jump, onward),
            )
        )
