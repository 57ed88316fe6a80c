"""What a shell hands over may be no text at all: it is answered by a sentence, too."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click
import pytest

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import CommandLine

ODD = "b\udcff"  # the byte FF, as Python hands it on


@pytest.mark.usefixtures("encrypted")
@pytest.mark.parametrize(
    ("words", "status"),
    [
        (["status", ODD], 2),
        (["enable", f"{ODD}@example.com"], 2),
        (["change", "list", ODD], 2),
        (["change", "show", "ant.example.com", ODD], 1),
        (["certificate", "show", "ant.example.com", f"{ODD}@example.com"], 2),
        (["certificate", "add", "ant.example.com", "anne@example.com", ODD], 2),
        (["list-key", "uncertify", "ant.example.com", ODD], 1),
        (["list-key", "import", "ant.example.com", ODD], 2),
        (["list-key", "import", "ant.example.com", "/dev/null", "--passphrase-file", ODD], 2),
        (["list-key", "export", "ant.example.com", "--key", ODD], 1),
        (["list-key", "revoke", "ant.example.com", "--yes", "--certificate", ODD], 2),
        (["certificate", "import", "ant.example.com", ODD], 2),
        (["explain", ODD], 2),
        (["explain", ""], 2),
        (["list-key", "import", "ant.example.com", ""], 2),
        (["explain", "--list", ODD, "/dev/null"], 2),
        (["test", "ant.example.com", f"{ODD}@example.com"], 2),
        (["set", "ant.example.com", f"{ODD}=1"], 2),
        (["set", "ant.example.com", f"key_sign_by={ODD}"], 2),
    ],
)
def test_refused(run: CommandLine, words: list[str], status: int) -> None:
    """Nobody sees a traceback."""
    assert run.refused(*words, status=status).rstrip().endswith(".")
    assert set(run.json(*words, status=status)) == {"error"}


def test_every_summary_is_whole(core: object) -> None:
    """What a group says of its commands is not cut off, and is a sentence."""
    assert core
    from mailman_pgp.administration.group import pgp  # noqa: PLC0415 - core must be initialised

    groups = {"pgp": pgp, **{name: one for name, one in pgp.commands.items() if isinstance(one, click.Group)}}
    cut = [
        (group, name)
        for group, found in groups.items()
        for name, one in found.commands.items()
        if not one.get_short_help_str().endswith(".") or one.get_short_help_str().endswith("...")
    ]
    assert cut == []


@pytest.mark.usefixtures("encrypted")
def test_the_name_of_a_file(run: CommandLine, tmp_path: Path) -> None:
    """A certificate is exported into it, and it is shown as well as can be."""
    path = str(tmp_path / ODD)
    assert "b\N{REPLACEMENT CHARACTER}" in run.ok("list-key", "export", "ant.example.com", "-o", path)
    assert "exists already" in run.refused("list-key", "export", "ant.example.com", "-o", path)
