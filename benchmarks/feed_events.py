"""Have events happen in a Mailman, straight through core's own API.

    python benchmarks/feed_events.py MAILMAN_CFG write COUNT            # into the outbox, for all endpoints
    python benchmarks/feed_events.py MAILMAN_CFG subscribe LIST PAIRS   # with and without the plugin, in turns

Run by events.py in a process of its own, since it initialises core.  `subscribe` prints for each pair two figures: the CPU seconds
of a subscription, with its commit, without the plugin, and of one with it.
"""

from __future__ import annotations

import gc
import sys
import time
import warnings

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    from mailman.config import config
    from mailman.core.initialize import initialize
    from mailman.interfaces.listmanager import IListManager
    from mailman.interfaces.usermanager import IUserManager
    from mailman.utilities.datetime import now as core_now
    from zope.component import getUtility
    from zope.event import subscribers

_A_COMMIT = 500
_WARMING = 20


def main() -> None:
    """Do what the arguments say."""
    config_file, what, *arguments = sys.argv[1:]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        initialize(config_file)
    if what == "write":
        _write(int(arguments[0]))
    else:
        _subscribe(arguments[0], int(arguments[1]))


def _write(count: int) -> None:
    from mailman_plugin_kit.database import now  # noqa: PLC0415 - after core
    from mailman_rest_events import site  # noqa: PLC0415
    from mailman_rest_events.outbox import writing  # noqa: PLC0415

    for number in range(1, count + 1):
        told = {
            "list_id": "bench.example.com",
            "member_id": f"{number:032x}",
            "role": "member",
            "address": f"member{number}@example.com",
            "user_id": f"{number:032x}",
        }
        endpoints = list(site.endpoints())
        writing.put(writing.new_uid(), "SubscriptionEvent", "bench.example.com", told, at=now(), endpoints=endpoints)
        if number % _A_COMMIT == 0:
            config.db.commit()
    config.db.commit()


def _subscribe(address: str, pairs: int) -> None:
    mlist = getUtility(IListManager).get(address)
    users = getUtility(IUserManager)
    people = [users.create_address(f"person{number}@example.com") for number in range(2 * (pairs + _WARMING))]
    for person in people:
        person.verified_on = core_now()
    config.db.commit()
    (ours,) = [each for each in subscribers if (each.__module__ or "").startswith("mailman_rest_events.")]
    found: dict[bool, float] = {}
    gc.collect()
    gc.disable()  # whose turn it is, is chance
    for number in range(pairs + _WARMING):
        # Now the one first, now the other: a list that grows makes both dearer.
        for told in (True, False) if number % 2 else (False, True):
            if told != (ours in subscribers):
                (subscribers.append if told else subscribers.remove)(ours)
            person = people.pop()
            begun = time.process_time()
            mlist.subscribe(person, send_welcome_message=False)
            config.db.commit()
            found[told] = time.process_time() - begun
        if number >= _WARMING:
            print(found[False], found[True])


if __name__ == "__main__":
    main()
