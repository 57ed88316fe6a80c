"""`mailman pgp status [LIST]`."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

import click
from mailman.config import config
from mailman.interfaces.listmanager import IListManager
from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError
from zope.component import getUtility

from mailman_pgp.administration.answering import answering
from mailman_pgp.administration.arguments import encrypted_list
from mailman_pgp.administration.output import Answer, ExitStatus
from mailman_pgp.administration.report import list_text, overview_text
from mailman_pgp.model.database import now, store
from mailman_pgp.model.tables import EncryptedList
from mailman_pgp.overview import data, reasons
from mailman_pgp.overview.survey import Survey, Unserved, survey
from mailman_pgp.site import health

if TYPE_CHECKING:
    from mailman_pgp.site.health import Health

_DEFAULT_WEEKS = 4
_MOST_WEEKS = 12  # records are kept a little longer than this


@click.command("status", short_help="Show who gets nothing, and why.")
@click.argument("spec", metavar="[LIST]", required=False)
@click.option(
    "--weeks",
    type=click.IntRange(1, _MOST_WEEKS),
    default=_DEFAULT_WEEKS,
    show_default=True,
    help="How far back refused mail is counted.",
)
@answering
def status(spec: str | None, weeks: int) -> Answer:
    """Show how the encrypted list LIST does, or all of them: who gets nothing, and why.

    For monitoring, the exit status is 0 when all is well, and 1 when somebody gets nothing: a member without a certificate
    that can be used or with digests chosen, a list key that has expired, a plugin that is not healthy. It is 2 when there
    is no such list.
    """
    judged = health.current()
    since = now() - dt.timedelta(weeks=weeks)
    if spec is not None:
        surveys = [survey(*encrypted_list(spec), since)]
        text = list_text(judged, surveys[0], weeks)
    else:
        surveys = _all_lists(judged, since)
        text = overview_text(judged, surveys)
    attention = not judged.healthy or any(found.attention for found in surveys)
    answer = {
        "attention": attention,
        "healthy": judged.healthy,
        "problems": [{"problem": problem.sentence, "mend": problem.mend} for problem in judged.problems],
        "weeks": weeks,
        "lists": [_described(found) for found in surveys],
    }
    return Answer(data=answer, text=text, status=ExitStatus.NOT_FINE if attention else ExitStatus.FINE)


def _all_lists(judged: Health, since: dt.datetime) -> list[Survey]:
    try:
        rows = store().scalars(select(EncryptedList).order_by(EncryptedList.list_id)).all()
        lists = [(getUtility(IListManager).get_by_list_id(row.list_id), row) for row in rows]
        return [survey(mlist, row, since) for mlist, row in lists if mlist is not None]
    except SQLAlchemyError:
        if judged.healthy:
            raise
        # Our tables are missing or broken, which is what the health says.  Its sentence is the answer.
        config.db.abort()
        return []


def _described(found: Survey) -> dict[str, object]:
    return {
        **data.of_list(found),
        "unserved": [_person(person) for person in found.unserved],
        "unserved_administrators": [_person(person) for person in found.staff],
        **data.happened(found.refused, found.posts),
    }


def _person(person: Unserved) -> dict[str, object]:
    reason = reasons.unserved(person.reason)
    return {
        "address": person.address,
        "reason": person.reason,
        "words": reason.words,
        "mend": reason.typed,
        "since": person.since,
        "last": person.last,
        "posts": person.posts,
    }
