"""Rows that belong to a list, to an address on it, or to what was done and certified, and what is left of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from mailman_pgp.model.database import now, store
from mailman_pgp.model.tables import (
    Answer,
    ArchiveReader,
    Base,
    Certification,
    Choice,
    Delivery,
    DigestPost,
    Dropped,
    EncryptedList,
    KeyEvent,
    ListEvent,
    ListKey,
    Seen,
    Skipped,
    StoredCertificate,
)

if TYPE_CHECKING:
    import datetime as dt

ANNE, BART = "anne@example.com", "bart@example.com"
SECRET = b"the sealed secret key of the list " * 40


def given_list(mlist: Any) -> None:
    """Rows of every kind that belong to a list alone."""
    list_id, at = mlist.list_id, now()
    store().add_all(
        [
            EncryptedList(list_id=list_id, enabled_at=at),
            ListKey(
                fingerprint=f"KEY-OF-{list_id}",
                list_id=list_id,
                certificate=b"public",
                secret=SECRET,
                revocation=b"sealed",
                sealed_by="00c0ffee",
                created=at,
                state="current",
            ),
            DigestPost(
                list_id=list_id, name="aa", at=at, size=1, sealed=b"sealed", issue=None, volume=None, number=None
            ),
            ArchiveReader(list_id=list_id, fingerprint="AA", certificate=b"public", since=at),
            Seen(list_id=list_id, digest="aa", claim="file", seen_at=at),
            Delivery(list_id=list_id, message_id="<m>", at=at, recipients=1, delivered=1, skipped=0, failed=0),
        ]
    )
    store().commit()


def given_person(mlist: Any, address: str, fingerprint: str, since: dt.datetime | None = None) -> None:
    """Rows of every kind that belong to an address on a list; the certificate may be there already."""
    list_id, at = mlist.list_id, since or now()
    session = store()
    for until in (at, None):
        session.add(
            Choice(
                list_id=list_id,
                address=address,
                fingerprint=fingerprint,
                state="approved",
                since=at,
                until=until,
                origin="test",
            )
        )
    session.add(Skipped(list_id=list_id, address=address, reason="expired", since=at, last=at, posts=1))
    session.add(Dropped(list_id=list_id, at=at, kind="notice", recipient=address, reason="no-certificate"))
    session.add(Answer(list_id=list_id, address=address, at=at, kind="unproven"))
    if session.get(StoredCertificate, fingerprint) is None:
        session.add(
            StoredCertificate(
                fingerprint=fingerprint,
                data=b"public",
                version=4,
                algorithm="test",
                created=at,
                revoked=False,
                usable=True,
                seipd=1,
                recipients="AA",
                updated=at,
            )
        )
    session.commit()


def given_certification(mlist: Any, address: str) -> None:
    """What somebody has certified of the list's key."""
    at = now()
    store().add(
        Certification(
            key=f"KEY-OF-{mlist.list_id}",
            signer=f"OF-{address}",
            user_id="aa",
            list_id=mlist.list_id,
            address=address,
            data=b"public",
            made=at,
            revokes=False,
            since=at,
        )
    )
    store().commit()


def certifiers() -> set[tuple[str, str]]:
    """The lists and the addresses that have certified their keys."""
    return {tuple(row) for row in store().execute(sa.select(Certification.list_id, Certification.address))}


def given_event(mlist: Any, address: str, by: str = "") -> None:
    """Something that was done about somebody's key."""
    place = {"list_id": mlist.list_id, "address": address, "fingerprint": "AA"}
    store().add(KeyEvent(**place, act="added", at=now(), door="cli", by=by, earlier=""))
    store().commit()


def given_deed(mlist: Any, address: str = "", by: str = "") -> None:
    """Something that was done about a list, or about somebody's request there."""
    store().add(
        ListEvent(list_id=mlist.list_id, at=now(), deed="encrypted", door="cli", by=by, address=address, what="")
    )
    store().commit()


def deeds() -> list[tuple[str, str]]:
    """Where something is recorded that was done about a list, and about whom."""
    store().commit()
    query = sa.select(ListEvent.list_id, ListEvent.address).order_by(ListEvent.id)
    return [(list_id, address) for list_id, address in store().execute(query)]


def events() -> list[tuple[str, str]]:
    """Where something is recorded that was done, and about whose key."""
    store().commit()
    query = sa.select(KeyEvent.list_id, KeyEvent.address).order_by(KeyEvent.id)
    return [(list_id, address) for list_id, address in store().execute(query)]


def rows() -> dict[str, int]:
    """How many rows each of our tables has, the empty ones left out."""
    store().commit()
    counts = {
        name: store().scalar(sa.select(sa.func.count()).select_from(table))
        for name, table in Base.metadata.tables.items()
    }
    return {name: count for name, count in counts.items() if count}


def places() -> set[tuple[str, str]]:
    """The lists and addresses that have a certificate."""
    return {tuple(row) for row in store().execute(sa.select(Choice.list_id, Choice.address).distinct())}


def fingerprints() -> set[str]:
    """The certificates that are stored."""
    return set(store().scalars(sa.select(StoredCertificate.fingerprint)))
