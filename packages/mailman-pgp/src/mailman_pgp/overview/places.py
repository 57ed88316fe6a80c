"""Where a person is: each encrypted list on which one of their addresses is, or asks to be, and how they stand there.

For the person themselves, and for nobody else: it says nothing of lists on which they are not, and nothing of other people.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from mailman.model.mailinglist import MailingList
from public import public
from sqlalchemy import and_, select

from mailman_pgp.conversation import key_changes
from mailman_pgp.conversation.asking import must_sign
from mailman_pgp.conversation.matters import standing_of
from mailman_pgp.conversation.offers import offered_in
from mailman_pgp.conversation.proving import ProveKey
from mailman_pgp.keys.vault import KeyState
from mailman_pgp.model.database import store
from mailman_pgp.model.tables import EncryptedList, ListKey
from mailman_pgp.overview import own, roster
from mailman_pgp.overview.in_short import InShort, in_short
from mailman_workflows import saved
from mailman_workflows.confirmations import open_questions_among
from mailman_workflows.request import Purpose

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Collection, Iterable, Mapping

    from mailman_workflows.confirmations import OpenQuestion
    from mailman_workflows.model.tables import SavedRequest

_Pair = tuple[str, str]  # list-id and address


@public
@dataclass(frozen=True, slots=True)
class Waiting:
    """A key that does not count yet, or has to be proved: its person was asked about it, or a moderator.

    :ivar replaces: Whether it may take the place of another one.
    :ivar since: When they were asked, naive UTC.
    """

    fingerprint: str
    replaces: bool
    since: dt.datetime
    expires: dt.datetime


@public
@dataclass(frozen=True, slots=True)
class Place:
    """How an address stands at a list.

    :ivar mlist: Core's mailing list.
    :ivar key: The fingerprint of the list; None where it has no key.
    :ivar question: What its person was asked last and has not answered.
    :ivar change: What waits for a moderator.
    :ivar request: A request to join or to leave.
    """

    mlist: Any
    key: str | None
    on_list: roster.Standing
    certificate: InShort | None
    question: Waiting | None
    change: Waiting | None
    request: SavedRequest | None

    @property
    def standing(self) -> own.Standing:
        """How the person stands, in words for them."""
        problem = "no-certificate" if self.certificate is None else self.certificate.problem
        if problem is not None and problem != "suspended":
            # The next step is about the key that is on its way.
            problem = own.WAITS if self.change else own.ASKED if self.question else problem
        return own.standing(problem or self._without_problem())

    def _without_problem(self) -> str:
        if self.request is not None and self.question is not None and not self.question.replaces:
            return own.ASKED  # they have to prove it
        match self.on_list.delivery:
            case roster.Delivery.DIGEST if not self.mlist.digests_enabled:
                return "digest-mode"
            case roster.Delivery.OFF:
                return own.OFF
        return own.COUNTS


@public
def places_of(addresses: Collection[str]) -> list[Place]:
    """Where some addresses (in lower case) of one person are, by list and address; in a few queries, however many lists."""
    on_lists = roster.standing(select(EncryptedList.list_id), addresses)
    requests: dict[_Pair, SavedRequest] = {}
    for row in saved.of_people(addresses):
        requests[row.list_id, row.email] = row
    asks = {pair for pair, row in requests.items() if row.purpose == Purpose.JOIN.value}
    lists = _lists({list_id for list_id, _address in (*on_lists, *asks)})
    pairs = sorted(pair for pair in {*on_lists, *asks} if pair[0] in lists)
    if not pairs:
        return []
    certificates = in_short(list(lists), addresses)
    questions = _questions(open_questions_among(list(lists), addresses), lists)
    changes = _changes(lists, addresses, certificates)
    return [
        Place(
            mlist=lists[pair[0]].mlist,
            key=lists[pair[0]].key,
            on_list=on_lists.get(pair) or roster.Standing(pair[1]),
            certificate=certificates.get(pair),
            question=questions.get(pair),
            change=changes.get(pair),
            request=requests.get(pair),
        )
        for pair in pairs
    ]


@dataclass(frozen=True, slots=True)
class _List:
    mlist: Any
    encrypted_since: dt.datetime
    key: str | None


def _lists(list_ids: Collection[str]) -> dict[str, _List]:
    """Those of some lists that are encrypted, by list-id."""
    current = and_(ListKey.list_id == EncryptedList.list_id, ListKey.state == KeyState.CURRENT.value)
    query = (
        select(MailingList, EncryptedList.enabled_at, ListKey.fingerprint)
        .join(EncryptedList, EncryptedList.list_id == MailingList._list_id)  # noqa: SLF001 - the column's name in core
        .outerjoin(ListKey, current)
        .where(EncryptedList.list_id.in_(list_ids))
    )
    return {mlist.list_id: _List(mlist, since, key) for mlist, since, key in store().execute(query)}


def _questions(found: Iterable[OpenQuestion], lists: Mapping[str, _List]) -> dict[_Pair, Waiting]:
    """What people were asked about their keys, the latest of each."""
    since = {list_id: one.encrypted_since for list_id, one in lists.items()}
    questions = list(found)
    waiting = {
        one.question.token: Waiting(one.certificate.fingerprint, one.changes, one.since, one.expires)
        for one in offered_in(questions, since)
    }
    latest: dict[_Pair, Waiting] = {}
    for question in questions:
        one = waiting.get(question.token) or _to_prove(question, since)
        if one is not None:
            latest[question.list_id, question.email] = one
    return latest


def _to_prove(question: OpenQuestion, encrypted_since: Mapping[str, dt.datetime]) -> Waiting | None:
    """A question by which somebody shows that they hold what counts for them."""
    if not isinstance(question.action, ProveKey):
        return None
    asked = question.asked_until - question.action.lifetime
    signers = must_sign(question.data)
    if not signers or asked < encrypted_since[question.list_id]:
        return None
    return Waiting(signers[0], replaces=False, since=asked, expires=question.asked_until)


def _changes(
    lists: Mapping[str, _List], addresses: Collection[str], certificates: Mapping[_Pair, InShort]
) -> dict[_Pair, Waiting]:
    """What waits for a moderator and can be accepted, the latest of each."""
    owners = {one.mlist.owner_address for one in lists.values()}
    latest: dict[_Pair, Waiting] = {}
    for question in open_questions_among(list(lists), owners, naming=addresses):
        for change in key_changes.asked_by([question], addresses):
            pair = (question.list_id, change.address)
            chosen = certificates.get(pair)
            outdated = change.shown != standing_of(None if chosen is None else chosen.choice)
            if not outdated and change.since >= lists[question.list_id].encrypted_since:
                fingerprint = change.certificate.fingerprint
                latest[pair] = Waiting(fingerprint, replaces=True, since=change.since, expires=change.expires)
    return latest
