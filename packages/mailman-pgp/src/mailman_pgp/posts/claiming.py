"""A message takes its signature, or what it says, for itself, before anything is done with it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from mailman.config import config
from public import public

from mailman_pgp.lists.in_force import replay_window
from mailman_pgp.posts import replay
from mailman_pgp.posts.problems import Problem

if TYPE_CHECKING:
    from collections.abc import Callable

    from mailman_pgp.openpgp import SignatureVerdict
    from mailman_pgp.posts.record import Record


@public
def claim_signature(list_id: str, good: SignatureVerdict, record: Record) -> str:
    """Claim a good signature for a message; return why it counts no more, the empty string when it does.  Commits."""
    outcome = replay.claim(list_id, record.kind, good, record.claim, replay_window(list_id))
    return _committed(outcome)


@public
def claim_content(list_id: str, content: bytes, record: Record) -> str:
    """Claim for a message what it says, where no signature of its author's counts.  Otherwise the same."""
    return _committed(replay.claim_content(list_id, record.kind, content, record.claim))


@public
@dataclass(frozen=True, slots=True)
class Claims:
    """How a message takes what is its own; both as the functions above."""

    signature: Callable[[str, SignatureVerdict, Record], str] = claim_signature
    content: Callable[[str, bytes, Record], str] = claim_content


@public
@dataclass(slots=True)
class Looked:
    """Nothing is taken, and nothing written: it is only seen what would become of a claim.

    :ivar came_before: Whether somebody has taken it already.  That is no reason here: it may have been this very message.
    :ivar by_content: Whether it would be known again by what it says.
    """

    came_before: bool = False
    by_content: bool = False

    @property
    def claims(self) -> Claims:
        """In the place of claims."""
        return Claims(self._signature, self._content)

    def _signature(self, list_id: str, good: SignatureVerdict, record: Record) -> str:
        return self._seen(replay.look(list_id, record.kind, good, replay_window(list_id)))

    def _content(self, list_id: str, content: bytes, record: Record) -> str:
        self.by_content = True
        return self._seen(replay.look_at_content(list_id, record.kind, content))

    def _seen(self, outcome: replay.Claim) -> str:
        self.came_before |= outcome is replay.Claim.REPLAYED
        return str(Problem.STALE) if outcome is replay.Claim.STALE else ""


def _committed(outcome: replay.Claim) -> str:
    # Committed before anything is done with the message: a second process must see the claim, and a crash must not undo it.
    config.db.commit()
    return {replay.Claim.REPLAYED: str(Problem.REPLAYED), replay.Claim.STALE: str(Problem.STALE)}.get(outcome, "")
