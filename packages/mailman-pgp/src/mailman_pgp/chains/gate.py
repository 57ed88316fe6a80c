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
from mailman_pgp.posts.policy import Action, action_on
from mailman_pgp.posts.record import Kind, Record
from mailman_pgp.posts.sealed import SealedError, SealedMessage
from mailman_pgp.site import health

if TYPE_CHECKING:
    from collections.abc import Iterator

_CHAINS = {Action.HOLD: "hold", Action.REJECT: "pgp-refuse", Action.DISCARD: "discard", Action.ACCEPT: "accept"}


@public
@implementer(IChain)
class Gate:
    """Do with what is not authenticated as the list has chosen; send the rest on into the list's own chain."""

    name = GATE
    description = _("The gate of an encrypted list.")

    def get_links(self, mlist: Any, msg: Any, msgdata: dict[str, Any]) -> Iterator[Any]:  # Mailman's signature
        """See `IChain`.

        :raises mailman_pgp.site.health.NotHealthy: in a process that may not look at mail of encrypted lists.
        :raises SealedError: for a message that our own runner has not received.
        """
        health.require()
        record = Record.of(msgdata)
        if record is None:
            raise SealedError(
                "A message to an encrypted list was not received by the list's own runner. It is kept in the shunt queue."
            )
        onward = onward_chain(mlist, "owner_chain" if msgdata.get("to_owner") else "posting_chain")
        action = _action(mlist, msg, record)
        links = [Link("truth", LinkAction.jump, onward)]
        # Where the list's own chain is to decide, the rule must not even hit: core's rule `any` would hold the post for it.
        if action is not Action.DEFER:
            links.insert(0, Link("pgp-problem", LinkAction.jump, _CHAINS[action]))
        return iter(links)


def _action(mlist: Any, msg: Any, record: Record) -> Action:
    """What becomes of a message if the rule finds a problem with it."""
    action = action_on(mlist.list_id, record.problem) if record.kind is Kind.POST else Action.REJECT
    # Where another action was chosen since it was received, its content is gone.
    return Action.REJECT if action.goes_on and not isinstance(msg, SealedMessage) else action
