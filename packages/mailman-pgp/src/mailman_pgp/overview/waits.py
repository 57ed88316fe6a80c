"""What waits for somebody at lists: requests, keys, held posts; counted for many lists in a few queries."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from public import public

from mailman_pgp.conversation import key_changes
from mailman_pgp.overview import held
from mailman_workflows import saved

if TYPE_CHECKING:
    from collections.abc import Collection


@public
@dataclass(frozen=True, slots=True)
class Waits:
    """How many wait: requests to join or to leave (for whatever), new keys that a moderator decides about, held posts."""

    requests: int
    changes: int
    held: int


@public
def waiting_at(list_ids: Collection[str]) -> dict[str, Waits]:
    """What waits at each of some encrypted lists, by list-id."""
    requests, changes, posts = saved.numbers(list_ids), key_changes.numbers(list_ids), held.numbers(list_ids)
    return {name: Waits(requests.get(name, 0), changes.get(name, 0), posts.get(name, 0)) for name in list_ids}
