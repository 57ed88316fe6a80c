"""Putting another site key in the place of the one that there is, while Mailman stands still.

1. The key file gets the new key, and keeps the old one in a second line.  From here on both open, and the new one seals.
2. What is sealed is sealed anew, piece by piece: rows in transactions, each file in the place of itself.
3. When a look at everything has found nothing under the old key any more, the key file loses it.

Killed at any moment, the site is in one of these states, of which each works; done again, it goes on from there, with the same new
key.  Why not simply let the old key open what it has sealed, until that is gone?  A held post may wait for months, so the old key
would stay beside the new one, and whoever has stolen it would go on opening what they find.  What is named and not sealed can't be made
anew (`mailman_pgp.site.naming`).
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from datetime import timedelta
from typing import TYPE_CHECKING

from public import public

from mailman_pgp.digests import collection
from mailman_pgp.keys import vault
from mailman_pgp.model.database import commit, store
from mailman_pgp.model.tables import Site
from mailman_pgp.posts.torn import remove_torn
from mailman_pgp.rotation import files
from mailman_pgp.site import health, naming
from mailman_pgp.site.sitekey import SiteKey

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


@public
@dataclass(frozen=True, slots=True)
class Rotated:
    """What was done.

    :ivar before: The id of the site key of before.
    :ivar now: That of the one in its place.
    :ivar list_keys: How many keys of lists were sealed anew; so the others.
    :ivar closed: What was left as it is, since no key opens it.
    """

    before: str
    now: str
    list_keys: int = 0
    digest_posts: int = 0
    queued: int = 0
    held: int = 0
    closed: int = 0


@public
def rotate(key_file: Path, tell: Callable[[str], None]) -> Rotated:
    """Replace the site's key, or go on with that.

    The caller has seen to it that no other process of this Mailman runs, or starts until this returns.

    :param key_file: Where the key of this process is from.
    :param tell: Is told of each step, in a sentence.
    :raises mailman_pgp.site.sitekey.SiteKeyError: when the key file can't be written.
    :raises mailman_pgp.keys.vault.VaultError: when the key of a list can't be opened.
    :raises OSError: when a file can't be written; done again, it goes on from there.
    :raises mailman_pgp.site.health.NotHealthy: in a process that may not open what is sealed.
    """
    key = health.site_key()
    if key.retired is None:
        key = SiteKey.new(retired=key)
        key.replace_in(key_file)
        tell(f"The key file has the new site key {key.key_id}, and still the one of before.")
    else:
        tell(f"Going on with the new site key {key.key_id}.")
    assert key.retired is not None  # one way or the other
    health.take_key(key)
    done = Rotated(key.retired.key_id, key.key_id)
    while True:
        found = _once(key, tell)
        done = _sum(done, found)
        # What another process has sealed while this one began would show in the second round.
        if not any((found.list_keys, found.digest_posts, found.queued, found.held)):
            break
    alone = key.alone()
    alone.replace_in(key_file)
    health.take_key(alone)
    tell("Nothing is sealed under the key of before any more, and it is gone from the key file.")
    return done


def _once(key: SiteKey, tell: Callable[[str], None]) -> Rotated:
    assert key.retired is not None
    # First: whoever is about to seal the key of a list at the command line is waited for, and sees it then (`keys.vault`).
    store().merge(Site(name="site_key", value=key.key_id))
    store().flush()
    list_keys = vault.reseal()
    naming.keep(store(), key)
    commit()
    tell(f"In the database: {list_keys} keys of lists are sealed anew.")
    digest_posts, closed_posts = collection.reseal()
    remove_torn(timedelta())
    queued = files.reseal_queues()
    tell(f"In queues and digests: {queued.done + digest_posts} posts are sealed anew.")
    held = files.reseal_held()
    tell(f"Held for moderators: {held.done} posts are sealed anew.")
    return Rotated(
        key.retired.key_id,
        key.key_id,
        list_keys=list_keys,
        digest_posts=digest_posts,
        queued=queued.done,
        held=held.done,
        closed=closed_posts + queued.closed + held.closed,
    )


def _sum(before: Rotated, more: Rotated) -> Rotated:
    numbers = [one.name for one in fields(Rotated) if one.name not in {"before", "now", "closed"}]
    added = {name: getattr(before, name) + getattr(more, name) for name in numbers}
    return Rotated(before.before, before.now, **added, closed=more.closed)
