"""What the programs that Debian 12 has can do with each kind of list key: the table in docs/operations.md, tried."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import others
import pytest
from copies import recipient
from others import LIST_ADDRESSES, Gpg, Opening, Peer, Rnp, Sop, Sq, make_member

from mailman_pgp import openpgp
from mailman_pgp.openpgp import ListSecretKey, Profile

if TYPE_CHECKING:
    from mailman_pgp.openpgp import NewListKey

pytestmark = pytest.mark.peer
CONTENT = b"The bridge is up.\r\n" * 40
ALL = (True, True, True)
NOTHING = (False, False, False)
#: Whether a program opens a copy, finds the list's signature good, and can write to the list.
CAN: dict[Profile, dict[str, tuple[bool, bool, bool]]] = {
    Profile.USUAL: dict.fromkeys(("gpg", "sq", "rnp", "sqop", "gosop"), ALL),
    Profile.V6: {
        "gpg": NOTHING,
        "sq": (True, False, False),
        "rnp": NOTHING,
        "sqop": (True, False, False),
        "gosop": (True, False, False),
    },
    Profile.POST_QUANTUM: {
        "gpg": (True, True, False),
        "sq": (True, True, False),
        "rnp": (True, False, False),
        "sqop": (True, True, False),
        "gosop": (True, False, False),
    },
}


@pytest.fixture(scope="module")
def made() -> dict[Profile, NewListKey]:
    """A key of each kind."""
    return {profile: openpgp.generate("Ants", LIST_ADDRESSES, profile=profile) for profile in Profile}


def _name(other: Peer) -> str:
    if isinstance(other, Sop):
        return str(other.program).rpartition("/")[2]
    assert isinstance(other, Gpg | Sq | Rnp)
    return type(other).__name__.lower()


def _in_words(can: tuple[bool, bool, bool]) -> str:
    words = ("reads", "verifies", "writes")
    return ", ".join(word for word, able in zip(words, can, strict=True) if able) or "nothing"


def test_manual() -> None:
    """The manual's table says what is tried here."""
    manual = (Path(__file__).parents[4] / "docs" / "operations.md").read_text()
    rows = {row.split("|")[1].strip(): row for row in manual.splitlines() if row.startswith("| ")}
    names = {
        "gpg": "GnuPG 2.2.40",
        "sq": "sq 0.27, sqop 0.27 (Sequoia 1.12)",
        "sqop": "sq 0.27, sqop 0.27 (Sequoia 1.12)",
        "gosop": "gosop (GopenPGP 2.5)",
        "rnp": "RNP 0.16 (library of Thunderbird)",
    }
    for program, name in names.items():
        kinds = [_in_words(CAN[profile][program]) for profile in Profile]
        assert rows[name] == f"| {' | '.join([name, *kinds])} |"


@pytest.fixture
def _whatever_they_say(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a program shows counts, also where it ends with a complaint that it can't verify it."""
    run = others.run
    monkeypatch.setattr(others, "run", lambda command, data=b"", **_: run(command, data, check=False))


def _opened(other: Peer, message: bytes, secret: bytes, signer: bytes | None) -> Opening:
    try:
        return other.open(message, secret, signer)
    except FileNotFoundError:  # what it was to write
        return Opening(b"", good=False)


def _written(other: Peer, certificate: bytes) -> bytes:
    try:
        return other.encrypt(CONTENT, certificate, LIST_ADDRESSES[0])
    except FileNotFoundError:
        return b""


def _same(opened: Opening) -> bool:
    """One of them gives lines their own ends."""
    return opened.content.replace(b"\r\n", b"\n") == CONTENT.replace(b"\r\n", b"\n")


@pytest.mark.usefixtures("_whatever_they_say")
@pytest.mark.parametrize("profile", Profile, ids=str)
def test_what_a_program_can(made: dict[Profile, NewListKey], other: Peer, profile: Profile) -> None:
    """Open a copy without the list's certificate, verify it with that, write to the list: that, and no more."""
    key, reader = made[profile], make_member("reader@example.com")
    (copy,) = openpgp.fan_out(CONTENT, [recipient("reader@example.com", reader.certificate)], ListSecretKey(key.secret))
    message = copy.head + copy.tail
    opens = _same(_opened(other, message, reader.secret, None))
    verified = _opened(other, message, reader.secret, key.certificate.data)
    written = _written(other, key.certificate.data)
    writes = bool(written) and openpgp.open_message(written, [key.secret], []).content == CONTENT
    assert (opens, _same(verified) and verified.good, writes) == CAN[profile][_name(other)]
