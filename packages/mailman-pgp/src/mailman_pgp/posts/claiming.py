"""A message takes its signature, or what it says, for itself, before anything is done with it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mailman.config import config
from public import public

from mailman_pgp.lists.settings import replay_window
from mailman_pgp.posts import replay
from mailman_pgp.posts.problems import Problem

if TYPE_CHECKING:
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


def _committed(outcome: replay.Claim) -> str:
    # Committed before anything is done with the message: a second process must see the claim, and a crash must not undo it.
    config.db.commit()
    return {replay.Claim.REPLAYED: str(Problem.REPLAYED), replay.Claim.STALE: str(Problem.STALE)}.get(outcome, "")
