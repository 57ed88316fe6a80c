"""What people read of requests is in their language, as far as there is a translation; what administrators read is English."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy.orm import Session

ANNE = "anne@example.org"


@pytest.fixture
def german(mlist: Any) -> Any:
    """The list, which speaks German."""
    mlist.preferred_language = "de"
    return mlist


@pytest.fixture
def token(german: Any, manager: Any, person: Callable[..., Any], store: Session) -> str:
    """Anne's request to join, which waits for a confirmation."""
    found = manager(german).register(person(ANNE, verified=False))[0]
    store.commit()
    return str(found)


def mailed(mlist: Any, token: str) -> str:
    """The answer to a confirmation by mail, through core's own runner."""
    from mailman.config import config  # noqa: PLC0415 - core must be initialised
    from mailman.runners.command import CommandRunner  # noqa: PLC0415
    from mailman.testing.helpers import (  # noqa: PLC0415
        get_queue_messages,
        make_testable_runner,
        specialized_message_from_string,
    )

    get_queue_messages("virgin")
    message = specialized_message_from_string(
        f"From: {ANNE}\nTo: ant-request@example.com\nSubject: confirm {token}\nMessage-ID: <1@example.org>\n\n"
    )
    config.switchboards["command"].enqueue(message, listid=mlist.list_id, subaddress="request")
    make_testable_runner(CommandRunner, "command").run()
    (answer,) = get_queue_messages("virgin")
    return str(answer.msg.get_payload(decode=True), answer.msg.get_content_charset("utf-8"))


def test_reason(german: Any, token: str) -> None:
    """Moderators read in the web interface what a request waits for; the command line and our REST say it in English."""
    from mailman.interfaces.pending import IPendings  # noqa: PLC0415 - core must be initialised
    from zope.component import getUtility  # noqa: PLC0415

    from mailman_workflows import saved  # noqa: PLC0415

    shown = getUtility(IPendings).confirm(token, expunge=False)
    assert (shown["waits_for"], shown["reason"]) == ("subscriber", "wartet auf eine Bestätigung")
    assert [row.reason for row in saved.all_at(german)] == ["waits for a confirmation"]


def test_reason_from_a_mail_in_another_language(mlist: Any, manager: Any, person: Callable[..., Any]) -> None:
    """Whoever has caused it, and in whichever language they are answered."""
    from mailman.interfaces.pending import IPendings  # noqa: PLC0415 - core must be initialised
    from zope.component import getUtility  # noqa: PLC0415

    from mailman_workflows import saved  # noqa: PLC0415
    from mailman_workflows.i18n import using  # noqa: PLC0415

    with using("de"):
        token = manager(mlist).register(person(ANNE, verified=False))[0]
    assert getUtility(IPendings).confirm(token, expunge=False)["reason"] == "waits for a confirmation"
    assert [row.reason for row in saved.all_at(mlist)] == ["waits for a confirmation"]


def test_refused_by_mail(german: Any, token: str, store: Session) -> None:
    """Who is refused by mail is told so in the language of the rest of the answer."""
    from mailman.interfaces.bans import IBanManager  # noqa: PLC0415 - core must be initialised

    IBanManager(german).ban(ANNE)
    store.commit()
    assert f"{ANNE} darf die Liste ant@example.com nicht abonnieren." in " ".join(mailed(german, token).split())


def test_refused_by_another_door(german: Any, manager: Any, token: str) -> None:
    """Where nobody has said in which language (REST, the command line), it is English."""
    from mailman.interfaces.bans import IBanManager  # noqa: PLC0415 - core must be initialised

    from mailman_workflows import RefusedError  # noqa: PLC0415

    IBanManager(german).ban(ANNE)
    with pytest.raises(RefusedError, match="is not allowed to subscribe to"):
        manager(german).confirm(token)


def test_question(german: Any, store: Session) -> None:
    """A question to somebody on a German list, and how to answer it; with the texts of the plugin that asks."""
    from mailman.testing.helpers import get_queue_messages  # noqa: PLC0415 - core must be initialised

    from mailman_workflows import confirmations  # noqa: PLC0415
    from mailman_workflows.i18n import _  # noqa: PLC0415

    class Water(confirmations.Action):
        name = "water"

        def question(self, asked: Any) -> tuple[str, str]:
            return "Blumen", _("goes on.") + asked.email

        def run(self, asked: Any) -> str:
            return str(asked)

    confirmations.ask(german, Water(), ANNE, {})
    store.commit()
    (question,) = get_queue_messages("virgin")
    text = str(question.msg.get_payload(decode=True), question.msg.get_content_charset("utf-8"))
    assert f"geht weiter.{ANNE}" in text
    assert "Zum Bestätigen antworten Sie auf diese Nachricht." in text
