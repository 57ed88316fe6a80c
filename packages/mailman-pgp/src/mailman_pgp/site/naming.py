"""The keys under which the database names what it must know again: signatures that were accepted, codes that were sent.

Such a name is an HMAC (`mailman_pgp.posts.replay`, `mailman_pgp.conversation.codes`), and can't be made anew under another key:
what it names is not kept.  So when the site's key is replaced, the keys of the names that there are stay in the database,
sealed under the site's key of the time: without them, every post of the last weeks could be posted once more.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import sqlalchemy

from mailman_pgp.site.aead import AeadError, open_by_any, seal

if TYPE_CHECKING:
    from mailman_pgp.site.sitekey import SiteKey

REPLAY, CONFIRM = "replay", "confirm"
_PURPOSES = (REPLAY, CONFIRM)
_SEALED_AS = "earlier names"
_PREFIX = "names "  # of the rows of `pgp_site`; the id of the key follows
#: No code is good for longer (`mailman_pgp.conversation.proving`); whoever has the key of before makes no new ones.
_CODES_LIVE = timedelta(days=70)


@dataclass(frozen=True, slots=True, repr=False)
class Names:
    """The keys of names that were given under a site key that is no more.

    :ivar until: When it was replaced, naive UTC.
    :ivar keys: By purpose, 32 bytes each.
    """

    key_id: str
    until: datetime
    keys: dict[str, bytes]

    def key_for(self, purpose: str, at: datetime) -> bytes | None:
        """The key for a purpose, as long as something may still be named by it."""
        return None if purpose == CONFIRM and at > self.until + _CODES_LIVE else self.keys[purpose]


def load(store: Any, key: SiteKey) -> tuple[Names, ...]:
    """All that are kept.

    :param store: A session, or a connection, of SQLAlchemy.
    :raises AeadError: when one was changed, or was sealed under another key.
    """
    query = sqlalchemy.text("SELECT name, value FROM pgp_site WHERE name LIKE :like ORDER BY name")
    return tuple(_opened(key, name, value) for name, value in store.execute(query, {"like": f"{_PREFIX}%"}).all())


def keep(store: Any, key: SiteKey) -> None:
    """Seal all that are kept, and those of the key that `key` replaces, under `key`; the caller commits.  Raises AeadError."""
    kept = list(load(store, key))
    retired = key.retired
    if retired is not None and retired.key_id not in {one.key_id for one in kept}:
        keys = {purpose: retired.derive(purpose) for purpose in _PURPOSES}
        kept.append(Names(retired.key_id, datetime.now(UTC).replace(tzinfo=None, microsecond=0), keys))
    insert = sqlalchemy.text(
        "INSERT INTO pgp_site (name, value) VALUES (:name, :value) ON CONFLICT (name) DO UPDATE SET value = excluded.value"
    )
    for one in kept:
        name = _PREFIX + one.key_id
        until = one.until.isoformat()
        plain = json.dumps({purpose: known.hex() for purpose, known in one.keys.items()}).encode("ascii")
        blob = seal(key.derive(_SEALED_AS), plain, _bound_to(name, until))
        store.execute(insert, {"name": name, "value": f"{until} {blob.hex()}"})


def _opened(key: SiteKey, name: str, value: str) -> Names:
    until, _, blob = value.partition(" ")
    keys = [one.derive(_SEALED_AS) for one in key.generations]
    try:
        plain = json.loads(open_by_any(keys, bytes.fromhex(blob), _bound_to(name, until)))
    except ValueError:
        raise AeadError("The keys of earlier names were changed.") from None
    return Names(
        name.removeprefix(_PREFIX),
        datetime.fromisoformat(until),
        {purpose: bytes.fromhex(plain[purpose]) for purpose in _PURPOSES},
    )


def _bound_to(name: str, until: str) -> bytes:
    return f"mailman-pgp earlier names v1\0{name}\0{until}".encode()
