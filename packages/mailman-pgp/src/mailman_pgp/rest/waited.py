"""What becomes of a person's requests to join or to leave when something about their key was changed."""

from __future__ import annotations

from typing import Any

from mailman.config import config
from public import public

from mailman_pgp.exchange import waiting
from mailman_pgp.model.database import commit
from mailman_pgp.overview.data import went
from mailman_pgp.rest.answers import log_failure


@public
def go_on(mlist: Any, whose: str) -> list[dict[str, Any]]:
    """Commit a change, and let the requests that have waited for it go on, each for itself; tell what became of them."""
    commit()
    try:
        looked = waiting.look_again(mlist, whose)
    except Exception as error:  # noqa: BLE001 - the change is made, and must not be said to have failed
        config.db.abort()
        log_failure(error)
        return [{"goes_on": False, "over": False, "failed": True, "sentence": "could not be looked at."}]
    return [went(one) for one in looked]
