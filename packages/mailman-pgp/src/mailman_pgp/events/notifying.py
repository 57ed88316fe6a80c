"""Events are told to whoever has subscribed to them (`zope.event`), in the transaction of the change.

What they write into the database stands or falls with it.  What they do wrong does not.
"""

from __future__ import annotations

import logging

from public import public
from sqlalchemy import literal, select
from zope.event import subscribers

from mailman_plugin_kit.database import store, whole
from mailman_plugin_kit.failures import places_of

log = logging.getLogger("mailman.error")


@public
def notify(*events: object) -> None:
    """Tell all subscribers; the caller has made the change, and commits.

    As `zope.event.notify`, but that it raises nothing of theirs: with core an exception of a subscriber undoes what was done,
    and keeps an event from the others.  Nobody is to lose a post, or the change of a key, by a program that only looks on.

    :raises sqlalchemy.exc.SQLAlchemyError: when the change itself can't be written.
    """
    store().flush()
    try:
        with whole():
            for event in events:
                _tell(event)
            # An error of the database's that one of them has kept to themselves comes up here, and not with our commit.
            store().execute(select(literal(1)))
    except Exception as error:  # noqa: BLE001 - see above
        names = ", ".join(sorted({type(event).__name__ for event in events}))
        log.error("mailman-pgp: of %s nobody was told, as %s", names, places_of(error))  # noqa: TRY400 - without its text


def _tell(event: object) -> None:
    for subscriber in list(subscribers):
        try:
            subscriber(event)
        except Exception as error:  # noqa: BLE001 - the others are told
            log.error("mailman-pgp: a subscriber to %s failed, as %s", type(event).__name__, places_of(error))  # noqa: TRY400
