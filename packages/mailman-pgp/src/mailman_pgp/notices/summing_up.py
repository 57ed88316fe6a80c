"""Once a week the owners of a list are told who was sent nothing and what was refused; not, where there is nothing to tell."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from public import public
from sqlalchemy import select

from mailman_pgp.delivery import ledger
from mailman_pgp.delivery.ledger import Answered
from mailman_pgp.i18n import N_, _, using
from mailman_pgp.lists.encryption import one_at_a_time
from mailman_pgp.model.database import now, store
from mailman_pgp.model.tables import Skipped
from mailman_pgp.notices.rounds import at_each_list
from mailman_pgp.notices.sending import send_to_owners
from mailman_pgp.overview import reasons
from mailman_pgp.overview.survey import refused_at

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Sequence

    from mailman_pgp.overview.survey import Tally

_A_WEEK = timedelta(days=7)
# Of a list on which something is wrong for everybody, nobody reads more.
_NAMED_AT_MOST = 50

# Nobody waits for an answer to a machine's mail.  And of notices nothing is told, or one that did not reach the owners would be the reason
# for the next.
_NO_LOSS = {"not-answerable"}

_SUMMARY = N_("""\
What did not arrive at {address} in the last week.

{lines}

`mailman pgp status {list_id}` says what to do about it, and so do the list's pages on the web.
""")


@public
def sum_up(at: dt.datetime | None = None) -> None:
    """Tell the owners of each list whose week is over at the time `at` (naive UTC, now when not given); commits one by one."""
    when = at or now()
    at_each_list(lambda mlist: _sum_up(mlist, when), "the owners of {list_id} could not be told what did not arrive")


def _sum_up(mlist: Any, at: dt.datetime) -> None:
    list_id, since = mlist.list_id, at - _A_WEEK
    one_at_a_time(list_id)
    if ledger.was_answered_since(list_id, mlist.owner_address, Answered.SUMMARY, since):
        return
    skipped = _skipped_since(list_id, since)
    refused = [tally for tally in refused_at(list_id, since) if tally.kind != "notice" and tally.reason not in _NO_LOSS]
    if not (skipped or refused):
        return
    ledger.answered(list_id, mlist.owner_address, Answered.SUMMARY)
    with using(mlist.preferred_language.code):
        subject = _("What did not arrive: {list}").format(list=mlist.display_name)
        lines = "\n\n".join(filter(None, (_about_people(skipped), _about_mail(refused))))
        text = _(_SUMMARY).format(address=mlist.posting_address, list_id=list_id, lines=lines)
    send_to_owners(mlist, subject, text)


def _skipped_since(list_id: str, since: dt.datetime) -> Sequence[Skipped]:
    query = select(Skipped).where(Skipped.list_id == list_id, Skipped.last >= since, Skipped.posts > 0)
    return store().scalars(query.order_by(Skipped.address)).all()


def _about_people(skipped: Sequence[Skipped]) -> str:
    if not skipped:
        return ""
    lines = [f"  {row.address}: {_(reasons.missed(row.reason).words)}" for row in skipped[:_NAMED_AT_MOST]]
    more = len(skipped) - len(lines)
    if more:
        lines.append("  " + _("and {number} more").format(number=more))
    return "\n".join([_("They were not sent posts, and have been told why:"), *lines])


def _about_mail(refused: Sequence[Tally]) -> str:
    if not refused:
        return ""
    lines = [f"  {tally.number:>4}  {_(reasons.refused(tally.reason))}" for tally in refused]
    return "\n".join([_("Mail that was refused, or not sent:"), *lines])
