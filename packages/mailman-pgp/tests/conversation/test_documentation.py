"""What the documents say of commands is what the commands are."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

DOCS = Path(__file__).parents[4] / "docs"
_ROW = re.compile(r"^\| `([a-z ]+)` \| (\w+) \|", re.MULTILINE)


def test_table_of_proofs(core: object) -> None:  # noqa: ARG001 - core must be initialised
    """`docs/commands.md` names each command in the order of `help`, with the proof that it needs."""
    from mailman_pgp.conversation.commands import COMMANDS  # noqa: PLC0415 - core must be initialised

    table = _ROW.findall((DOCS / "commands.md").read_text())
    assert table == [(command.name, command.proof.value) for command in COMMANDS.values()]


def test_aliases(core: object) -> None:  # noqa: ARG001 - core must be initialised
    """It names their other names, too."""
    from mailman_pgp.conversation.commands import COMMANDS  # noqa: PLC0415 - core must be initialised

    text = (DOCS / "commands.md").read_text()
    assert [alias for command in COMMANDS.values() for alias in command.aliases if f"`{alias}`" not in text] == []


@pytest.mark.parametrize("language", ["en", "de"])
def test_help(core: object, language: str) -> None:  # noqa: ARG001 - core must be initialised
    """In each language `help` has each command with what it does, its proof, and an example that says to which address to write."""
    from mailman_pgp.conversation.catalogue import _proofs, catalogue  # noqa: PLC0415 - core must be initialised
    from mailman_pgp.conversation.commands import COMMANDS  # noqa: PLC0415
    from mailman_pgp.i18n import _, using  # noqa: PLC0415

    with using(language):
        entries = catalogue("ants-request@example.org").split("\n\n")
        assert len(entries) == len(COMMANDS)
        for command, entry in zip(COMMANDS.values(), entries, strict=True):
            names, *lines = entry.strip().split("\n")
            assert names == ", ".join(f"`{name}`" for name in (command.name, *command.aliases))
            text = " ".join(line.strip() for line in lines)
            example = _(command.example).format(request="ants-request@example.org")
            assert "ants-request@example.org" in example
            assert (
                text
                == f"{_(command.summary)} {_proofs()[command.proof]} {_('Example: {example}').format(example=example)}"
            )
            assert f"`{command.name}`" in example


@pytest.mark.parametrize("name", ["members.md", "commands.md"])
def test_commands_for_members_exist(core: object, name: str) -> None:  # noqa: ARG001 - core must be initialised
    """What is written as a command of two words is one."""
    from mailman_pgp.conversation.commands import COMMANDS  # noqa: PLC0415 - core must be initialised

    found = re.findall(r"`(key [a-z]+)`", (DOCS / name).read_text())
    assert found
    assert set(found) <= set(COMMANDS)
