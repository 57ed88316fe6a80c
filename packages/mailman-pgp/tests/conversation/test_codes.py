"""A code is good for one thing: for this list, this person, this action, with just this data."""

from __future__ import annotations

import hmac
import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import select, update
from talkers import Talker, code_in, templates

from mailman_pgp.conversation import codes
from mailman_pgp.conversation.codes import Use
from mailman_workflows.model.tables import Question

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

USE = Use(
    "ant.example.com",
    "anne@example.net",
    "pgp-commands",
    {"commands": [["key set"]], "offered": "AAAA", "signed_by": ["AB", "CD"], "counting": ""},
    "2030-01-01T00:00:00",
)


@pytest.mark.usefixtures("healthy")
@pytest.mark.parametrize(
    "change",
    [
        {"list_id": "bee.example.com"},
        {"encryption": "2030-01-02T00:00:00"},
        {"address": "bart@example.net"},
        {"action": "pgp-prove"},
        {"data": {**USE.data, "commands": [["leave"]]}},
        {"data": {**USE.data, "commands": [["key set"], ["leave"]]}},
        {"data": {**USE.data, "offered": "AAAB"}},
        {"data": {**USE.data, "signed_by": ["AB"]}},
        {"data": {**USE.data, "signed_by": ["CD", "AB"]}},
        {"data": {**USE.data, "counting": "AB"}},
        {"data": {**USE.data, "more": None}},
        {"data": {}},
    ],
    ids=str,
)
def test_bound_to_all_of_its_use(change: dict[str, Any]) -> None:
    """Change any of it, and the code does not fit what was kept of it."""
    code = codes.new()
    kept = codes.digest(code, USE)
    assert codes.fits(code, kept, USE)
    assert codes.fits(code, kept, replace(USE, address="Anne@Example.NET"))
    assert not codes.fits(code, kept, replace(USE, **change))
    assert not codes.fits(codes.new(), kept, USE)


@pytest.mark.usefixtures("healthy")
def test_kept_under_the_key_of_the_site(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever writes to the database can't make up what is kept of a code; and it is compared in constant time."""
    code = codes.new()
    kept = codes.digest(code, USE)
    assert code not in kept
    compared: list[tuple[str, str]] = []
    honest = hmac.compare_digest

    def compare(one: str, other: str) -> bool:
        compared.append((one, other))
        return honest(one, other)

    monkeypatch.setattr(codes.hmac, "compare_digest", compare)
    assert codes.fits(code, kept, USE)
    assert compared == [(kept, kept)]


def test_what_looks_like_a_code() -> None:
    """26 letters and digits that stand alone, in either case; a text full of guesses gives the first few."""
    code = codes.new()
    assert len(code) == codes.LENGTH
    for text in (code, f"code {code}.", f"> code {code.upper()}", f"<b>{code}</b>", f"({code})"):
        assert codes.found_in(text) == [code]
    for text in (code[:-1], f"{code}a", f"x{code}", code[:-1] + "1", f"{code[:13]} {code[13:]}"):
        assert codes.found_in(text) == []
    many = [codes.new() for _ in range(1000)]
    assert codes.found_in("\n".join(many)) == many[:20]
    assert codes.found_in("a" * 200_000) == []


@pytest.mark.parametrize(
    ("column", "change"),
    [
        ("data", lambda row: json.dumps({**json.loads(row.data), "commands": [["key revoke"]]})),
        ("data", lambda row: json.dumps({**json.loads(row.data), "signed_by": []})),
        ("data", lambda row: json.dumps({**json.loads(row.data), "offered": "AAAA"})),
        ("data", lambda row: json.dumps({k: v for k, v in json.loads(row.data).items() if k != "code"})),
        ("data", lambda _row: json.dumps({"code": 1})),
        ("data", lambda _row: "[]"),
        ("data", lambda _row: "{"),
        ("data", lambda _row: "{}"),
        ("action", lambda _row: "pgp-prove-leaving"),
        ("action", lambda _row: "pgp-unheard-of"),
    ],
)
def test_changed_in_the_database(anne: Talker, store: Session, column: str, change: Any) -> None:
    """A question whose row was changed or damaged is none that a code fits, and keeps nobody from other commands."""
    question = anne.asked(anne.command("echo"))
    row = store.scalars(select(Question)).one()
    store.execute(update(Question).values({column: change(row)}))
    store.commit()
    assert templates(anne.tell(anne.reply(question))) == ["code-unknown"]
    assert code_in(anne.asked(anne.command("echo")))


@pytest.mark.parametrize("word", ["yes", "No.", "ja", "accept", "reject"])
def test_answer_without_its_code(anne: Talker, word: str) -> None:
    """Who deletes what they answer is told what is missing; the question stays open, and a stranger is told the same."""
    question = anne.asked(anne.command("echo"))
    assert templates(anne.tell(anne.command(word, subject="Re: ..."))) == ["code-missing"]
    assert "you read this" in anne.answers(anne.reply(question))
    stranger = Talker.make("stranger@example.net", anne.mlist)
    assert templates(stranger.tell(stranger.command(word, subject="Re: ..."))) == ["code-missing"]


def test_asked_by_another_release(anne: Talker, store: Session) -> None:
    """What an earlier release has asked counts only where this one reads its data as it was."""
    question = anne.asked(anne.command("echo"))
    store.execute(update(Question).values(version=0))
    store.commit()
    assert "you read this" in anne.answers(anne.reply(question))


def test_row_of_another(anne: Talker, encrypted: Any, members: Any, store: Session) -> None:
    """A question that is moved to somebody else's name in the database fits no code."""
    bart = Talker.make("bart@example.net", encrypted)
    bart.counts()
    members.add(encrypted, bart.address)
    question = anne.asked(anne.command("echo"))
    store.execute(update(Question).values(email=bart.address))
    store.commit()
    assert templates(bart.tell(bart.reply(question))) == ["code-unknown"]
    assert templates(anne.tell(anne.reply(question))) == ["code-unknown"]
