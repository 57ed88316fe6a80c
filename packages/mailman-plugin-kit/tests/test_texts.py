"""Pieces of sentences are harmless, and right for one and for many."""

from __future__ import annotations

import pytest

from mailman_plugin_kit.texts import count, plain


def test_what_others_wrote_cannot_steer_the_terminal() -> None:
    """Escape sequences and characters that turn the direction of writing are replaced."""
    assert plain("Anne \x1b[31m\u202e\n") == "Anne \ufffd[31m\ufffd\ufffd"


@pytest.mark.parametrize(
    ("number", "words", "text"),
    [(0, ["member"], "0 members"), (1, ["member"], "1 member"), (2, ["reply", "replies"], "2 replies")],
)
def test_numbers_have_their_noun(number: int, words: list[str], text: str) -> None:
    """One has the singular, all other numbers the plural: with an s, unless another word is given."""
    assert count(number, *words) == text
