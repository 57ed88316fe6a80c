"""Requests to join or to leave that have waited for a key, or for a proof, go on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mailman.config import config
from mailman.interfaces.listmanager import IListManager
from public import public
from sqlalchemy import select
from zope.component import getUtility

from mailman_pgp.model.database import store
from mailman_pgp.model.tables import EncryptedList
from mailman_workflows.again import look_again as _look_again

if TYPE_CHECKING:
    from mailman_workflows.again import Looked


@public
def look_again(mlist: Any, address: str) -> list[Looked]:
    """Let the requests of a person look whether what they wait for is there; to be called after the change was committed.

    Each is committed by itself.
    """
    return _look_again(mlist, email=address)


@public
def look_again_everywhere() -> None:
    """Let all requests at encrypted lists look: those of which the day has come, and those whose key became usable by itself.

    Each is committed by itself.
    """
    lists = getUtility(IListManager)
    for list_id in store().scalars(select(EncryptedList.list_id).order_by(EncryptedList.list_id)).all():
        mlist = lists.get_by_list_id(list_id)
        if mlist is not None:
            _look_again(mlist)
    config.db.commit()
