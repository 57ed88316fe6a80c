"""What a stranger is told never keeps their post from where it goes."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from keys import forge_usable
from outgoing import encrypt, notices, waiting

from mailman_pgp.keys.vault import VaultError
from mailman_pgp.openpgp import FanOutError
from mailman_pgp.posts.record import Kind, Record

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.usefixtures("healthy")
STAN = "stan@example.com"


@pytest.fixture
def certificate() -> bytes:
    """What came with his post."""
    return forge_usable(f"Stan <{STAN}>").public


@pytest.fixture
def report(mlist: Any, core: Any) -> Iterator[Record]:
    """A post of his to an encrypted list; afterwards nothing waits to be sent."""
    encrypt(mlist, [])
    yield Record(kind=Kind.POST, author=STAN, message_id="<1@example.com>", claim="report")
    out = core.switchboards["out"]
    for name in out.files:
        out.dequeue(name)
        out.finish(name)


def answer(mlist: Any, record: Record, certificate: bytes) -> None:
    from mailman_pgp.notices.strangers import answer_stranger  # noqa: PLC0415 - core must be initialised

    answer_stranger(mlist, record, certificate, "taken")


def test_answer_at_the_key_that_came_with_the_post(mlist: Any, report: Record, certificate: bytes) -> None:
    """Encrypted when it is written; nothing waits that would be encrypted later, or sent in the clear."""
    answer(mlist, report, certificate)
    assert (waiting(), notices()) == ({"out": 1}, [])


def reject(mlist: Any, record: Record, certificate: bytes) -> bool:
    from mailman_pgp.notices.strangers import reject_stranger  # noqa: PLC0415 - core must be initialised

    return reject_stranger(mlist, record, certificate, "Known since May.")


def test_rejected(mlist: Any, report: Record, certificate: bytes) -> None:
    """However often they were answered today: it is somebody's decision, and no forger brings it about."""
    for _ in range(20):
        assert reject(mlist, report, certificate)
    assert (waiting(), notices()) == ({"out": 20}, [])


def test_rejected_machine(mlist: Any, report: Record, certificate: bytes) -> None:
    """It is told nothing, as a machine never is."""
    assert reject(mlist, replace(report, automatic=True), certificate)
    assert (waiting(), notices()) == ({}, [])


@pytest.mark.parametrize("name", ["vault", "library", "certificate"])
def test_rejected_but_not_told(
    name: str, mlist: Any, report: Record, certificate: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where the list can't sign, or nothing can be encrypted to the certificate, what a moderator says does not leave at all."""

    def refuse(*_: Any) -> Any:
        raise FanOutError(STAN) if name == "library" else VaultError(mlist.list_id)

    if name == "certificate":
        certificate = b""
    else:
        called = "fan_out" if name == "library" else "vault.current_secret"
        monkeypatch.setattr(f"mailman_pgp.notices.encrypted.{called}", refuse)
    assert not reject(mlist, report, certificate)
    assert (waiting(), notices()) == ({}, [])


def test_key_that_the_library_refuses_after_all(
    mlist: Any, report: Record, certificate: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The answer is our template, in the clear, counted once; an error would keep the post of whoever has such a key in `shunt`."""
    from mailman_pgp.delivery import ledger  # noqa: PLC0415 - core must be initialised
    from mailman_pgp.delivery.ledger import Answered  # noqa: PLC0415

    def refuse(*_: Any) -> Any:
        raise FanOutError(STAN)

    monkeypatch.setattr("mailman_pgp.notices.encrypted.fan_out", refuse)
    answer(mlist, report, certificate)
    assert (waiting(), notices()) == ({}, [("taken", STAN)])
    assert ledger.answers_within_a_day(mlist.list_id, STAN, Answered.UNPROVEN) == 1
