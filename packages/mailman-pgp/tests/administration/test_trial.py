"""`mailman pgp test` sends one member a message by the way of posts, or says why none would come; and what programs are told."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import update

from mailman_pgp import openpgp

if TYPE_CHECKING:
    from collections.abc import Callable

    from conftest import CommandLine, Files, Members

ANNE, LIST = "anne@example.com", "ant@example.com"
OPERATIONS = Path(__file__).parents[4] / "docs" / "operations.md"


@pytest.fixture
def anne(encrypted: Any, members: Members, run: CommandLine, files: Files) -> str:
    """A member whose certificate counts."""
    members.add(encrypted, ANNE)
    run.ok("certificate", "add", LIST, ANNE, files.certificate(ANNE))
    return ANNE


def waiting() -> int:
    """How many messages are on their way."""
    from mailman.config import config  # noqa: PLC0415 - core must be initialised

    return len(config.switchboards["out"].files)


def test_sent(anne: str, run: CommandLine) -> None:
    """It says to which key, by which Message-ID it is found, and what to ask them; as JSON the same."""
    before = waiting()
    shown = run.json("certificate", "show", LIST, anne)["certificate"]["fingerprint"]
    answer = run.json("test", LIST, anne.upper())
    assert (answer["address"], answer["fingerprint"]) == (anne, shown)
    text = run.ok("test", LIST, anne)
    assert openpgp.grouped(shown) in text
    assert "Ask them whether they can read it" in text
    assert waiting() == before + 2


def _suspended(run: CommandLine, *_: Any) -> None:
    run.ok("certificate", "suspend", LIST, ANNE)


def _removed(run: CommandLine, *_: Any) -> None:
    run.ok("certificate", "remove", LIST, ANNE)


def _ended(_: CommandLine, mlist: Any, __: Files) -> None:
    from mailman_pgp.model.database import now, store  # noqa: PLC0415 - core must be initialised
    from mailman_pgp.model.tables import ListKey  # noqa: PLC0415

    store().execute(update(ListKey).where(ListKey.list_id == mlist.list_id).values(expires=now()))


def _off(_: CommandLine, mlist: Any, __: Files) -> None:
    from mailman.interfaces.member import DeliveryStatus  # noqa: PLC0415 - core must be initialised

    mlist.members.get_member(ANNE).preferences.delivery_status = DeliveryStatus.by_user


def _revoked(run: CommandLine, *_: Any) -> None:
    run.ok("list-key", "revoke", LIST, "--reason", "compromised", "--yes")


def _left(_: CommandLine, mlist: Any, __: Files) -> None:
    mlist.members.get_member(ANNE).unsubscribe()


REFUSED: dict[str, tuple[Callable[..., None], str, str]] = {
    "no certificate": (_removed, "gets-nothing", "no certificate"),
    "suspended": (_suspended, "gets-nothing", "is suspended"),
    "switched off": (_off, "no-delivery", "Switch it on"),
    "left": (_left, "not-a-member", "is not a member"),
    "the list's key has expired": (_ended, "list-key", "list-key extend"),
    "the list's key was revoked": (_revoked, "list-key", "list-key rotate"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_why_nothing_comes(
    anne: str, run: CommandLine, encrypted: Any, files: Files, members: Members, case: str
) -> None:
    """Each reason has a word for programs and a sentence that says what to do, and nothing is sent."""
    change, code, says = REFUSED[case]
    change(run, encrypted, files)
    members.store.commit()
    before = waiting()
    assert run.json("test", LIST, anne, status=1)["error"]["code"] == code
    assert says in run.refused("test", LIST, anne)
    assert waiting() == before


@pytest.mark.usefixtures("anne")
@pytest.mark.parametrize(
    ("words", "code", "status"),
    [
        (["nobody@example.com", ANNE], "no-such-list", 2),
        ([LIST, "Anne"], "no-address", 2),
        ([LIST, ""], "no-address", 2),
        ([LIST, LIST], "not-a-member", 1),
    ],
)
def test_mistaken(run: CommandLine, words: list[str], code: str, status: int) -> None:
    """What is no list, or no address, is a mistake in the command."""
    assert run.json("test", *words, status=status)["error"]["code"] == code


@pytest.mark.parametrize("command", ["explain", "test"])
def test_what_programs_are_told(command: str, encrypted: Any) -> None:
    """The manual names each member that is printed, and no other; each of those that lie in them, too."""
    from mailman_pgp.administration import schemas  # noqa: PLC0415 - core must be initialised

    assert encrypted
    _, _, text = OPERATIONS.read_text(encoding="utf-8").partition("### For programs\n")
    _, _, text = text.partition(f"What `{command}` prints:\n\n")
    rows = [line.strip("| ").split(" | ", 1) for line in text.partition("\n\n")[0].splitlines()[2:]]
    named = {name: means for names, means in rows for name in re.findall(r"`(\w+)`", names)}
    told = schemas.ANSWERS[command]["properties"]
    assert set(named) == set(told)
    if command == "explain":
        for name in ("structure", "encrypted_to", "signatures"):
            within = told[name].get("items", told[name])["properties"]
            assert set(within) <= set(re.findall(r"`(\w+)`", named[name]))
