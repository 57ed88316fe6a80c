"""Each reason has one setting, with a default and its reason, and the manual says so."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from mailman_pgp.model.database import now
from mailman_pgp.model.tables import EncryptedList
from mailman_pgp.openpgp import OpeningProblem, Status
from mailman_pgp.posts.__main__ import table
from mailman_pgp.posts.judging import strictest
from mailman_pgp.posts.policy import POLICIES, Action, action_on
from mailman_pgp.posts.problems import Problem

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

ANT = "ant.example.com"


def test_each_reason_has_one_policy() -> None:
    """But for that which is only said of mail to the owners, and for good signatures."""
    found = Counter(reason for policy in POLICIES for reason in policy.reasons)
    assert set(found.values()) == {1}
    assert set(found) == {*Problem, *OpeningProblem, *Status} - {Problem.NO_READER, Status.GOOD, Status.NONE}


def test_nothing_passes_by_default() -> None:
    """Neither at once nor by the list's other rules; and the default is one of the choices."""
    assert {policy.default for policy in POLICIES} == {Action.HOLD, Action.REJECT}
    assert all(policy.default in policy.choices for policy in POLICIES)


@pytest.mark.parametrize("policy", POLICIES, ids=lambda policy: policy.setting)
def test_default_of_the_table(policy: object) -> None:
    """A list that was there before the setting, and a new one, have the default that the manual names."""
    column = EncryptedList.__table__.columns[policy.setting]  # type: ignore[attr-defined]
    assert column.default.arg == column.server_default.arg == policy.default  # type: ignore[attr-defined]


def test_chosen_action(store: Session) -> None:
    """It counts for the list that chose it, for each of the setting's reasons; a word that is none is as the default."""
    store.add(
        EncryptedList(list_id=ANT, enabled_at=now(), on_other_key="hold", on_seen_before="accept", on_stale="keep")
    )
    store.add(EncryptedList(list_id="bee.example.com", enabled_at=now()))
    store.flush()
    for reason in (Problem.SOMEBODY_ELSE, Status.UNKNOWN_KEY):
        assert action_on(ANT, reason) is Action.HOLD
        assert action_on("bee.example.com", reason) is Action.REJECT
    assert action_on(ANT, Problem.REPLAYED) is action_on(ANT, Problem.STALE) is Action.REJECT
    assert action_on(ANT, "no-such-reason") is Action.REJECT


def test_several_reasons(store: Session) -> None:
    """What the strictest setting says becomes of the post, in whatever order they are; of equals the first counts."""
    store.add(
        EncryptedList(list_id=ANT, enabled_at=now(), on_inline_pgp="accept", on_unsigned="hold", on_stranger="defer")
    )
    store.flush()
    inline, unsigned, stranger = Problem.INLINE_PGP, Problem.UNSIGNED, Problem.STRANGER
    assert strictest(ANT, [inline, unsigned, stranger]) == strictest(ANT, [stranger, unsigned, inline]) == unsigned
    assert strictest(ANT, [inline, stranger]) == stranger
    assert strictest(ANT, [inline]) == inline
    assert strictest(ANT, [unsigned, Status.BAD, Problem.NOT_MEANT]) == Status.BAD
    assert strictest(ANT, []) == ""


def test_manual() -> None:
    """The table of docs/posts.md is that of the policies."""
    manual = (Path(__file__).parents[4] / "docs" / "posts.md").read_text()
    shown = manual.partition("<!-- made of")[2].partition("-->\n")[2].partition("<!-- end -->")[0]
    assert shown == table(), "`python -m mailman_pgp.posts` prints the table as it is now"
