"""By whom a request is accepted that this very call lets go on.

A step of a workflow is not told at which door, and by whom, its request was let pass; whoever knows says so here.
"""

from __future__ import annotations

from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING

from public import public

from mailman_pgp.keys.journal import Actor, Door

if TYPE_CHECKING:
    from collections.abc import Iterator

#: Core's own doors do not say by whom.
_SOMEBODY = Actor(Door.WORKFLOW)
_decider: ContextVar[Actor | None] = ContextVar("decider", default=None)


@public
@contextmanager
def decided_by(actor: Actor) -> Iterator[None]:
    """Inside this context requests are accepted by the word of `actor`."""
    before = _decider.set(actor)
    try:
        yield
    finally:
        _decider.reset(before)


@public
def decider() -> Actor:
    """By whose word requests are accepted in this call."""
    return _decider.get() or _SOMEBODY
