"""A chunk on its way: who has a copy, who has none, and that nobody is left out without a trace."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from keys import DAY, forge_usable
from outgoing import encrypt, post

from mailman_pgp.model.tables import Skipped
from mailman_pgp.openpgp import OpenPGPError, fanout, inspect

if TYPE_CHECKING:
    from scripted import ScriptedServer
    from sqlalchemy.orm import Session

pytestmark = pytest.mark.usefixtures("healthy")
PEOPLE = ["anne@example.com", "bart@example.com", "cris@example.com"]


def deliver(mlist: Any, msg: Any, msgdata: dict[str, Any]) -> None:
    """Deliver as core's runner does."""
    from mailman_pgp.delivery import deliver as through_the_door  # noqa: PLC0415 - core must be initialised

    through_the_door(mlist, msg, msgdata)


def test_everybody_gets_one(mlist: Any, mta: ScriptedServer) -> None:
    """The control."""
    encrypt(mlist, PEOPLE)
    deliver(mlist, *post(mlist, PEOPLE))
    assert mta.recipients == PEOPLE


def test_a_library_that_refuses_everybody_costs_no_post(
    mlist: Any, mta: ScriptedServer, store: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With a wrong clock it finds no certificate good: the chunk raises, which keeps it, and no member is blamed."""
    encrypt(mlist, PEOPLE)
    monkeypatch.setattr(fanout._targets, "get", lambda *_: None)
    entry = post(mlist, PEOPLE)
    with pytest.raises(OpenPGPError, match="unshunt"):
        deliver(mlist, *entry)
    assert (mta.recipients, store.query(Skipped).count()) == ([], 0)
    monkeypatch.undo()
    deliver(mlist, *entry)
    assert mta.recipients == PEOPLE


def test_a_certificate_that_the_library_refuses_costs_nobody_else_the_post(
    mlist: Any, mta: ScriptedServer, store: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The others get theirs, and who does not is recorded."""
    encrypt(mlist, PEOPLE)
    get = fanout._targets.get
    first: list[str] = []

    def refuse_the_first(fingerprint: str, data: bytes) -> Any:
        first.append(fingerprint)
        return None if fingerprint == first[0] else get(fingerprint, data)

    monkeypatch.setattr(fanout._targets, "get", refuse_the_first)
    deliver(mlist, *post(mlist, PEOPLE))
    assert mta.recipients == PEOPLE[1:]
    assert [(row.address, row.reason) for row in store.query(Skipped)] == [(PEOPLE[0], "refused-by-library")]


def test_a_clock_set_back_costs_no_post(
    mlist: Any, mta: ScriptedServer, store: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is made for the fan-out itself is older than any clock; were it not, the members would not be blamed for it."""
    assert inspect(bytes(fanout._anchor()[0])).created.year == 2000
    encrypt(mlist, PEOPLE)
    tomorrow = fanout.pysequoia.Cert.from_bytes(forge_usable("nobody@example.invalid", age=-DAY).public)
    names = fanout._anchor()[1]
    monkeypatch.setattr(fanout, "_anchor", lambda: (tomorrow, names))
    with pytest.raises(OpenPGPError, match="clock"):
        deliver(mlist, *post(mlist, PEOPLE))
    assert (mta.recipients, store.query(Skipped).count()) == ([], 0)
