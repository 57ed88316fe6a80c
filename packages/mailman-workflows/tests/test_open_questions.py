"""Questions that are open are found by the people who were asked, and by what they are about."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

import pytest
import sqlalchemy as sa
from mailing import ANNE

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy.orm import Session


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
