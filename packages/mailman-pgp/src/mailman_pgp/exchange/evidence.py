"""That this very call carries a person's own proof.

Whoever resumes a request by its token may be the person, a moderator, or a program that looks again; core's door does not say
who.  A command whose signature and code were checked says so here.
"""

from __future__ import annotations

import hmac
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING

from public import public

if TYPE_CHECKING:
    from collections.abc import Iterator

_proved: ContextVar[str | None] = ContextVar("proved", default=None)


@public
@contextmanager
def proved(token: str) -> Iterator[None]:
    """Inside this context the request with this token carries the proof of its person."""
    before = _proved.set(token)
    try:
        yield
    finally:
        _proved.reset(before)


@public
def carries(token: str | None) -> bool:
    """Whether the request with this token carries the proof of its person in this call."""
    found = _proved.get()
    return token is not None and found is not None and hmac.compare_digest(token.encode(), found.encode())
