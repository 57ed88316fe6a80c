"""Our rows go with core's: a request or a question with its pended row, all of a list with the list."""

from __future__ import annotations

from typing import Any

from mailman.config import config
from mailman.model.mailinglist import MailingList
from mailman.model.pending import Pended
from sqlalchemy import delete, event, select

from mailman_workflows.database import store
from mailman_workflows.model.tables import Choice, Question, SavedRequest


def install() -> None:
    """From now on, in this process; core removes all of these by its session, which tells."""
    for model, listener in ((Pended, _it_is_over), (MailingList, _list_is_gone)):
        if not event.contains(model, "after_delete", listener):
            event.listen(model, "after_delete", listener)


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


def _list_is_gone(_mapper: Any, connection: Any, mlist: Any) -> None:
    for table in (Choice, SavedRequest, Question):
        connection.execute(delete(table).where(table.list_id == mlist.list_id))
