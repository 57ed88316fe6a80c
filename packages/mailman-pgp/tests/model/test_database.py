"""How we use core's session."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from mailman_pgp.model.database import insert_once, now
from mailman_pgp.model.tables import Seen


def _seen(digest: str, claim: str) -> dict[str, Any]:
    return {"list_id": "ant.example.com", "digest": digest, "claim": claim, "seen_at": now()}


def test_insert_once(store: Any) -> None:
    """A row with a key that is taken is not inserted, and the transaction goes on."""
    assert insert_once(Seen, **_seen("aa", "first"))
    assert not insert_once(Seen, **_seen("aa", "second"))
    assert insert_once(Seen, **_seen("bb", "third"))
    store.commit()
    assert set(store.scalars(sa.select(Seen.claim))) == {"first", "third"}


def test_insert_once_sees_pending_rows(store: Any) -> None:
    """A row that was added to the session, but not written yet, counts."""
    store.add(Seen(**_seen("aa", "first")))
    assert not insert_once(Seen, **_seen("aa", "second"))


def test_insert_once_is_rolled_back(store: Any, core: Any) -> None:
    """A row inserted as the first write of a transaction goes when core aborts it."""
    store.commit()
    assert insert_once(Seen, **_seen("aa", "first"))
    core.db.abort()
    assert insert_once(Seen, **_seen("aa", "second"))


def test_now_is_naive() -> None:
    """Times have no zone: PostgreSQL would shift one, SQLite would drop it."""
    assert now().tzinfo is None
