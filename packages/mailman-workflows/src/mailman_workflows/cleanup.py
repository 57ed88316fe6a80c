"""Our rows go with core's: a request or a question with its pended row, one to leave with the membership, all of a list with it."""

from __future__ import annotations

import json
from typing import Any

from mailman.config import config
from mailman.model.mailinglist import MailingList
from mailman.model.member import Member
from mailman.model.pending import Pended, PendedKeyValue
from sqlalchemy import delete, event, inspect, select

from mailman_plugin_kit.database import store
from mailman_workflows.model.tables import Choice, Question, SavedRequest
from mailman_workflows.request import Purpose


def install() -> None:
    """From now on, in this process; core removes all of these by its session, which tells."""
    for model, moment, listener in (
        (Pended, "after_delete", _it_is_over),
        (Member, "before_delete", _membership_ends),
        (MailingList, "after_delete", _list_is_gone),
    ):
        if not event.contains(model, moment, listener):
            event.listen(model, moment, listener)


def is_pended(token: Any) -> Any:
    """The condition that core knows this token (a column of ours), too."""
    return select(Pended.id).where(Pended.token == token).exists()


def sweep() -> None:
    """Remove, and commit, what core has ended while this plugin was switched off; to be called when it starts."""
    for table in (SavedRequest, Question):
        _remove(table, ~is_pended(table.token))
    _remove(Choice, ~select(MailingList.id).where(MailingList._list_id == Choice.list_id).exists())  # noqa: SLF001 - its column
    config.db.commit()


def _remove(table: Any, condition: Any) -> None:
    # Looks first: to delete is to lock SQLite's whole database, in each process that starts.
    if store().scalar(select(table.list_id).where(condition).limit(1)) is not None:
        store().execute(delete(table).where(condition), execution_options={"synchronize_session": False})


def _it_is_over(_mapper: Any, connection: Any, pended: Any) -> None:
    """Discarded, rejected, expired or confirmed, by whatever door."""
    for table in (SavedRequest, Question):
        connection.execute(delete(table).where(table.token == pended.token))


def _membership_ends(_mapper: Any, connection: Any, member: Any) -> None:
    """By whatever door: a request that this membership ends is none about the next one of the same person."""
    table: Any = Member.__table__
    # Read from the database: the attributes of the object may have expired.
    (key,) = inspect(member).identity
    found = connection.execute(select(table.c.list_id, table.c._member_id).where(table.c.id == key)).first()  # noqa: SLF001 - its column
    if found is None:
        return
    list_id, member_id = found
    waiting = select(SavedRequest.token, SavedRequest.data).where(
        SavedRequest.list_id == list_id, SavedRequest.purpose == Purpose.LEAVE.value
    )
    for token, data in connection.execute(waiting).all():
        if member_in(data) == member_id.hex:
            values = select(Pended.id).where(Pended.token == token)
            connection.execute(delete(PendedKeyValue).where(PendedKeyValue.pended_id.in_(values)))
            connection.execute(delete(Pended).where(Pended.token == token))
            connection.execute(delete(SavedRequest).where(SavedRequest.token == token))


def member_in(data: str) -> Any:
    """Which membership a saved request is about; None where what was saved can't be read, which keeps nobody from going."""
    try:
        found = json.loads(data)
    except ValueError:
        return None
    return found.get("member") if isinstance(found, dict) else None


def _list_is_gone(_mapper: Any, connection: Any, mlist: Any) -> None:
    for table in (Choice, SavedRequest, Question):
        connection.execute(delete(table).where(table.list_id == mlist.list_id))
