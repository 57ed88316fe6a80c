"""What was asked about is done once and wholly, or not at all."""

from __future__ import annotations

import contextlib
import threading
from typing import TYPE_CHECKING, Any

import pytest
from mailing import ANNE, queued, reply

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy.orm import Session


def by_mail(mlist: Any, token: str) -> None:
    """Confirm as core's command runner does, which rolls back what fails and keeps the mail."""
    reply(mlist, f"confirm {token}")


def by_rest(mlist: Any, token: str) -> None:
    """Confirm as a REST resource does: core commits whatever the answer is."""
    from mailman.config import config  # noqa: PLC0415 - core must be initialised

    from mailman_workflows import confirmations  # noqa: PLC0415

    with contextlib.suppress(Exception):
        confirmations.confirm(mlist, token)
    config.db.commit()


@pytest.mark.parametrize("door", [by_mail, by_rest], ids=lambda door: door.__name__)
@pytest.mark.parametrize("kind", ["RuntimeError", "LookupError", "NotConfirmedError", "RefusedError"])
def test_an_action_fails(
    door: Callable[[Any, str], None],
    kind: str,
    mlist: Any,
    ask: Callable[[], str],
    water: Any,
    done: list[Any],
    store: Session,
) -> None:
    """Then nothing of it is done, and the question is still open."""
    from mailman_workflows import RefusedError  # noqa: PLC0415 - core must be initialised
    from mailman_workflows.confirmations import NotConfirmedError  # noqa: PLC0415

    errors = {
        "RuntimeError": RuntimeError("for a test"),
        "LookupError": KeyError("for a test"),
        "NotConfirmedError": NotConfirmedError("Not in the rain."),
        "RefusedError": RefusedError(mlist, ANNE, "Not in the rain."),
    }
    run = water.run

    def fail(asked: Any) -> str:
        asked.mlist.description = "half done"
        raise errors[kind]

    token = ask()
    queued()
    water.run = fail
    door(mlist, token)
    store.expire_all()
    assert mlist.description == ""
    water.run = run
    reply(mlist, f"confirm {token}")
    assert len(done) == 1


def test_an_action_that_fails_is_no_wrong_token(mlist: Any, ask: Callable[[], str], water: Any) -> None:
    """The error that an action raises is not taken for that of a token which does not match."""
    from mailman_workflows import confirmations  # noqa: PLC0415 - core must be initialised

    def fail(_asked: Any) -> str:
        raise KeyError("for a test")

    token = ask()
    water.run = fail
    with pytest.raises(Exception, match="'water' failed") as caught:
        confirmations.confirm(mlist, token)
    assert not isinstance(caught.value, LookupError)


def test_two_at_once(mlist: Any, ask: Callable[[], str], water: Any, done: list[Any], store: Session) -> None:
    """Of two connections that confirm the same, each after the other has found the question, one does it."""
    from mailman.config import config  # noqa: PLC0415 - core must be initialised
    from mailman.interfaces.listmanager import IListManager  # noqa: PLC0415
    from zope.component import getUtility  # noqa: PLC0415

    from mailman_workflows import confirmations  # noqa: PLC0415

    token, name = ask(), mlist.fqdn_listname
    answers: list[str | None] = []
    second_ended = threading.Event()
    second: list[threading.Thread] = []

    def confirm() -> None:  # each thread has a session, and so a connection, of its own
        try:
            answers.append(confirmations.confirm(getUtility(IListManager).get(name), token))
            config.db.commit()
        finally:
            config.db.close_session()

    def confirm_second() -> None:
        confirm()
        second_ended.set()

    def check(*_: Any) -> None:
        if not second:
            # Now the other one comes; it waits for the database, and for as long as that is we can't see it.
            second.append(threading.Thread(target=confirm_second))
            second[0].start()
            second_ended.wait(0.5)

    water.check = check
    first = threading.Thread(target=confirm)
    first.start()
    first.join()
    second[0].join()
    assert sorted(answers, key=str) == [None, "They are watered."]
    assert len(done) == 1
    store.expire_all()
