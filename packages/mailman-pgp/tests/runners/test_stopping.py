"""What a runner does when it is to end, and in which order it lets go of things."""

from __future__ import annotations

import signal
from email.message import Message
from typing import TYPE_CHECKING, Any

import pytest

from mailman_pgp.delivery import ledger
from mailman_pgp.model.tables import Dropped, EncryptedList
from mailman_pgp.runners.stopping import Stopping

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from mailman_pgp.site.sitekey import SiteKey


@pytest.fixture
def runner(store: Session) -> Any:  # noqa: ARG001 - core must be initialised
    """A queue runner of core's with our mixin, which is sent a signal in its sleep when `wakes` is set."""
    from mailman.interfaces.runner import RunnerInterrupt  # noqa: PLC0415 - core must be initialised

    class Core:
        _stop = False
        sleeps = 0
        wakes = False

        def signal_handler(self, _signum: int, _frame: Any) -> None:
            self._stop = True
            raise RunnerInterrupt

        def _snooze(self, _count: int) -> None:
            self.sleeps += 1
            if self.wakes:
                self.signal_handler(signal.SIGTERM, None)

    class Runner(Stopping, Core):
        """As ours are made."""

    return Runner()


def test_a_signal_in_the_midst_of_a_message_waits(runner: Any) -> None:
    """The message under way is not disturbed; the runner knows that it is to end, and does not sleep any more."""
    runner.signal_handler(signal.SIGTERM, None)
    assert runner._stop
    runner._snooze(0)
    assert runner.sleeps == 0


def test_a_signal_ends_the_sleep(runner: Any) -> None:
    """Asleep, the runner ends at once, as core means it to."""
    from mailman.interfaces.runner import RunnerInterrupt  # noqa: PLC0415 - core must be initialised

    runner.wakes = True
    with pytest.raises(RunnerInterrupt):
        runner._snooze(0)
    runner.wakes = False
    runner._stop = False
    runner.signal_handler(signal.SIGTERM, None)  # awake again: no exception


def test_what_was_decided_is_committed_before_the_queue_file_goes(
    healthy: SiteKey,  # noqa: ARG001 - the plugin must be healthy
    mlist: Any,
    store: Session,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Killed after the queue file is gone and before core commits, the runner `in` has not forgotten a held post."""
    from mailman.config import config  # noqa: PLC0415 - core must be initialised

    from mailman_pgp.model.database import now  # noqa: PLC0415
    from mailman_pgp.runners import incoming  # noqa: PLC0415

    store.add(EncryptedList(list_id=mlist.list_id, enabled_at=now()))
    store.commit()
    held = {"kind": "post", "recipient": "", "reason": "held"}
    monkeypatch.setattr(incoming, "process", lambda mlist, *_: ledger.dropped(mlist.list_id, **held))
    message = Message()
    message["From"] = "anne@example.com"
    assert incoming.IncomingRunner("in")._dispose(mlist, message, {}) is False
    config.db.abort()
    assert [row.reason for row in store.query(Dropped).all()] == ["held"]
