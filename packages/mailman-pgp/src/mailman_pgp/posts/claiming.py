"""A message takes its signature for itself, before anything is done with it."""

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
    # Committed before anything is done with the message: a second process must see the claim, and a crash must not undo it.
    config.db.commit()
    return {replay.Claim.REPLAYED: str(Problem.REPLAYED), replay.Claim.STALE: str(Problem.STALE)}.get(outcome, "")
