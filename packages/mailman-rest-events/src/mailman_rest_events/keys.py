"""What an `api_key` may be: one rule for Mailman, which sends it, and for the website, which knows Mailman by it."""

from __future__ import annotations

_CHARACTERS = range(16, 513)

#: What an `api_key` must be, as the end of a sentence that says so.
RULE = (
    f"must be {_CHARACTERS.start} to {_CHARACTERS.stop - 1} characters of printable ASCII. "
    "`python3 -c 'import secrets; print(secrets.token_urlsafe(32))'` makes a good one."
)


def is_key(text: str) -> bool:
    """Whether a text is one.  Blanks at its ends would be lost on the way in a header."""
    return len(text) in _CHARACTERS and text.isascii() and text.isprintable() and text == text.strip()
