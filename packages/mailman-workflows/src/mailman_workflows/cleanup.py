"""Our rows go with core's: a request or a question with its pended row, all of a list with the list."""

from __future__ import annotations

from typing import Any

from mailman.model.mailinglist import MailingList
from mailman.model.pending import Pended
from sqlalchemy import delete, event

from mailman_workflows.model.tables import Choice, Question, SavedRequest


def install() -> None:
    """From now on, in this process; core removes all of these by its session, which tells."""
    for model, listener in ((Pended, _it_is_over), (MailingList, _list_is_gone)):
        if not event.contains(model, "after_delete", listener):
            event.listen(model, "after_delete", listener)


def _it_is_over(_mapper: Any, connection: Any, pended: Any) -> None:
    """Discarded, rejected, expired or confirmed, by whatever door."""
    for table in (SavedRequest, Question):
        connection.execute(delete(table).where(table.token == pended.token))


def _list_is_gone(_mapper: Any, connection: Any, mlist: Any) -> None:
    for table in (Choice, SavedRequest, Question):
        connection.execute(delete(table).where(table.list_id == mlist.list_id))
