"""An encrypted list keeps its pipelines, whatever REST or the web interface sets.

While the plugin is healthy the setting is without effect, since the pipeline runner does not ask for it.  But a stock
pipeline would lie in wait for the day on which a line of ``mailman.cfg`` is missing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mailman.model.mailinglist import MailingList
from public import public
from sqlalchemy import event

from mailman_pgp.lists.core_settings import OWNER_PIPELINE, POSTING_PIPELINE
from mailman_pgp.lists.encryption import is_encrypted
from mailman_pgp.model.database import store

if TYPE_CHECKING:
    from collections.abc import Callable

_PINNED = {"posting_pipeline": POSTING_PIPELINE, "owner_pipeline": OWNER_PIPELINE}


@public
def install() -> None:
    """Listen to changes of the pipelines of lists, once in a process; our tables must be there."""
    for name, ours in _PINNED.items():
        attribute = getattr(MailingList, name)
        listener = _LISTENERS.setdefault(name, _keeping(ours))
        if not event.contains(attribute, "set", listener):
            event.listen(attribute, "set", listener, retval=True)


_LISTENERS: dict[str, Callable[..., Any]] = {}


def _keeping(ours: str) -> Callable[..., Any]:
    def keep(mlist: Any, value: Any, _before: Any, _initiator: Any) -> Any:
        # A list that is just being made is not complete enough to be written.
        with store().no_autoflush:
            return ours if value != ours and is_encrypted(mlist.list_id) else value

    return keep
