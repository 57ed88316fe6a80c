"""What is a command, and what is a mail of nothing else."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mailman_pgp.mime import Said


@pytest.fixture
def grammar(core: Any) -> Any:  # noqa: ARG001 - core must be initialised
    from mailman_pgp.conversation import grammar  # noqa: PLC0415

    return grammar


@pytest.mark.parametrize(
    ("subject", "lines", "commands"),
    [
        ("join", (), ["join"]),
        ("Subscribe", ("key  SET",), ["join", "key set"]),
        ("", ("leave", "leave", "end", "who"), ["leave"]),
        ("leave me alone", ("please join us", "key", "key set now"), []),
        ("", ("echo whatever it is",), ["echo"]),
        ("", tuple(["Hello"] * 10 + ["leave"]), []),
    ],
)
def test_commands(grammar: Any, subject: str, lines: tuple[str, ...], commands: list[str]) -> None:
    """A line is a command word for word, within the first ten, up to `end`; each counts once."""
    found = grammar.commands_in(Said(subject, lines, ""), "", "request")
    assert [spoken.command.name for spoken in found] == commands
    assert all(spoken.inside for spoken in found)


def test_outside(grammar: Any) -> None:
    """What stands in an outer subject, or is the address for one command, is not inside."""
    for said, subject, address in ((Said("", (), ""), "Re: leave", "request"), (Said("", ("Hello",), ""), "", "leave")):
        (spoken,) = grammar.commands_in(said, subject, address)
        assert (spoken.command.name, spoken.inside) == ("leave", False)
    (spoken,) = grammar.commands_in(Said("", ("leave",), ""), "leave", "leave")
    assert spoken.inside


@pytest.mark.parametrize(
    ("lines", "only"),
    [
        (("leave",), True),
        (("key set", "join", "end"), True),
        (("What shall we do?", "who", "leave"), False),
        (("end",), False),
        ((), False),
    ],
)
def test_nothing_but_commands(grammar: Any, lines: tuple[str, ...], only: bool) -> None:  # noqa: FBT001 - a parameter
    """A post may have a line that is a command; a mail of commands alone is no post."""
    assert grammar.is_nothing_but_commands(Said("", lines, "")) is only


_WORDS = st.sampled_from(
    [
        "join",
        "leave",
        "key",
        "set",
        "get",
        "end",
        "echo",
        "who",
        "confirm",
        "help",
        " ",
        "  ",
        "\t",
        "\0",
        "'",
        '"',
        "\ud800",
    ]
)
_LINES = st.one_of(st.text(max_size=40), st.lists(_WORDS, max_size=8).map(" ".join))


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(_LINES, st.lists(_LINES, max_size=20), _LINES, st.sampled_from(["request", "join", "leave", "confirm", "owner"]))
def test_anything_is_read(grammar: Any, subject: str, lines: list[str], outer: str, address: str) -> None:
    """Whatever a mail says, there are few commands in it, each once; what is nothing but commands has some."""
    heard = Said(subject, tuple(lines), "")
    found = grammar.commands_in(heard, outer, address)
    assert len(found) <= 12
    assert len({spoken.command.name for spoken in found}) == len(found) or any(
        spoken.command.name == "confirm" for spoken in found
    )
    if grammar.is_nothing_but_commands(heard):
        assert found
