"""All encrypted lists, one after the other."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mailman.interfaces.listmanager import IListManager
from public import public
from sqlalchemy import select
from zope.component import getUtility

from mailman_pgp.model.database import store
from mailman_pgp.model.tables import EncryptedList

if TYPE_CHECKING:
    from collections.abc import Iterator


@public
def each_encrypted_list() -> Iterator[Any]:
    """Give each encrypted list that Mailman has, by list id; whoever takes them may commit and abort in between."""
    lists = getUtility(IListManager)
    for list_id in store().scalars(select(EncryptedList.list_id).order_by(EncryptedList.list_id)).all():
        mlist = lists.get_by_list_id(list_id)
        if mlist is not None:
            yield mlist
