"""Who did what about an encrypted list, when, and by which door: about its encryption, settings and key, and about requests.

What was done about the certificate of a person stands in `mailman_pgp.keys.journal`.  Rows stay when encryption is turned off, which
may be why somebody asks; they go with the list, with the address that they are about, and after `journal.KEPT`.
"""

from __future__ import annotations

import enum
import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import delete, func, select

from mailman_pgp.keys import journal
from mailman_pgp.keys.journal import Actor, Door
from mailman_pgp.model.database import now, store
from mailman_pgp.model.tables import ListEvent

if TYPE_CHECKING:
    import datetime as dt

log = logging.getLogger("mailman.vette")


class Deed(enum.StrEnum):
    """What was done."""

    ENCRYPTED = "encrypted"  # encryption was turned on
    PLAIN = "plain"  # and off
    SET = "set"  # settings were changed
    KEY_EXTENDED = "key-extended"  # the key of the list lives longer
    KEY_ROTATED = "key-rotated"  # the list got a new key
    KEY_IMPORTED = "key-imported"  # one that existed already
    KEY_REVOKED = "key-revoked"  # for good
    KEY_EXPORTED = "key-exported"  # the secret one, under a passphrase
    REVOCATION_EXPORTED = "revocation-exported"  # by which whoever has it can end the key
    UNCERTIFIED = "uncertified"  # what a key has certified of the list's is not handed out any more
    ARCHIVED = "archived"  # posts are archived from now on
    ARCHIVED_NO_MORE = "archived-no-more"
    ARCHIVE_EXPORTED = "archive-exported"  # in the clear
    READER_ADDED = "reader-added"  # the archive is encrypted to one more certificate
    READER_REMOVED = "reader-removed"
    REQUEST_ACCEPTED = "request-accepted"  # somebody's request to join or to leave
    REQUEST_REJECTED = "request-rejected"
    REQUEST_DISCARDED = "request-discarded"
    CHANGE_ACCEPTED = "change-accepted"  # another key of somebody's, which the one before has not signed for
    CHANGE_REJECTED = "change-rejected"
    CHANGE_DISCARDED = "change-discarded"
    ASKED_AGAIN = "asked-again"  # somebody was asked once more for what they had not answered
    TAKEN_BACK = "taken-back"  # what was offered for somebody, and did not count yet


#: In the past, for people who look after the list.
WORDS = {
    Deed.ENCRYPTED: "encryption was turned on",
    Deed.PLAIN: "encryption was turned off",
    Deed.SET: "settings were changed",
    Deed.KEY_EXTENDED: "the list's key lives longer",
    Deed.KEY_ROTATED: "the list got a new key",
    Deed.KEY_IMPORTED: "the list got a key that was imported",
    Deed.KEY_REVOKED: "a key of the list was revoked",
    Deed.KEY_EXPORTED: "the list's secret key was exported",
    Deed.REVOCATION_EXPORTED: "the revocation certificate of the list's key was exported",
    Deed.UNCERTIFIED: "certifications are not handed out any more",
    Deed.ARCHIVED: "posts are archived",
    Deed.ARCHIVED_NO_MORE: "posts are not archived any more",
    Deed.ARCHIVE_EXPORTED: "the archive was exported in the clear",
    Deed.READER_ADDED: "the archive is encrypted to another certificate, too",
    Deed.READER_REMOVED: "the archive is not encrypted to a certificate any more",
    Deed.REQUEST_ACCEPTED: "a request was accepted",
    Deed.REQUEST_REJECTED: "a request was rejected",
    Deed.REQUEST_DISCARDED: "a request was discarded",
    Deed.CHANGE_ACCEPTED: "another key was accepted",
    Deed.CHANGE_REJECTED: "another key was rejected",
    Deed.CHANGE_DISCARDED: "another key was discarded",
    Deed.ASKED_AGAIN: "somebody was asked once more",
    Deed.TAKEN_BACK: "what was offered was taken back",
}


@dataclass(frozen=True, slots=True)
class Done:
    """What was done, at a time (naive UTC).

    :ivar address: Whom it is about; empty where it is about nobody.
    :ivar what: More of it in a few words: settings with their values, ``join``, a fingerprint.
    """

    list_id: str
    deed: Deed
    at: dt.datetime
    door: Door
    by: str
    address: str
    what: str


def record(mlist: Any, deed: Deed, actor: Actor, *, address: str = "", what: str = "") -> None:
    """Record it, and say it in Mailman's log; the caller commits.

    :param address: Whom it is about.
    :param what: See `Done`; never anything of a post, and no secret.
    """
    store().add(
        ListEvent(
            list_id=mlist.list_id,
            at=now(),
            deed=deed.value,
            door=actor.door.value,
            by=actor.by.lower(),
            address=address.lower(),
            what=what,
        )
    )
    more = ", ".join(filter(None, (address.lower(), what)))
    log.info("%s: %s%s, by %s", mlist.fqdn_listname, WORDS[deed], f" ({more})" if more else "", actor)


def of(list_id: str, *, limit: int = 1000, offset: int = 0) -> list[Done]:
    """What was done about a list, the latest first, without the `offset` latest ones."""
    query = select(ListEvent).where(ListEvent.list_id == list_id).order_by(ListEvent.id.desc())
    return [
        Done(row.list_id, Deed(row.deed), row.at, Door(row.door), row.by, row.address, row.what)
        for row in store().scalars(query.limit(limit).offset(offset))
    ]


def count(list_id: str) -> int:
    """How many `of` has."""
    return int(store().scalar(select(func.count()).select_from(ListEvent).where(ListEvent.list_id == list_id)) or 0)


def prune() -> None:
    """Remove what is older than the journal keeps; the caller commits."""
    store().execute(delete(ListEvent).where(ListEvent.at < now() - journal.KEPT))
