"""Whoever is told of events learns from an encrypted list that there was a message, and not whose."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest
from mailman.email.message import Message
from mailman.interfaces.chain import AcceptEvent, DiscardEvent, HoldEvent, RejectEvent

from mailman_pgp.events import installing

if TYPE_CHECKING:
    from collections.abc import Callable


class Chain:
    """A chain's name."""

    name = "hold"


@pytest.mark.parametrize("kind", [AcceptEvent, DiscardEvent, HoldEvent, RejectEvent])
def test_sender(kind: type, encrypted: Any, make_list: Callable[..., Any]) -> None:
    """It is told of plain lists only."""
    from mailman_rest_events.serializers.telling import told_of  # noqa: PLC0415 - core must be initialised

    installing.install()
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
    from mailman_pgp.events import discretion  # noqa: PLC0415 - core must be initialised
    from mailman_rest_events.serializers.discretion import conceals  # noqa: PLC0415

    def fail(_list_id: str) -> bool:
        raise RuntimeError("for a test")

    installing.install()
    monkeypatch.setattr(discretion, "is_encrypted", fail)
    assert conceals(encrypted)


def test_where_nobody_is_told_of_events(core: Any) -> None:  # noqa: ARG001 - its modules must be there
    """Without the other plugin there is nothing to ask, and what happens is told to whoever else has subscribed."""
    program = """
import sys
sys.modules["mailman_rest_events"] = None
import mailman_pgp.events.kinds, mailman_pgp.events.notifying, mailman_pgp.events.skipping
from mailman_pgp.events.installing import install
install()
print(sorted(name for name in sys.modules if name.startswith(("mailman_pgp.events.", "mailman_rest_events"))))
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert "installing" in done.stdout, done.stderr
    assert "told" not in done.stdout
    assert "discretion" not in done.stdout
