"""What the runner of `out` does beside its queue.

As often as it looks into the queue, but a few times a second at most, people are told of changes of keys.  Once a day old rows
and files are removed, people are told that their certificates end, owners what did not arrive, and requests go on.
"""

from __future__ import annotations

import time
from datetime import timedelta

from mailman.config import config
from public import public

from mailman_pgp.delivery import chunks, ledger
from mailman_pgp.digests import collection
from mailman_pgp.digests.sending import send_each_day
from mailman_pgp.exchange import telling
from mailman_pgp.exchange.refusals import log_failure
from mailman_pgp.exchange.waiting import look_again_everywhere
from mailman_pgp.keys import journal
from mailman_pgp.lists import deeds
from mailman_pgp.model import cleanup
from mailman_pgp.notices.reminding import remind
from mailman_pgp.notices.succession import tell_of_list_keys
from mailman_pgp.notices.summing_up import sum_up
from mailman_pgp.posts import replay
from mailman_pgp.posts.torn import remove_torn
from mailman_pgp.site import health

_EVERY_SECONDS = 24 * 3600.0
# How much longer a signature is remembered than it counts: a clock that was set ahead must not let old posts in again, and
# a post costs one short row.
_SIGNATURES_KEPT = timedelta(days=365)
# After a failure: a database that is away is not asked, and logged, at each turn.
_PAUSE_SECONDS = 60.0
_due = _not_before = 0.0


@public
def tell_of_changes() -> None:
    """Tell of changes of keys that were committed, and of new keys of lists; short queries where there are none.  Never fails."""
    global _not_before  # noqa: PLW0603 - each process has its own clock
    if time.monotonic() < _not_before or not health.current().healthy:
        return
    try:
        telling.tell_of_changes()
        tell_of_list_keys()
        config.db.commit()  # nothing stays open while this process sleeps
    except Exception as error:  # noqa: BLE001 - delivery goes on; what was not told is told at another turn
        log_failure("people could not be told of changes of their keys", error)
        config.db.abort()
        _not_before = time.monotonic() + _PAUSE_SECONDS


@public
def when_due() -> None:
    """Do what is due, once a day in each process of `out`; costs nothing in between, and never fails."""
    global _due  # noqa: PLW0603 - each process has its own clock
    if time.monotonic() < _due or not health.current().healthy:
        return
    _due = time.monotonic() + _EVERY_SECONDS
    for work in (
        config.db.commit,  # what core has written for the last message is not ours to lose
        ledger.prune,
        journal.prune,
        deeds.prune,
        _forget_signatures,
        cleanup.sweep,
        remove_torn,
        chunks.prune,
        collection.prune,
        send_each_day,
        remind,
        sum_up,
        look_again_everywhere,
    ):
        try:
            work()
            config.db.commit()
        except Exception as error:  # noqa: BLE001 - delivery goes on, and so does the other work; tomorrow is another day
            log_failure(f"a part of what is done once a day ({work.__qualname__}) could not be done", error)
            config.db.abort()


def _forget_signatures() -> None:
    replay.prune(timedelta(days=health.settings().replay_window_days) + _SIGNATURES_KEPT)
