"""Requests to join or to leave that have waited for a key, or for a proof, go on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from public import public

from mailman_workflows.again import look_again as _look_again

if TYPE_CHECKING:
    from mailman_workflows.again import Looked


@public
def look_again(mlist: Any, address: str) -> list[Looked]:
    """Let the requests of a person look whether what they wait for is there; to be called after the change was committed.

    Each is committed by itself.
    """
    return _look_again(mlist, email=address)
