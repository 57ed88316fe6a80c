"""The tables of mailman-pgp, beside core's in the same database.

They have metadata of their own and no foreign keys to core's tables: SQLite does not enforce those and PostgreSQL
does, so a plugin could block core's own deletes.  `mailman_pgp.model.cleanup` keeps both sides in step instead.

Addresses are lower-cased, fingerprints are upper-case hex, times are naive UTC.
"""

from __future__ import annotations

import datetime as dt

from sqlalchemy import DateTime, Index, LargeBinary, MetaData, String, Text, false, text, true
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

# Named constraints: Alembic can change them on both databases.
_NAMES = {
    "pk": "pk_%(table_name)s",
    "ix": "ix_%(column_0_label)s",
    "uq": "uq_%(table_name)s_%(column_0_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
}


class Base(DeclarativeBase):
    """The base of our tables; its metadata is not core's."""

    metadata = MetaData(naming_convention=_NAMES)
    type_annotation_map = {str: String(), bytes: LargeBinary(), dt.datetime: DateTime()}  # noqa: RUF012 - SQLAlchemy's way


class Site(Base):
    """A fact about the whole site.

    `site_key` is the id of the site key that sealed this database; for the other one see `mailman_pgp.posts.replay`.
    """

    __tablename__ = "pgp_site"

    name: Mapped[str] = mapped_column(primary_key=True)
    value: Mapped[str]


class EncryptedList(Base):
    """A list is encrypted exactly when it has a row here; the row holds its settings."""

    __tablename__ = "pgp_list"

    list_id: Mapped[str] = mapped_column(primary_key=True)
    enabled_at: Mapped[dt.datetime]
    # JSON: core's settings of the list as they were before, for the day on which it is no longer encrypted.
    restore: Mapped[str] = mapped_column(Text, default="{}")
    # A line in each post that says who wrote it and what became of the signature.
    footer_note: Mapped[bool] = mapped_column(default=True)
    # How old a signature may be; None: as the site's settings say.
    replay_window_days: Mapped[int | None]
    # What protects a member when somebody asks that they leave without a proof: a mailman_pgp.lists.settings.LeaveProtection.
    lost_key_leave: Mapped[str] = mapped_column(default="moderator", server_default="moderator")
    leave_delay_days: Mapped[int] = mapped_column(default=7, server_default="7")
    # Whose certifications the list gives out with its certificate; a `mailman_pgp.lists.settings.Certifiers`.
    key_sign_by: Mapped[str] = mapped_column(default="owners", server_default="owners")
    # Whether the author's own signature stays on a post, where it can.
    keep_signature: Mapped[bool] = mapped_column(default=False, server_default=false())
    # Whether subject and sender stand in the text, too, for mail programs that find them nowhere else.
    legacy_display: Mapped[bool] = mapped_column(default=False, server_default=false())
    # Whether those who look after the list may read held posts in the web.
    show_held: Mapped[bool] = mapped_column(default=False, server_default=false())
    # What becomes of a post for each reason: a `mailman_pgp.posts.policy.Action`.
    on_not_encrypted: Mapped[str] = mapped_column(default="reject", server_default="reject")
    on_inline_pgp: Mapped[str] = mapped_column(default="reject", server_default="reject")
    on_unusable: Mapped[str] = mapped_column(default="reject", server_default="reject")
    on_unsigned: Mapped[str] = mapped_column(default="reject", server_default="reject")
    on_stranger: Mapped[str] = mapped_column(default="reject", server_default="reject")
    on_other_key: Mapped[str] = mapped_column(default="reject", server_default="reject")
    on_bad_signature: Mapped[str] = mapped_column(default="reject", server_default="reject")
    on_key_expired: Mapped[str] = mapped_column(default="reject", server_default="reject")
    on_key_expired_since: Mapped[str] = mapped_column(default="hold", server_default="hold")
    on_key_revoked: Mapped[str] = mapped_column(default="reject", server_default="reject")
    on_key_revoked_since: Mapped[str] = mapped_column(default="hold", server_default="hold")
    on_signature_expired: Mapped[str] = mapped_column(default="reject", server_default="reject")
    on_signature_from_the_future: Mapped[str] = mapped_column(default="reject", server_default="reject")
    on_weak_signature: Mapped[str] = mapped_column(default="reject", server_default="reject")
    on_key_not_for_signing: Mapped[str] = mapped_column(default="reject", server_default="reject")
    on_not_addressed: Mapped[str] = mapped_column(default="reject", server_default="reject")
    on_unbound: Mapped[str] = mapped_column(default="hold", server_default="hold")
    on_seen_before: Mapped[str] = mapped_column(default="reject", server_default="reject")
    on_stale: Mapped[str] = mapped_column(default="reject", server_default="reject")


class ListKey(Base):
    """A key pair of a list; a list has at most one current key, and keeps the retired ones to open older mail."""

    __tablename__ = "pgp_list_key"

    fingerprint: Mapped[str] = mapped_column(primary_key=True)
    list_id: Mapped[str] = mapped_column(index=True)
    certificate: Mapped[bytes]
    secret: Mapped[bytes]  # sealed; see mailman_pgp.keys.vault
    revocation: Mapped[bytes]  # sealed too: whoever has it can make the list unreachable
    sealed_by: Mapped[str]  # the id of the site key that sealed them
    created: Mapped[dt.datetime]
    expires: Mapped[dt.datetime | None]
    state: Mapped[str]  # a mailman_pgp.keys.vault.KeyState
    # It opens and signs nothing any more, and its certificate says so.  A list whose current key is revoked waits for another one.
    revoked: Mapped[bool] = mapped_column(default=False, server_default=false())
    # Until when a retired key opens mail; None of the current one, and of those that were retired before this column was there.
    opens_until: Mapped[dt.datetime | None]
    # The fingerprint of the key in whose place it came, and what that one has certified of it: a packet for each user ID.
    follows: Mapped[str | None]
    vouched: Mapped[bytes | None]
    # From when on whoever comes next tells the members of it; None: they were told, or are not to be.
    tell_at: Mapped[dt.datetime | None]
    # The address of the last of those who were told so far, in the order of the database.
    told_to: Mapped[str | None]
    # How many days before its end the owners were warned last.
    warned: Mapped[int | None]

    __table_args__ = (
        Index(
            "ix_pgp_list_key_tell_at",
            "tell_at",
            sqlite_where=text("tell_at IS NOT NULL"),
            postgresql_where=text("tell_at IS NOT NULL"),
        ),
        Index(
            "ix_pgp_list_key_current",
            "list_id",
            unique=True,
            sqlite_where=text("state = 'current'"),
            postgresql_where=text("state = 'current'"),
        ),
    )


class StoredCertificate(Base):
    """A public certificate, stored once however many lists use it, with its usability as computed last."""

    __tablename__ = "pgp_certificate"

    fingerprint: Mapped[str] = mapped_column(primary_key=True)
    data: Mapped[bytes]  # binary
    version: Mapped[int]  # 4 or 6
    algorithm: Mapped[str]
    created: Mapped[dt.datetime]
    expires: Mapped[dt.datetime | None]
    revoked: Mapped[bool]
    usable: Mapped[bool]
    problem: Mapped[str | None]  # a CertificateProblem
    usable_until: Mapped[dt.datetime | None]  # when to compute the usability again
    seipd: Mapped[int]  # 1 or 2
    recipients: Mapped[str] = mapped_column(Text)  # the PKESK recipients of its encryption subkeys, space between
    # What encrypting needs of `data`, as found out with the usability.  None where it is not usable, or not judged since there is this.
    compact: Mapped[bytes | None]
    updated: Mapped[dt.datetime]
    # When the usability was computed.  None in rows that are older than this column.
    judged: Mapped[dt.datetime | None]


class Reminder(Base):
    """What somebody was told last of the end of their certificate; a row of another certificate or end is of the past."""

    __tablename__ = "pgp_reminder"

    list_id: Mapped[str] = mapped_column(primary_key=True)
    address: Mapped[str] = mapped_column(primary_key=True, index=True)
    fingerprint: Mapped[str]
    ends: Mapped[dt.datetime]
    days: Mapped[int]  # how many were left, a value of `mailman_pgp.keys.reminders.STAGES`; below zero: since the end


class Choice(Base):
    """Which certificate counts for an address on one list; rows with `until` are history."""

    __tablename__ = "pgp_choice"

    id: Mapped[int] = mapped_column(primary_key=True)
    list_id: Mapped[str]
    address: Mapped[str] = mapped_column(index=True)
    fingerprint: Mapped[str] = mapped_column(index=True)
    state: Mapped[str]  # a mailman_pgp.keys.registry.ChoiceState
    since: Mapped[dt.datetime]
    until: Mapped[dt.datetime | None]
    origin: Mapped[str]  # who brought it: a word such as "cli"

    __table_args__ = (
        Index("ix_pgp_choice_place", "list_id", "address"),
        Index(
            "ix_pgp_choice_now",
            "list_id",
            "address",
            unique=True,
            sqlite_where=text("until IS NULL"),
            postgresql_where=text("until IS NULL"),
        ),
    )


class KeyEvent(Base):
    """Something that somebody did about the certificate of an address on a list; see `mailman_pgp.keys.journal`."""

    __tablename__ = "pgp_key_event"

    id: Mapped[int] = mapped_column(primary_key=True)
    list_id: Mapped[str]
    address: Mapped[str] = mapped_column(index=True)
    fingerprint: Mapped[str]
    act: Mapped[str]  # a mailman_pgp.keys.journal.Act
    at: Mapped[dt.datetime] = mapped_column(index=True)
    door: Mapped[str]  # a mailman_pgp.keys.journal.Door
    by: Mapped[str]  # the address of who did it; empty: whoever may use that door
    earlier: Mapped[str]  # the fingerprint that counted before, where another one does now; else empty
    # From when on whoever comes next tells its person and the owners of it; None: they were told, or are not to be.
    tell_at: Mapped[dt.datetime | None]
    # Whether the owners know of it by a mail that has counted many.
    summed_up: Mapped[bool] = mapped_column(default=False, server_default=false())

    __table_args__ = (
        Index("ix_pgp_key_event_place", "list_id", "address"),
        Index(
            "ix_pgp_key_event_tell_at",
            "tell_at",
            sqlite_where=text("tell_at IS NOT NULL"),
            postgresql_where=text("tell_at IS NOT NULL"),
        ),
    )


class ListEvent(Base):
    """Something that somebody did about a list, or about a request at it; see `mailman_pgp.lists.deeds`."""

    __tablename__ = "pgp_list_event"

    id: Mapped[int] = mapped_column(primary_key=True)
    list_id: Mapped[str] = mapped_column(index=True)
    at: Mapped[dt.datetime] = mapped_column(index=True)
    deed: Mapped[str]  # a mailman_pgp.lists.deeds.Deed
    door: Mapped[str]  # a mailman_pgp.keys.journal.Door
    by: Mapped[str]  # the address of who did it; empty: whoever may use that door
    address: Mapped[str] = mapped_column(index=True)  # whom it is about; empty: nobody
    what: Mapped[str] = mapped_column(Text)  # more of it, in a few words


class Certification(Base):
    """What a member certified of a list key's certificate; see `mailman_pgp.keys.certifications`."""

    __tablename__ = "pgp_certification"

    key: Mapped[str] = mapped_column(primary_key=True)  # the fingerprint of the list key
    signer: Mapped[str] = mapped_column(primary_key=True)  # the fingerprint of the key that certified
    user_id: Mapped[str] = mapped_column(primary_key=True)  # SHA-256 of the user ID that was certified, lower-case hex
    list_id: Mapped[str] = mapped_column(index=True)
    address: Mapped[str] = mapped_column(index=True)  # who brought it
    data: Mapped[bytes]  # the signature packet, binary; empty: nothing is handed out
    made: Mapped[dt.datetime]
    revokes: Mapped[bool]  # it takes back what the signer had certified
    since: Mapped[dt.datetime]


class ArchiveReader(Base):
    """A certificate that the owners of a list have named, so that its archive is encrypted to it."""

    __tablename__ = "pgp_archive_reader"

    list_id: Mapped[str] = mapped_column(primary_key=True)
    fingerprint: Mapped[str] = mapped_column(primary_key=True)
    certificate: Mapped[bytes]  # binary
    since: Mapped[dt.datetime]


class DigestPost(Base):
    """A post that waits for a digest, or was in one; see `mailman_pgp.digests.collection`."""

    __tablename__ = "pgp_digest_post"

    id: Mapped[int] = mapped_column(primary_key=True)
    list_id: Mapped[str]
    name: Mapped[str]  # the same when the same post comes again
    at: Mapped[dt.datetime] = mapped_column(index=True)
    size: Mapped[int]  # of its content, in bytes
    sealed: Mapped[bytes]  # empty when its issue is on its way
    issue: Mapped[str | None] = mapped_column(index=True)  # None: it waits
    volume: Mapped[int | None]
    number: Mapped[int | None]
    done: Mapped[bool] = mapped_column(default=False)

    __table_args__ = (Index("ix_pgp_digest_post_place", "list_id", "name", unique=True),)


class Seen(Base):
    """A signed content that a list has accepted, so that it is accepted once; `claim` names who claimed it."""

    __tablename__ = "pgp_seen"

    list_id: Mapped[str] = mapped_column(primary_key=True)
    digest: Mapped[str] = mapped_column(primary_key=True)
    claim: Mapped[str]
    seen_at: Mapped[dt.datetime] = mapped_column(index=True)


class Skipped(Base):
    """A member who gets no posts at present, and why."""

    __tablename__ = "pgp_skipped"

    list_id: Mapped[str] = mapped_column(primary_key=True)
    address: Mapped[str] = mapped_column(primary_key=True, index=True)
    reason: Mapped[str]
    since: Mapped[dt.datetime]
    last: Mapped[dt.datetime]
    posts: Mapped[int]
    told_at: Mapped[dt.datetime | None]


class Dropped(Base):
    """A mail that was not sent because it would have left in the clear: what kind it was, never what it said."""

    __tablename__ = "pgp_dropped"

    id: Mapped[int] = mapped_column(primary_key=True)
    list_id: Mapped[str] = mapped_column(index=True)
    at: Mapped[dt.datetime]
    kind: Mapped[str]
    recipient: Mapped[str] = mapped_column(index=True)
    reason: Mapped[str]


class Answer(Base):
    """An answer that was sent to somebody about their mail, kept for a day, in which there are few of them."""

    __tablename__ = "pgp_answer"

    id: Mapped[int] = mapped_column(primary_key=True)
    list_id: Mapped[str]
    address: Mapped[str] = mapped_column(index=True)
    at: Mapped[dt.datetime]
    kind: Mapped[str]  # a mailman_pgp.delivery.ledger.Answered, or the copy of which held post; each is counted apart

    __table_args__ = (Index("ix_pgp_answer_place", "list_id", "address"),)


class Delivery(Base):
    """A chunk of a post that was tried: how many copies it had and what became of them so far."""

    __tablename__ = "pgp_delivery"

    id: Mapped[int] = mapped_column(primary_key=True)
    list_id: Mapped[str] = mapped_column(index=True)
    message_id: Mapped[str]
    at: Mapped[dt.datetime]
    recipients: Mapped[int]
    delivered: Mapped[int]
    skipped: Mapped[int]
    failed: Mapped[int]
    # The chunk's name: the same when a pipeline that was killed enqueues it again.  None in rows that are older than this column.
    chunk: Mapped[str | None] = mapped_column(unique=True)
    attempts: Mapped[int] = mapped_column(default=1, server_default="1")
    complete: Mapped[bool] = mapped_column(default=True, server_default=true())  # nobody waits for another attempt
    # Who has no copy, and why: see `mailman_pgp.model.missed`.  None: everybody has one, or the row is older than this column.
    missed: Mapped[str | None] = mapped_column(Text)
