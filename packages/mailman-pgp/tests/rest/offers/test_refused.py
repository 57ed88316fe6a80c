"""What is refused of what people bring through the web."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from keys import DAY, forge, forge_usable
from talkers import armored
from told import told
from webpeople import ANTS, Web

from mailman_pgp import openpgp

if TYPE_CHECKING:
    from collections.abc import Callable

ANNE, BART = "anne@example.net", "bart@example.net"


def uploads() -> dict[str, Callable[[], tuple[bytes | str, str, int]]]:
    """What people bring by mistake: the upload, the code, the status."""
    anne = f"Anne <{ANNE}>"
    return {
        "secret": lambda: (
            openpgp.armor(forge_usable(anne).secret, "PGP PRIVATE KEY BLOCK").decode(),
            "secret-key",
            400,
        ),
        "several": lambda: (forge_usable(anne).public + forge_usable(anne).public, "several-keys", 400),
        "nothing": lambda: ("My key is on the server.", "no-key", 400),
        "an image": lambda: ("\x89PNG\r\n\x1a" + "\x01" * 500, "broken", 400),
        "expired": lambda: (forge_usable(anne, lifetime=DAY).public, "expired", 400),
        "of another address": lambda: (forge_usable(f"Anne <{BART}>").public, "wrong-address", 400),
        "for signatures only": lambda: (forge(anne).public, "no-encryption-subkey", 400),
        "too large": lambda: (armored(bytes(5 * 2**20)), "too-large", 400),
    }


@pytest.mark.parametrize("kind", uploads())
def test_refused(anne: Web, rows: Callable[[], dict[str, int]], kind: str) -> None:
    """Each has its code and its sentence; nothing is kept of it, and nobody is asked."""
    block, code, status = uploads()[kind]()
    before = rows()
    found, sentence = anne.refused(block, status)
    assert found == code
    assert sentence.endswith(".")
    if kind == "of another address":
        assert f"It is meant for {ANNE}, and carries {BART}." in sentence
    assert (rows(), told()) == (before, [])


def test_of_the_list(anne: Web) -> None:
    """The list's own key is nobody's, and a list has none of a person."""
    own = anne.door.get(f"{ANTS}/certificate")["armored"]
    assert anne.refused(own, 400)[0] == "key-of-the-list"
    assert Web.person(anne.door, "ant-owner@example.com").refused()[0] == "address-of-a-list"
    assert told() == []


def test_the_list_key_has_expired(anne: Web, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is said that it is the list's, so that nobody takes it for their own; no message is counted."""
    from mailman_pgp.delivery import ledger  # noqa: PLC0415 - core must be initialised

    # The library makes no key that has expired already.
    monkeypatch.setattr(openpgp.ListSecretKey, "_dead", lambda _key: openpgp.CertificateProblem.EXPIRED)
    assert anne.refused() == ("list-key", "The key of this list has expired: extend it, or make a new one.")
    assert told() == []
    assert ledger.answers_within_a_day("ant.example.com", ANNE, ledger.Answered.UNPROVEN) == 0
