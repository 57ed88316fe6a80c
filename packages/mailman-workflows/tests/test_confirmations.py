"""A plugin has a person asked whether something is to be done, and it is done once."""

from __future__ import annotations

import contextlib
import datetime as dt
import email
import email.message
import threading
from typing import TYPE_CHECKING, Any

import pytest
import sqlalchemy as sa

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from sqlalchemy.orm import Session

ANNE = "anne@example.org"


@pytest.fixture
def done() -> list[Any]:
    """What was done."""
    return []


@pytest.fixture
def water(core: Any, done: list[Any]) -> Iterator[Any]:  # noqa: ARG001 - core must be initialised
    """An action: to water some plants."""
    from mailman_workflows import confirmations  # noqa: PLC0415 - core must be initialised
    from mailman_workflows.confirmations import actions  # noqa: PLC0415

    class Water(confirmations.Action):
        name = "water"
        lifetime = dt.timedelta(hours=2)

        def question(self, asked: Any) -> tuple[str, str]:
            return "Water the plants?", f"Somebody asked to water {asked.data['plants']} plants."

        def run(self, asked: Any) -> str:
            done.append((asked.mlist.list_id, asked.email, dict(asked.data)))
            return "They are watered."

    confirmations.register(Water())
    yield actions.named("water")
    actions._registered.clear()


@pytest.fixture
def ask(mlist: Any, water: Any, store: Session) -> Callable[[], str]:
    """Ask Anne; the token is returned."""
    from mailman_workflows import confirmations  # noqa: PLC0415 - core must be initialised

    def one() -> str:
        token = confirmations.ask(mlist, water, ANNE, {"plants": 3})
        store.commit()
        return token

    return one


def queued() -> list[Any]:
    """The mail that waits to be sent."""
    from mailman.testing.helpers import get_queue_messages  # noqa: PLC0415 - core must be initialised

    return [item.msg for item in get_queue_messages("virgin")]


def reply(mlist: Any, text: str, *, to: str = "request", sender: str = ANNE, header: str = "X: y") -> list[str]:
    """Mail a command to a list by core's own runner; return the texts of its answers."""
    from mailman.config import config  # noqa: PLC0415 - core must be initialised
    from mailman.runners.command import CommandRunner  # noqa: PLC0415
    from mailman.testing.helpers import make_testable_runner, specialized_message_from_string  # noqa: PLC0415

    local, _, domain = mlist.fqdn_listname.partition("@")
    message = specialized_message_from_string(
        f"From: {sender}\nTo: {local}-{to}@{domain}\nSubject: {text}\nMessage-ID: <1@example.org>\n{header}\n\n"
    )
    found = to.partition("+")
    data = {"listid": mlist.list_id, "subaddress": found[0]}
    config.switchboards["command"].enqueue(message, **data)
    make_testable_runner(CommandRunner, "command").run()
    return [str(answer.get_payload(decode=True), "utf-8") for answer in queued()]


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


def test_a_question_in_another_way(mlist: Any, water: Any, done: list[Any], store: Session) -> None:
    """A plugin may mail it itself, without the token, and find it by the person who was asked, at that list only."""
    from mailman_workflows import confirmations  # noqa: PLC0415 - core must be initialised

    sent: list[Any] = []
    token = confirmations.ask(mlist, water, ANNE, {"plants": 3}, send=lambda *what: sent.append(what))
    store.commit()
    assert sent == [(mlist, ANNE, "Water the plants?", "Somebody asked to water 3 plants.", token)]
    (found,) = confirmations.open_questions(mlist, ANNE.upper())
    assert (found.token, found.action.name, found.data) == (token, "water", {"plants": 3})
    assert confirmations.open_questions(mlist, "bart@example.org") == []
    assert confirmations.confirm(mlist, token) == "They are watered."
    assert len(done) == 1
    assert confirmations.open_questions(mlist, ANNE) == []


def test_open_questions_of_several(mlist: Any, make_list: Callable[..., Any], water: Any) -> None:
    """Those of some people at some lists are found together, each with its list; those of others are not."""
    from mailman_workflows import confirmations  # noqa: PLC0415 - core must be initialised

    bee, cat, bart = make_list("bee"), make_list("cat"), "bart@example.org"
    for place in (mlist, bee, cat):
        for whom in (ANNE, bart, "cris@example.org"):
            confirmations.ask(place, water, whom, {"plants": 1}, send=lambda *_what: None)
    found = confirmations.open_questions_among([mlist.list_id, bee.list_id], [ANNE.upper(), bart])
    assert {(one.list_id, one.email) for one in found} == {
        (place.list_id, whom) for place in (mlist, bee) for whom in (ANNE, bart)
    }
    assert confirmations.open_questions_among([], [ANNE]) == []


def test_open_questions_that_name_something(mlist: Any, water: Any) -> None:
    """Only those are found in whose data one of some texts stands, as it is."""
    from mailman_workflows import confirmations  # noqa: PLC0415 - core must be initialised

    for whom in ("rose", "r_se", "müsli \\"):
        confirmations.ask(mlist, water, ANNE, {"plants": 1, "whom": whom}, send=lambda *_what: None)

    def found(*naming: str) -> set[Any]:
        return {one.data["whom"] for one in confirmations.open_questions_among([mlist.list_id], [ANNE], naming=naming)}

    assert found("rose") == {"rose"}
    assert found("r_se", "müsli \\") == {"r_se", "müsli \\"}
    assert found() == found("tulip") == set()


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


@pytest.mark.parametrize("data", ["{", "[]", "3"])
def test_damaged(
    mlist: Any, ask: Callable[[], str], store: Session, data: str, caplog: pytest.LogCaptureFixture
) -> None:
    """A question that was damaged in the database is left out, and hides none of the others; the log tells whose, without its token."""
    from mailman_workflows import confirmations  # noqa: PLC0415 - core must be initialised
    from mailman_workflows.model.tables import Question  # noqa: PLC0415

    damaged, whole = ask(), ask()
    store.execute(sa.update(Question).where(Question.token == damaged).values(data=data))
    store.commit()
    assert [question.token for question in confirmations.open_questions(mlist, ANNE)] == [whole]
    assert f"ant.example.com: what {ANNE} was asked (water) can't be read" in caplog.text
    assert damaged not in caplog.text


def test_what_is_asked_is_not_shown(mlist: Any, water: Any) -> None:
    """What a question is about, and the mail that answers it, may have come encrypted: a traceback names none of it."""
    from mailman_workflows import confirmations  # noqa: PLC0415 - core must be initialised

    asked = confirmations.Asked(mlist, ANNE, {"plants": "canary"}, "canary")
    question = confirmations.OpenQuestion("0" * 40, water, ANNE, asked.data, dt.datetime(2026, 1, 1), "ant")  # noqa: DTZ001 - as the database keeps it
    assert "canary" not in repr(asked) + repr(question)
