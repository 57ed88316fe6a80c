"""Whoever is told of events learns from an encrypted list that there was a message, and not whose."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from mailman.email.message import Message
from mailman.interfaces.chain import AcceptEvent, DiscardEvent, HoldEvent, RejectEvent

from mailman_pgp.lists import discretion, encryption

if TYPE_CHECKING:
    from collections.abc import Callable


class Chain:
    """A chain's name."""

    name = "hold"


@pytest.mark.parametrize("kind", [AcceptEvent, DiscardEvent, HoldEvent, RejectEvent])
def test_sender(kind: type, encrypted: Any, make_list: Callable[..., Any]) -> None:
    """It is told of plain lists only."""
    from mailman_rest_events.serializers.telling import told_of  # noqa: PLC0415 - core must be initialised

    discretion.install()
    message = Message()
    message["From"], message["Message-ID"] = "anne@example.com", "<1@example.com>"
    told = told_of(kind(encrypted, message, {}, Chain()))
    assert told is not None
    assert told.data == {"list_id": encrypted.list_id, "chain": "hold", "message_id": "<1@example.com>"}
    plain = told_of(kind(make_list("bee"), message, {}, Chain()))
    assert plain is not None
    assert plain.data["sender"] == "anne@example.com"


def test_in_doubt(encrypted: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where it can't be found out whether a list is encrypted, it is taken for one."""
    from mailman_rest_events.serializers.discretion import conceals  # noqa: PLC0415 - core must be initialised

    def fail(_list_id: str) -> bool:
        raise RuntimeError("for a test")

    discretion.install()
    monkeypatch.setattr(discretion, "is_encrypted", fail)
    monkeypatch.setattr(encryption, "is_encrypted", fail)
    assert conceals(encrypted)


def test_where_nobody_is_told_of_events(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the other plugin there is nothing to ask."""
    monkeypatch.setattr(discretion, "find_spec", lambda _name: None)
    discretion.install()
