"""An encrypted list keeps the settings that it needs, whatever REST or the web sets.

Our runners do not ask for most of them.  But a stock pipeline, or an automatic answer after which core discards the post,
would lie in wait for the day on which a line of ``mailman.cfg`` is missing; a rule of core's would discard posts today; and
a setting that is on and does nothing deceives.  On the day without the plugin nobody pins them; what was changed then is set
right at the next start.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from mailman.config import config
from mailman.model.mailinglist import MailingList
from public import public
from sqlalchemy import event, or_, select, update

from mailman_pgp.lists.core_settings import NEEDED, PINNED
from mailman_pgp.lists.encryption import is_encrypted
from mailman_pgp.model.database import store
from mailman_pgp.model.tables import EncryptedList

if TYPE_CHECKING:
    from collections.abc import Callable

log = logging.getLogger("mailman.plugins")

_lists: Any = MailingList.__table__


@public
def install() -> None:
    """Set right what was changed behind our back, and listen to changes from now on; our tables must be there.  Commits."""
    _set_right()
    for name in PINNED:
        attribute = getattr(MailingList, name)
        listener = _LISTENERS.setdefault(name, _keeping(NEEDED[name]))
        if not event.contains(attribute, "set", listener):
            event.listen(attribute, "set", listener, retval=True)


def _set_right() -> None:
    other = or_(*(_lists.c[name].is_distinct_from(NEEDED[name]) for name in PINNED))
    encrypted = _lists.c.list_id.in_(select(EncryptedList.list_id))
    # Looked for first: on SQLite an update takes the one lock for writing, though it changes nothing.
    changed = store().scalars(select(_lists.c.list_id).where(encrypted, other)).all()
    if changed:
        log.warning(
            "Settings that encrypted lists need were changed, and are set again: %s", ", ".join(sorted(changed))
        )
        store().execute(update(_lists).where(_lists.c.list_id.in_(changed)).values({n: NEEDED[n] for n in PINNED}))
    config.db.commit()


_LISTENERS: dict[str, Callable[..., Any]] = {}


def _keeping(ours: Any) -> Callable[..., Any]:
    def keep(mlist: Any, value: Any, _before: Any, _initiator: Any) -> Any:
        # A list that is just being made is not complete enough to be written.
        with store().no_autoflush:
            return ours if value != ours and is_encrypted(mlist.list_id) else value

    return keep
