"""The chain through which every message to an encrypted list goes, before the chain that the list is set to.

It is also what the list is set to.  Where core's own runner is in the place of ours, and so leads a message here that
nobody has opened or judged, the gate raises: core shunts the message as it came.  Refusing it would lose it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mailman.chains.base import Link
from mailman.core.i18n import _
from mailman.interfaces.chain import IChain, LinkAction
from public import public
from zope.interface import implementer

from mailman_pgp.lists.core_settings import GATE
from mailman_pgp.lists.encryption import onward_chain
from mailman_pgp.posts.record import Record
from mailman_pgp.posts.sealed import SealedError
from mailman_pgp.site import health

if TYPE_CHECKING:
    from collections.abc import Iterator


@public
@implementer(IChain)
class Gate:
    """Refuse what is not authenticated; send the rest on into the list's own chain."""

    name = GATE
    description = _("The gate of an encrypted list.")

    def get_links(self, mlist: Any, msg: Any, msgdata: dict[str, Any]) -> Iterator[Any]:  # noqa: ARG002  # Mailman's signature
        """See `IChain`.

        :raises mailman_pgp.site.health.NotHealthy: in a process that may not look at mail of encrypted lists.
        :raises SealedError: for a message that our own runner has not received.
        """
        health.require()
        if Record.of(msgdata) is None:
            raise SealedError(
                "A message to an encrypted list was not received by the list's own runner. It is kept in the shunt queue."
            )
        onward = onward_chain(mlist, "owner_chain" if msgdata.get("to_owner") else "posting_chain")
        return iter(
            (
                Link("pgp-refused", LinkAction.jump, "pgp-refuse"),
                Link("truth", LinkAction.jump, onward),
            )
        )
