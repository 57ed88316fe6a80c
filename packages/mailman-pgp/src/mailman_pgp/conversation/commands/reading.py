"""Commands that only tell something."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mailman.model.roster import RosterVisibility

from mailman_pgp.conversation.commands.base import Command, CommandRefusedError, Proof, Run
from mailman_pgp.i18n import N_, _
from mailman_pgp.lists import administrators

if TYPE_CHECKING:
    from collections.abc import Sequence


class Help(Command):
    """All commands."""

    name = "help"
    proof = Proof.NONE
    summary = N_("Get this text.")
    example = N_("Write a message to {request} with the subject `help`.")

    def run(self, run: Run, arguments: Sequence[str]) -> str:
        """See `Command`."""
        del run, arguments
        return "help"


class KeyGet(Command):
    """The list's certificate."""

    name = "key get"
    proof = Proof.NONE
    summary = N_("Get the certificate of this list.")
    example = N_(
        "Write a message to {request} with the subject `key get`, and import the file that comes with the answer."
    )

    def run(self, run: Run, arguments: Sequence[str]) -> str:
        """See `Command`."""
        del run, arguments
        return "key-get"


class Who(Command):
    """The members."""

    name = "who"
    proof = Proof.MEMBER
    summary = N_("See who is on this list, where its owners allow it.")
    example = N_(
        "Write a new message to {request} with the subject `who`, encrypted and signed, and reply to the answer, encrypted "
        "and signed, with the word yes on top."
    )

    def run(self, run: Run, arguments: Sequence[str]) -> str:
        """See `Command`."""
        del arguments
        if not _may_see(run.mlist, run.address):
            raise CommandRefusedError(_("The owners of this list do not show its members."))
        return "\n".join(f"    {email}" for email in sorted(_addresses(run.mlist)))


def _addresses(mlist: Any) -> list[str]:
    # A user who prefers no address any more is a member without one.
    return [address.email for address in mlist.members.addresses if address is not None]


def _may_see(mlist: Any, address: str) -> bool:
    visibility = mlist.member_roster_visibility
    if administrators.looks_after(mlist, address):
        return True
    # To everybody is to members here: others are not told who is on an encrypted list.
    shown = visibility in {RosterVisibility.public, RosterVisibility.members}
    return shown and mlist.members.get_member(address) is not None


class Echo(Command):
    """Whether the list can read one's mail."""

    name = "echo"
    proof = Proof.MEMBER
    summary = N_("Try whether the list can read you and you can read the list.")
    example = N_(
        "Write a new message to {request} with the subject `echo`, encrypted and signed, and reply to the answer, encrypted "
        "and signed, with the word yes on top."
    )

    def takes(self, arguments: Sequence[str]) -> bool:
        """See `Command`: whatever follows is not repeated."""
        del arguments
        return True

    def run(self, run: Run, arguments: Sequence[str]) -> str:
        """See `Command`."""
        del run, arguments
        return _(
            "The list has read your messages, which were signed by the key that counts for you, and you read this."
        )
