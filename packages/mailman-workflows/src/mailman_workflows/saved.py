"""Requests that wait: saved under a token of core's, and taken up by one process at a time.

A row of ours says how a request goes on; core's pended row with the same token shows it at core's doors (REST, the web), and
whoever removes that one, by whatever door, ends the request.
"""

from __future__ import annotations

import json
import logging
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

from lazr.config import as_timedelta
from mailman.config import config
from mailman.interfaces.pending import IPendable, IPendings
from mailman.interfaces.subscriptions import TokenOwner
from mailman.model.pending import Pended
from mailman.utilities.datetime import now as core_now
from sqlalchemy import delete, func, select
from zope.component import getUtility
from zope.interface import implementer

from mailman_plugin_kit.database import now, store
from mailman_workflows.cleanup import is_pended
from mailman_workflows.errors import UnreadableRequestError
from mailman_workflows.i18n import using
from mailman_workflows.model.tables import SavedRequest
from mailman_workflows.outcomes import Party
from mailman_workflows.request import Purpose, Request

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from mailman_workflows.outcomes import Wait

log = logging.getLogger("mailman.plugins")

#: Core knows two owners of a token.  What waits for neither is at least not for a moderator to decide.
OWNERS = {
    Party.SUBSCRIBER: TokenOwner.subscriber,
    Party.OUTSIDE: TokenOwner.subscriber,
    Party.MODERATOR: TokenOwner.moderator,
}

#: Core has an index on these values, as JSON, in which PostgreSQL takes 2,700 bytes.
_SHOWN_BYTES = 2402


@implementer(IPendable)
class _Pendable(dict):  # type: ignore[type-arg]  # as core's
    """What core shows of a request: its own keys, and how it waits."""

    PEND_TYPE = "workflow"  # each says its own `type`


@dataclass(frozen=True, slots=True, repr=False)
class Claimed:
    """A saved request that this process has taken up, and nobody else can."""

    row: dict[str, Any]

    @property
    def workflow(self) -> str:
        """The name of its workflow."""
        return cast("str", self.row["workflow"])

    @property
    def purpose(self) -> Purpose:
        """What it is for."""
        return Purpose(self.row["purpose"])

    @property
    def agenda(self) -> list[str]:
        """The step that waited, and those after it; raises `UnreadableRequestError`."""
        with self._read():
            found = json.loads(self.row["agenda"])
            if not found or not isinstance(found, list):
                raise ValueError("An agenda names steps.")
        return cast("list[str]", found)

    def request(self, mlist: Any) -> Request:
        """The request itself; raises `StaleRequestError` and `UnreadableRequestError`."""
        with self._read():
            found = Request.from_data(mlist, self.purpose, json.loads(self.row["data"]))
        found.token = self.row["token"]
        found.waits_for = Party(self.row["waits_for"])
        found.since = self.row["since"]
        return found

    @contextmanager
    def _read(self) -> Iterator[None]:
        try:
            yield
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            # Without the error's text, which may hold what is in it.
            log.error("%s: the request of %s can't be read", self.row["list_id"], self.row["email"])  # noqa: TRY400 - see above
            raise UnreadableRequestError from error


def save(request: Request, workflow: str, agenda: Sequence[str], wait: Wait) -> None:
    """Save a request that waits under a new token, which is put into it."""
    lifetime = wait.lifetime or _lifetime(wait.party)
    at = now()
    # Moderators read it in the web interface; what our own doors show is English.
    with using(request.mlist.preferred_language.code):
        shown_reason = str(wait.reason)
    with using(""):
        reason = str(wait.reason)
    request.token = getUtility(IPendings).add(
        _Pendable(
            {name: _beginning(text) for name, text in wait.shown.items()},
            type=request.purpose.value,
            list_id=request.mlist.list_id,
            email=request.address.email,
            display_name=_beginning(request.address.display_name or ""),
            when=at.replace(microsecond=0).isoformat(),
            token_owner=OWNERS[wait.party].name,
            waits_for=wait.party.value,
            reason=shown_reason,
            workflow=workflow,
        ),
        lifetime=lifetime,
    )
    request.waits_for, request.since = wait.party, at
    store().add(
        SavedRequest(
            token=request.token,
            list_id=request.mlist.list_id,
            purpose=request.purpose.value,
            workflow=workflow,
            email=request.email,
            agenda=json.dumps(list(agenda)),
            data=json.dumps(request.to_data()),
            waits_for=wait.party.value,
            reason=reason,
            since=at,
            expires=at + lifetime,
        )
    )


def _beginning(text: str) -> str:
    """As much of a text as core's index takes: a letter outside ASCII is six bytes of JSON there, or twelve."""
    kept, room = 0, _SHOWN_BYTES - len('""')
    for letter in text:
        room -= len(json.dumps(letter)) - len('""')
        if room < 0:
            break
        kept += 1
    return text[:kept]


def _lifetime(party: Party) -> Any:
    life = config.mailman.moderator_request_life if party is Party.MODERATOR else config.mailman.pending_request_life
    return as_timedelta(life)


def claim(mlist: Any, token: str) -> Claimed | None:
    """Take up the request that waits at this list under `token`; None when there is none, or somebody else has it.

    Whose time is over counts as gone, also before core's hourly task removes it; and so does what core has ended while this
    plugin was switched off.
    """
    session = store()
    session.flush()
    table: Any = SavedRequest.__table__
    found = (
        session.execute(
            select(table).where(
                table.c.token == token,
                table.c.list_id == mlist.list_id,
                table.c.expires > now(),
                is_pended(table.c.token),
            )
        )
        .mappings()
        .first()
    )
    if found is None:
        return None
    # Two processes may have found it; the row goes for one of them only.
    gone = cast("Any", session.execute(delete(table).where(table.c.token == token)))
    return Claimed(dict(found)) if gone.rowcount == 1 else None


def wish(token: str, name: str, value: str) -> None:
    """Change one of the wishes of a request that waits; `value` is the name of an enum's member."""
    row = store().get(SavedRequest, token)
    if row is not None:
        data = json.loads(row.data)
        if name not in data["wishes"]:
            raise AttributeError(name)
        data["wishes"][name] = value
        row.data = json.dumps(data)


def finish(claimed: Claimed) -> None:
    """Use up the token of a request that was taken up."""
    getUtility(IPendings).confirm(claimed.row["token"])


def end(mlist: Any, token: str) -> Claimed | None:
    """End a request that waits at this list without its effect, and return it; None when there is none, or somebody else has it."""
    claimed = claim(mlist, token)
    if claimed is not None:
        finish(claimed)
    return claimed


def all_at(mlist: Any) -> list[SavedRequest]:
    """The requests that wait at a list, the oldest first."""
    found = select(SavedRequest).where(
        SavedRequest.list_id == mlist.list_id, SavedRequest.expires > now(), is_pended(SavedRequest.token)
    )
    return list(store().scalars(found.order_by(SavedRequest.since)))


def one_at(mlist: Any, token: str) -> SavedRequest | None:
    """The request that waits at a list under a token; None when there is none."""
    found = select(SavedRequest).where(
        SavedRequest.token == token,
        SavedRequest.list_id == mlist.list_id,
        SavedRequest.expires > now(),
        is_pended(SavedRequest.token),
    )
    return store().scalar(found)


def of_people(emails: Collection[str]) -> list[SavedRequest]:
    """The requests of some people (addresses in lower case) that wait at any list, the oldest first."""
    found = select(SavedRequest).where(
        SavedRequest.email.in_(emails), SavedRequest.expires > now(), is_pended(SavedRequest.token)
    )
    return list(store().scalars(found.order_by(SavedRequest.since)))


def numbers(list_ids: Collection[str]) -> dict[str, int]:
    """How many requests wait at each of some lists, by list-id; those are left out at which none does."""
    found = (
        select(SavedRequest.list_id, func.count())
        .where(SavedRequest.list_id.in_(list_ids), SavedRequest.expires > now(), is_pended(SavedRequest.token))
        .group_by(SavedRequest.list_id)
    )
    return {list_id: int(number) for list_id, number in store().execute(found)}


def waiting_at(mlist: Any, purpose: Purpose, email: str) -> bool:
    """Whether a request of this person for this purpose waits at the list."""
    found = select(SavedRequest.token).where(
        SavedRequest.list_id == mlist.list_id,
        SavedRequest.purpose == purpose.value,
        SavedRequest.email == email.lower(),
        SavedRequest.expires > now(),
        is_pended(SavedRequest.token),
    )
    return store().scalar(found.limit(1)) is not None


def waiting_outside(mlist: Any, email: str | None = None) -> list[SavedRequest]:
    """The requests at a list that wait for something outside, of one person or of all."""
    return [
        row
        for row in all_at(mlist)
        if row.waits_for == Party.OUTSIDE.value and (email is None or row.email == email.lower())
    ]


def is_in_time(token: str) -> bool:
    """Whether the time of a token of core's is not over yet."""
    expires = store().scalar(select(Pended.expiration_date).where(Pended.token == token))
    return expires is not None and expires > core_now()
