"""Whose word a message's place in a thread is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mailman_pgp.mime import Thread, read_payload, thread_of

if TYPE_CHECKING:
    from types import SimpleNamespace

OUTSIDE = {"Message-ID": "<outer@x>", "In-Reply-To": "<question@x>", "References": "<root@x> <question@x>"}


def test_one_protected_field_speaks_for_all(mail: SimpleNamespace) -> None:
    """Where the author protects one of the fields (Thunderbird), a missing one is not filled in from outside."""
    payload = read_payload(mail.thunderbird(), OUTSIDE)
    assert payload.headers["In-Reply-To"] == "<question@x>"
    assert thread_of(payload) == Thread("<inner-1@example.com>", (), ())


def test_outside_speaks_where_nothing_else_does(mail: SimpleNamespace) -> None:
    """A program that protects none of them (mutt) has them outside; one that protects all it has (K-9) has none."""
    assert thread_of(read_payload(mail.mutt(), OUTSIDE)) == Thread(
        "<outer@x>", ("<question@x>",), ("<root@x>", "<question@x>")
    )
    assert thread_of(read_payload(mail.k9(), OUTSIDE)) is None
    assert thread_of(read_payload(mail.mutt(), {"Message-ID": "no identifier"})) == Thread("", (), ())


def test_what_was_not_seen_is_left_out() -> None:
    """Of a thread remains what stands among the identifiers that may be told."""
    thread = Thread("<a@x>", ("<b@x>",), ("<c@x>", "<b@x>"))
    assert thread.seen({"<b@x>"}) == Thread("", ("<b@x>",), ("<b@x>",))
    assert thread.seen({"<a@x>", "<c@x>"}) == Thread("<a@x>", (), ("<c@x>",))
