"""Commands that wait for their author's answer, and run once."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING

from mailman_pgp import openpgp
from mailman_pgp.conversation.asking import Challenge
from mailman_pgp.conversation.commands import CommandRefusedError, Proof, Run
from mailman_pgp.conversation.commands.membership import Join
from mailman_pgp.conversation.grammar import Spoken, spoken_by
from mailman_pgp.i18n import _
from mailman_pgp.openpgp import OpenPGPError, grouped
from mailman_plugin_kit.database import whole
from mailman_workflows.confirmations import NotConfirmedError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from mailman_pgp.conversation.brought import Brought
    from mailman_pgp.openpgp import Certificate
    from mailman_workflows.confirmations import Asked
    from mailman_workflows.request import JSON


class Commanded(Challenge):
    """One mail's commands."""

    name = "pgp-commands"

    def question(self, asked: Asked) -> tuple[str, str]:
        """See `Challenge`."""
        names = [spoken.command.name for spoken in _spoken(asked.data)]
        # In marks: a program that quotes without marks would say a bare command for its user.
        commands = ", ".join(f"`{name}`" for name in names)
        offered = _offered(asked.data)
        key = "" if offered is None else _("\n\nwith the key\n\n    {key}").format(key=grouped(offered.fingerprint))
        return (
            _("Please confirm: {commands}").format(commands=", ".join(names)),
            _(
                "Somebody, most likely you, sent this to the encrypted mailing list {address} in your name:\n\n"
                "    {commands}{key}"
            ).format(address=asked.mlist.posting_address, commands=commands, key=key),
        )

    def run(self, asked: Asked) -> str:
        """See `Action`: each command by itself, so that one that is refused keeps none of the others."""
        self._still_counts(asked)
        run = Run(
            mlist=asked.mlist,
            address=asked.email,
            name=str(asked.data.get("name") or ""),
            offered=_offered(asked.data),
            signed_by_old=str(asked.data.get("old") or ""),
        )
        told = []
        for spoken in _spoken(asked.data):
            try:
                run.prepared = _prepared(asked.data).get(spoken.command.name)
                with whole():
                    text = spoken.command.run(run, spoken.arguments)
            except CommandRefusedError as refused:
                text = str(refused)
            told.append(f"{spoken.command.name}:\n\n{text}")
        return "\n\n".join(told)

    def _still_counts(self, asked: Asked) -> None:
        """A certificate that has signed as the one that counts must still be that."""
        from mailman_pgp.keys import registry  # noqa: PLC0415

        counting = str(asked.data.get("counting") or "")
        if not counting:
            return
        current = registry.current(asked.mlist.list_id, asked.email)
        if current is None or current.fingerprint != counting:
            raise NotConfirmedError(_("Another key counts for you by now. Send your commands anew, signed with that."))


def data_of(commands: Sequence[Spoken], run: Run, *, counting: str, old: str) -> dict[str, JSON]:
    """What is kept of a mail's commands.

    :param run: With all that came.
    :param counting: The fingerprint that counts, where it must still count when they run.
    :param old: The fingerprint that counts and has signed a change.
    :raises CommandRefusedError:
    :raises mailman_pgp.openpgp.CertificateError:
    """
    return {
        "commands": [list(spoken.words) for spoken in commands],
        # It may have come encrypted: it is kept only for whoever joins, whose name the members are shown.
        "name": run.name[:200] if any(spoken.command.name == Join.name for spoken in commands) else "",
        "offered": _text(run.offered.data) if run.offered is not None else "",
        "prepared": {spoken.command.name: spoken.command.prepare(run) for spoken in commands},
        "counting": counting,
        "old": old,
    }


def needs_key(commands: Sequence[Spoken], brought: Brought) -> bool:
    """Whether one of the commands lets a certificate count that came with the mail."""
    return any(spoken.command.proof_for(brought) in {Proof.KEY, Proof.CHANGE} for spoken in commands)


def needs_member(commands: Sequence[Spoken], brought: Brought) -> bool:
    """Whether one of the commands has to be signed by the certificate that counts."""
    return any(spoken.command.proof_for(brought) is Proof.MEMBER for spoken in commands)


def _spoken(data: Mapping[str, JSON]) -> list[Spoken]:
    found = data.get("commands")
    commands = (
        [spoken_by([str(word) for word in words]) for words in found if isinstance(words, list)]
        if isinstance(found, list)
        else []
    )
    return [spoken for spoken in commands if spoken is not None]


def _offered(data: Mapping[str, JSON]) -> Certificate | None:
    text = str(data.get("offered") or "")
    # It has passed through a worker before it was kept.
    return openpgp.inspect(_binary(text)) if text else None


def _prepared(data: Mapping[str, JSON]) -> dict[str, JSON]:
    found = data.get("prepared")
    return found if isinstance(found, dict) else {}


def _text(blob: bytes) -> str:
    return base64.b64encode(blob).decode("ascii")


def _binary(text: str) -> bytes:
    return base64.b64decode(text)


def signers_of(question_data: Mapping[str, JSON]) -> list[bytes]:
    """The certificates (binary) that a question has kept, whose signatures its answer may bear."""
    found = offered_by(question_data)
    return [] if found is None else [found.data]


def offered_by(question_data: Mapping[str, JSON]) -> Certificate | None:
    """The certificate that is to count when a question is answered; None when it asks for something else."""
    try:
        return _offered(question_data)
    except (ValueError, OpenPGPError):  # it was changed in the database, and no code fits it any more
        return None


def commands_of(question_data: Mapping[str, JSON]) -> list[str]:
    """The names of the commands that run when a question is answered."""
    return [spoken.command.name for spoken in _spoken(question_data)]
