"""What the list knows of one's key."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mailman_pgp.conversation.commands.base import Command, Proof, Run
from mailman_pgp.i18n import N_, _
from mailman_pgp.keys import journal, registry
from mailman_pgp.keys.journal import Act
from mailman_pgp.keys.registry import ChoiceState
from mailman_pgp.openpgp import grouped

if TYPE_CHECKING:
    from collections.abc import Sequence

_STATES = {
    ChoiceState.PROVEN: N_("proven"),
    ChoiceState.APPROVED: N_("approved"),
    ChoiceState.SUSPENDED: N_("suspended"),
    ChoiceState.REPLACED: N_("replaced"),
    ChoiceState.REMOVED: N_("removed"),
}
_ACTS = {
    Act.ADDED: N_("added"),
    Act.CHANGED: N_("changed"),
    Act.UPDATED: N_("updated"),
    Act.PROVED: N_("proved"),
    Act.APPROVED: N_("approved"),
    Act.COMPARED: N_("compared"),
    Act.SUSPENDED: N_("suspended"),
    Act.RESUMED: N_("resumed"),
    Act.REMOVED: N_("removed"),
    Act.REVOKED: N_("revoked"),
}


class KeyShow(Command):
    """What the list knows of one's key."""

    name = "key show"
    proof = Proof.MEMBER
    summary = N_("Show which key counts for you here, its state, and what was done with it.")
    example = N_(
        "Write a new message to {request} with the subject `key show`, encrypted and signed, and reply to the answer, "
        "encrypted and signed, with the word yes on top."
    )

    def run(self, run: Run, arguments: Sequence[str]) -> str:
        """See `Command`."""
        del arguments
        found = registry.chosen(run.mlist.list_id, run.address)
        if found is None:
            return _("No key counts for your address on this list.")
        expires = _("never") if found.expires is None else f"{found.expires:%Y-%m-%d}"
        lines = [
            _("The key that counts for your address on this list:"),
            "",
            f"    {grouped(found.fingerprint)}",
            "",
            _("State: {state}; algorithm: {algorithm}; expires: {expires}").format(
                state=_(_STATES[found.choice.state]), algorithm=found.algorithm, expires=expires
            ),
            "",
            _("What was done, the latest first:"),
            "",
        ]
        for event in journal.of(run.mlist.list_id, run.address, limit=20):
            lines.append(f"    {event.at:%Y-%m-%d %H:%M} UTC  {_(_ACTS[event.act])}")
            if event.fingerprint != found.fingerprint:
                lines.append(f"        {grouped(event.fingerprint)}")
        return "\n".join(lines)
