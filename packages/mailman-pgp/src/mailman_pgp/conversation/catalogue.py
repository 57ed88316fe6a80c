"""All commands, as `help` names them."""

from __future__ import annotations

import textwrap

from mailman_pgp.conversation.commands import COMMANDS, Proof
from mailman_pgp.i18n import _

_COLUMNS = 76


def catalogue(request_address: str) -> str:
    """Each command with what it does, the proof it needs, and an example, as text in the language of the reader."""
    entries = []
    for command in COMMANDS.values():
        # In marks: a program that quotes without marks would say a bare command for its user.
        names = ", ".join(f"`{name}`" for name in (command.name, *command.aliases))
        lines = [
            _(command.summary),
            _proofs()[command.proof],
            _("Example: {example}").format(example=_(command.example).format(request=request_address)),
        ]
        text = "\n".join(
            textwrap.fill(line, _COLUMNS, initial_indent="    ", subsequent_indent="    ", break_on_hyphens=False)
            for line in lines
        )
        entries.append(f"{names}\n{text}\n")
    return "\n".join(entries)


def _proofs() -> dict[Proof, str]:
    return {
        Proof.NONE: _("Needs no proof."),
        Proof.ITSELF: _("Needs no signature of yours: the key itself has signed what comes with the mail."),
        Proof.MEMBER: _("Must be signed by the key that counts for you here."),
        Proof.KEY: _("Needs no signature: you prove the key by your reply."),
        Proof.CHANGE: _("Signed by the old key, and proved by the new one in your reply."),
    }
