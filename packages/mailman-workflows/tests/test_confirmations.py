"""A plugin has a person asked whether something is to be done, and their answer does it."""

from __future__ import annotations

import datetime as dt
import email
import email.message
from typing import TYPE_CHECKING, Any

import pytest
import sqlalchemy as sa
from mailing import ANNE, queued, reply

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy.orm import Session


def test_question_and_answer(mlist: Any, ask: Callable[[], str], done: list[Any]) -> None:
    """The question says what, and how; a reply to its sender does it, once."""
    token = ask()
    (question,) = queued()
    assert question["to"] == ANNE
    assert question["from"] == f"ant-confirm+{token}@example.com"
    assert question["subject"] == "Water the plants?"
    assert question["auto-submitted"] == "auto-generated"
    text = question.get_payload()
    assert "water 3 plants" in text
    assert "reply to this message" in text
    for _ in range(2):
        reply(mlist, f"Re: {question['subject']}", to=f"confirm+{token}")
    assert done == [("ant.example.com", ANNE, {"plants": 3})]


def test_by_command(mlist: Any, ask: Callable[[], str], done: list[Any]) -> None:
    """Also by the command, with the token in the subject."""
    token = ask()
    queued()
    reply(mlist, f"confirm {token}")
    assert len(done) == 1
    (answer,) = reply(mlist, f"confirm {token}")
    assert "did not match" in answer
    assert len(done) == 1


AUTOMATIC = [
    "Auto-Submitted: auto-replied",
    "Auto-Submitted: Auto-Generated; owner-email=x@example.org",
    "Precedence: auto_reply",
    "X-Autoreply: yes",
    "X-Autorespond: out of office",
    "Return-Path: <>",
    "Content-Type: multipart/report; report-type=delivery-status",
]


@pytest.mark.parametrize("header", AUTOMATIC)
def test_a_machine_confirms_nothing(
    header: str, mlist: Any, ask: Callable[[], str], done: list[Any], manager: Any, person: Any, store: Session
) -> None:
    """An automatic answer (out of office) confirms neither a question nor a request, is not answered, and ends nothing."""
    token = ask()
    joining, _, _ = manager(mlist).register(person("bart@example.org", verified=False))
    store.commit()
    queued()
    for each in (token, joining):
        assert reply(mlist, "Out of office", to=f"confirm+{each}", header=header) == []
        assert reply(mlist, f"Re: confirm {each}", header=header) == []
    assert done == []
    assert mlist.members.get_member("bart@example.org") is None
    for each in (token, joining):
        reply(mlist, "Re: Yes", to=f"confirm+{each}", header="Auto-Submitted: no")
    assert len(done) == 1
    assert mlist.members.get_member("bart@example.org") is not None


@pytest.mark.parametrize("older", [False, True], ids=["ours", "core's own"])
def test_a_moderators_token(mlist: Any, manager: Any, person: Any, store: Session, *, older: bool) -> None:
    """What waits for a moderator is let pass by nobody's mail, though a program that asked by REST was told the token."""
    from mailman.app.subscriptions import SubscriptionManager  # noqa: PLC0415 - core must be initialised
    from mailman.interfaces.mailinglist import SubscriptionPolicy  # noqa: PLC0415

    mlist.subscription_policy = SubscriptionPolicy.moderate
    token, owner, _ = (SubscriptionManager if older else manager)(mlist).register(person())
    store.commit()
    assert owner.name == "moderator"
    queued()
    (answer,) = reply(mlist, f"confirm {token}")
    assert "did not match" in answer
    reply(mlist, "Re: Yes", to=f"confirm+{token}")
    assert mlist.members.get_member(ANNE) is None
    manager(mlist).confirm(token)
    assert mlist.members.get_member(ANNE) is not None


def test_at_its_own_list_only(
    make_list: Callable[..., Any], ask: Callable[[], str], done: list[Any], mlist: Any
) -> None:
    """At another list the token is none, and it is still good at its own."""
    other = make_list("bee")
    token = ask()
    queued()
    (answer,) = reply(other, f"confirm {token}")
    assert "did not match" in answer
    assert done == []
    reply(mlist, f"confirm {token}")
    assert len(done) == 1


def test_for_its_time_only(mlist: Any, ask: Callable[[], str], done: list[Any], store: Session) -> None:
    """After that nothing happens."""
    from mailman_workflows.model.tables import Question  # noqa: PLC0415 - core must be initialised

    token = ask()
    queued()
    row = store.scalar(sa.select(Question))
    assert row is not None
    assert dt.timedelta(hours=1) < row.expires - dt.datetime.now(dt.UTC).replace(tzinfo=None) <= dt.timedelta(hours=2)
    row.expires = dt.datetime(2020, 1, 1)  # noqa: DTZ001 - as the database keeps it
    store.commit()
    (answer,) = reply(mlist, f"confirm {token}")
    assert "did not match" in answer
    assert done == []


def test_who_may_confirm(mlist: Any, ask: Callable[[], str], water: Any, done: list[Any]) -> None:
    """The action decides by the mail; what does not count is answered with the reason, and the question stays open."""
    from mailman_workflows.confirmations import NotConfirmedError  # noqa: PLC0415 - core must be initialised

    def check(asked: Any, message: Any) -> None:
        if asked.email not in message["from"]:
            raise NotConfirmedError("Only Anne can confirm this.")

    water.check = check
    token = ask()
    queued()
    (answer,) = reply(mlist, f"confirm {token}", sender="mallory@example.net")
    assert "Only Anne can confirm this." in answer
    assert done == []
    reply(mlist, f"confirm {token}")
    assert len(done) == 1


def test_data_of_an_older_release(mlist: Any, ask: Callable[[], str], water: Any, done: list[Any]) -> None:
    """A question that an older release asked is read by the newer one."""
    from mailman_workflows import confirmations  # noqa: PLC0415 - core must be initialised

    token = ask()
    water.version = 2
    water.upgraded = lambda data, version: {"plants": [data["plants"], version]}
    assert confirmations.confirm(mlist, token) == "They are watered."
    assert done[0][2] == {"plants": [3, 1]}


def test_action_that_is_gone(mlist: Any, ask: Callable[[], str], done: list[Any]) -> None:
    """The person is told, and the question waits for the plugin to come back."""
    from mailman_workflows import confirmations  # noqa: PLC0415 - core must be initialised
    from mailman_workflows.confirmations import actions  # noqa: PLC0415

    token = ask()
    kept = actions._registered.pop("water")
    with pytest.raises(confirmations.NotConfirmedError, match="not installed"):
        confirmations.confirm(mlist, token, email.message.Message())
    confirmations.register(kept)
    assert confirmations.confirm(mlist, token) == "They are watered."
    assert len(done) == 1


def test_discarded(mlist: Any, ask: Callable[[], str], store: Session) -> None:
    """Nothing is left of it."""
    from mailman_workflows import confirmations  # noqa: PLC0415 - core must be initialised
    from mailman_workflows.model.tables import Question  # noqa: PLC0415

    token = ask()
    confirmations.discard(token)
    store.flush()
    assert store.scalar(sa.select(Question)) is None
    assert confirmations.confirm(mlist, token) is None


def test_ended_while_the_plugin_was_off(mlist: Any, ask: Callable[[], str], done: list[Any], store: Session) -> None:
    """A question that core has removed then is none any more."""
    from mailman.model.pending import Pended, PendedKeyValue  # noqa: PLC0415 - core must be initialised

    from mailman_workflows import cleanup, confirmations  # noqa: PLC0415
    from mailman_workflows.model.tables import Question  # noqa: PLC0415

    token = ask()
    for table in (PendedKeyValue, Pended):
        store.execute(sa.delete(table), execution_options={"synchronize_session": False})  # nobody tells us
    assert confirmations.confirm(mlist, token) is None
    assert done == []
    cleanup.sweep()
    assert store.scalar(sa.select(Question)) is None


def test_a_question_is_one_mail(mlist: Any, water: Any) -> None:
    """Lines in a subject that an action makes of what somebody wrote make no header."""
    from mailman_workflows import confirmations  # noqa: PLC0415 - core must be initialised

    water.question = lambda _asked: ("Water?\r\nBcc: eve@example.net\n\nBody", "Text.")
    confirmations.ask(mlist, water, ANNE, {})
    (question,) = queued()
    sent = email.message_from_bytes(question.as_bytes())
    assert sent["bcc"] is None
    assert sent["subject"] == "Water? Bcc: eve@example.net Body"


def test_in_the_language_of_the_list(mlist: Any, water: Any) -> None:
    """An action writes its question in it."""
    from mailman.core.i18n import _  # noqa: PLC0415 - core must be initialised

    from mailman_workflows import confirmations  # noqa: PLC0415

    water.question = lambda _asked: (_.code, "Text.")
    mlist.preferred_language = "de"
    confirmations.ask(mlist, water, ANNE, {})
    (question,) = queued()
    assert str(question["subject"]) == "de"


def test_without_verp(mlist: Any, water: Any, done: list[Any], core: Any, store: Session) -> None:
    """Where a site has no addresses with tokens in them, a reply confirms by its subject."""
    from mailman_workflows import confirmations  # noqa: PLC0415 - core must be initialised

    core.push("no verp", "[mta]\nverp_confirmations: no\n")
    try:
        confirmations.ask(mlist, water, ANNE, {"plants": 3})
        store.commit()
        (question,) = queued()
        assert question["from"] == "ant-request@example.com"
        reply(mlist, f"Re: {question['subject']}")
    finally:
        core.pop("no verp")
    assert len(done) == 1


def test_asked_twice(mlist: Any, ask: Callable[[], str], done: list[Any]) -> None:
    """Each question has a token of its own, and each is done once."""
    first, second = ask(), ask()
    queued()
    for token in (first, second, first, second):
        reply(mlist, f"confirm {token}")
    assert len(done) == 2
