"""A list whose key was revoked waits: nothing is opened, refused, sent or lost until it has another key."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from outgoing import encrypt
from turns import queues, run

from mailman_pgp import openpgp
from mailman_pgp.keys import revoking, succession, vault
from mailman_pgp.openpgp import Reason

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

pytestmark = pytest.mark.usefixtures("healthy")


@pytest.fixture
def stopped(mlist: Any, store: Session) -> Any:
    """A list whose key was revoked."""
    encrypt(mlist, [])
    revoking.revoke(revoking.key_of(mlist.list_id, None), Reason.COMPROMISED, "")
    store.commit()
    return mlist


def come(mlist: Any, queue: str) -> None:
    """Put a message of somebody into a queue, and let its runner look at it."""
    from mailman.config import config  # noqa: PLC0415 - core must be initialised
    from mailman.testing.helpers import specialized_message_from_string  # noqa: PLC0415

    text = (
        f"From: anne@example.com\nTo: {mlist.request_address}\nSubject: help\nMessage-ID: <one@example.com>\n\nHello.\n"
    )
    config.switchboards[queue].enqueue(
        specialized_message_from_string(text), listid=mlist.list_id, recipients=["anne@example.com"]
    )
    run(queue)


@pytest.mark.parametrize(
    ("queue", "waits_in"), [("in", "in"), ("pipeline", "pipeline"), ("command", "command"), ("out", "retry")]
)
def test_waits(stopped: Any, queue: str, waits_in: str, caplog: pytest.LogCaptureFixture) -> None:
    """In whichever queue it is; core's log says why, and what to do."""
    come(stopped, queue)
    assert queues() == {waits_in: 1}
    if queue == waits_in:
        assert "`mailman pgp list-key rotate ant.example.com`" in caplog.text


def test_goes_on(stopped: Any, store: Session) -> None:
    """With another key the list answers what has waited."""
    come(stopped, "command")
    succession.succeed(stopped.list_id, openpgp.generate("Ant", [stopped.posting_address]))
    store.commit()
    run("command")
    assert queues() == {"virgin": 1}


def test_others_do_not_wait(stopped: Any, make_list: Any, store: Session) -> None:
    """Another list goes on."""
    other = make_list("bee")
    encrypt(other, [])
    store.commit()
    assert not vault.waits(other.list_id)
    come(other, "command")
    assert queues() == {"virgin": 1}
    assert vault.waits(stopped.list_id)
