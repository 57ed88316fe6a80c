"""Posts, and mail to the owners, that wait for a moderator: what is to be known of each without its content.

Core keeps them, each as a row of its own and many pairs of names and values; here a page of them takes three queries.
"""

from __future__ import annotations

import datetime as dt
import json
import pickle
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from mailman.core import i18n
from mailman.core.i18n import format_reasons
from mailman.interfaces.requests import RequestType
from mailman.model.mailinglist import MailingList
from mailman.model.pending import Pended, PendedKeyValue
from mailman.model.requests import _Request
from public import public
from sqlalchemy import func, select

from mailman_pgp.model.database import store
from mailman_pgp.posts.record import Record

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from sqlalchemy import Row, Select

# How core marks a value that is no text.
_PICKLED = "_pck_"
_KEPT = (
    *("_mod_hold_date", "_mod_message_id", "_mod_reason", "_mod_sender"),
    *(_PICKLED + name for name in ("pgp", "moderation_reasons", "original_size")),
)
_MOST = 2**31 - 1  # PostgreSQL's integers


@public
@dataclass(frozen=True, slots=True)
class Held:
    """A mail that waits for a moderator.

    :ivar number: Core's number of the request, which a database may give to another one when this is decided.
    :ivar placeholder: The Message-ID under which core stores what is sealed.
    :ivar since: Naive UTC; None where that can't be read.
    :ivar size: In bytes, as it came; None where that is not known.
    :ivar record: What we know of it; None for what came past us.
    :ivar reasons: As core's rules have them.
    """

    number: int
    placeholder: str
    author: str
    since: dt.datetime | None
    size: int | None
    record: Record | None
    reasons: tuple[Any, ...]

    @property
    def sentences(self) -> list[str]:
        """The reasons in English."""
        with i18n._.using("en"):
            return list(format_reasons(self.reasons))


@public
def is_waiting(mlist: Any, placeholder: str) -> bool:
    """Whether the mail that core stores under this Message-ID waits for a moderator."""
    query = select(_Request.id).where(
        _Request.mailing_list == mlist,
        _Request.request_type == RequestType.held_message,
        _Request.key == placeholder,
    )
    return store().scalar(query.limit(1)) is not None


@public
def numbers(list_ids: Collection[str]) -> dict[str, int]:
    """How many wait at each of some lists, by list-id; those are left out at which none does."""
    query = _waiting(MailingList._list_id, func.count()).where(MailingList._list_id.in_(list_ids))  # noqa: SLF001 - the column's name in core
    return {list_id: int(number) for list_id, number in store().execute(query.group_by(MailingList._list_id))}  # noqa: SLF001 - see above


@public
def held_at(mlist: Any, *, limit: int, offset: int) -> list[Held]:
    """Those that wait at a list, the oldest first, without the `offset` oldest ones."""
    query = _waiting(_Request.id, Pended.id).where(MailingList.id == mlist.id).order_by(_Request.id)
    return _held(store().execute(query.limit(limit).offset(offset)).all())


@public
def find(mlist: Any, number: str) -> Held | None:
    """The one at a list with this number, as somebody wrote it."""
    if not (number.isascii() and number.isdigit() and len(number) <= len(str(_MOST)) and int(number) <= _MOST):
        return None
    query = _waiting(_Request.id, Pended.id).where(MailingList.id == mlist.id, _Request.id == int(number))
    return next(iter(_held(store().execute(query).all())), None)


def _waiting(*columns: Any) -> Select[Any]:
    return (
        select(*columns)
        .select_from(_Request)
        .join(MailingList, MailingList.id == _Request.mailing_list_id)
        # Without what core keeps of it, which is removed after half a year, it is nothing that anybody could decide about.
        .join(Pended, Pended.token == _Request.data_hash)
        .where(_Request.request_type == RequestType.held_message)
    )


def _held(rows: Sequence[Row[Any]]) -> list[Held]:
    query = select(PendedKeyValue.pended_id, PendedKeyValue.key, PendedKeyValue.value).where(
        PendedKeyValue.pended_id.in_([pended for _, pended in rows]), PendedKeyValue.key.in_(_KEPT)
    )
    kept: dict[int, dict[str, Any]] = {pended: {} for _, pended in rows}
    for pended, key, value in store().execute(query):
        kept[pended][key.removeprefix(_PICKLED)] = _value(key, value)
    return [_one(number, kept[pended]) for number, pended in rows]


def _value(key: str, value: str) -> Any:
    text = json.loads(value)
    if not key.startswith(_PICKLED):
        return text
    return pickle.loads(text.encode("raw-unicode-escape"))  # noqa: S301 - core wrote it into its own table, and reads it so


def _one(number: int, values: dict[str, Any]) -> Held:
    record = Record.of(values)
    return Held(
        number=number,
        placeholder=values.get("_mod_message_id", ""),
        author=values.get("_mod_sender", "") if record is None else record.author,
        since=_moment(values.get("_mod_hold_date", "")),
        size=values.get("original_size"),
        record=record,
        reasons=tuple(values.get("moderation_reasons") or filter(None, [values.get("_mod_reason")])),
    )


def _moment(text: str) -> dt.datetime | None:
    try:
        return dt.datetime.fromisoformat(text)
    except ValueError:
        return None
