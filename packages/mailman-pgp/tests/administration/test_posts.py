"""`mailman pgp posts`: how many got each post, and who did not."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from mailman_pgp.delivery import ledger
from mailman_pgp.model.missed import Miss

if TYPE_CHECKING:
    from conftest import CommandLine
    from sqlalchemy.orm import Session

ANNE, BART = "anne@example.com", "bart@example.com"


@pytest.fixture
def two_posts(encrypted: Any, store: Session) -> Any:
    """A list with one post that everybody got, and one that two did not."""
    ledger.delivered(encrypted.list_id, "<1@x>", chunk="a", recipients=3, copies=3, skipped=0)
    missed = {ANNE: Miss("no-certificate"), BART: Miss("refused", "5.1.1")}
    ledger.delivered(
        encrypted.list_id,
        "<2\x1b[2J@x>",
        chunk="b",
        recipients=3,
        copies=1,
        skipped=1,
        refused=1,
        tried=missed,
        missed=missed,
    )
    store.commit()
    return encrypted


def test_all(two_posts: Any, run: CommandLine) -> None:
    """Each with its numbers; what a Message-ID holds steers no terminal."""
    text = run.ok("posts", two_posts.list_id)
    assert text.startswith("ant@example.com: 2 posts in the last weeks.\n")
    assert "3       0                 0        0        <1@x>" in text
    assert "1       1                 1        0        <2\ufffd[2J@x>" in text
    assert "ant@example.com: 2 posts in the last weeks, the latest 1" in run.ok(
        "posts", "ant@example.com", "--latest", "1"
    )
    found = run.json("posts", two_posts.list_id)
    assert (found["total"], [post["delivered"] for post in found["posts"]]) == (2, [1, 3])
    assert found["posts"][0]["at"].endswith("Z")


def test_who_did_not_get_one(two_posts: Any, run: CommandLine) -> None:
    """By address, with the reason, the class of the mail server's answer, since when, and what to do about it."""
    text = run.ok("posts", two_posts.list_id, "--post", "<2\x1b[2J@x>")
    assert "ant@example.com: 1 of 3 got the post" in text
    assert f"  {ANNE}  no-certificate  no certificate " in text
    assert "refuses mail to the address for good (5.1.1)" in text
    assert "no-certificate: Ask them for their certificate, and add it with `mailman pgp certificate add`." in text
    found = run.json("posts", two_posts.list_id, "--post", "<2\x1b[2J@x>", "--reason", "refused")
    assert [(one["address"], one["answer"]) for one in found["missed"]] == [(BART, "5.1.1")]
    assert found["unknown"] == 0
    assert "Nobody to name." in run.ok("posts", two_posts.list_id, "--post", "<1@x>")


def test_bad_input(two_posts: Any, run: CommandLine) -> None:
    """A post that is not known, and an option without the other, have a sentence."""
    answer = run.json("posts", two_posts.list_id, "--post", "<3@x>", status=1)
    assert answer["error"]["code"] == "no-such-post"
    result = run("posts", two_posts.list_id, "--reason", "waiting")
    assert (result.exit_code, "--reason goes with --post" in result.output) == (2, True)
