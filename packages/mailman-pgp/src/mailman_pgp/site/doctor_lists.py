"""The doctor's look at the encrypted lists: keys that run out, members who get nothing."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

import sqlalchemy
from sqlalchemy import and_, column, func, select, table

from mailman_pgp.model.tables import Choice, EncryptedList, ListKey, StoredCertificate
from mailman_pgp.site import doctor_list_kinds, doctor_list_settings, doctor_templates
from mailman_pgp.site.doctor_findings import Area, Finding, error, information, warning

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import Connection

EXPIRES_SOON_DAYS = 60
RENEWAL = (
    "`mailman pgp list-key extend LIST` lets it live longer; it stays the same key. Then put the newer certificate where you have "
    "published it."
)
# Core's tables, as far as we read them; importing its models would need an initialised core.
_MEMBER = table("member", column("list_id"), column("role"), column("address_id"), column("user_id"))
_ADDRESS = table("address", column("id"), column("email"))
_USER = table("user", column("id"), column("_preferred_address_id"))
# Values of mailman.interfaces.member.MemberRole.
_MEMBERS = (1,)
_ADMINISTRATORS = (2, 3)  # owners and moderators


def examine(connected: Connection, now: dt.datetime | None = None) -> Iterator[Finding]:
    """Look at each encrypted list; `now` is naive UTC and defaults to the clock."""
    now = now or dt.datetime.now(dt.UTC).replace(tzinfo=None)
    keys = select(ListKey.list_id, ListKey.expires, ListKey.revoked).where(ListKey.state == "current").subquery()
    rows = connected.execute(
        select(EncryptedList.list_id, keys.c.list_id, keys.c.expires, keys.c.revoked)
        .outerjoin(keys, keys.c.list_id == EncryptedList.list_id)
        .order_by(EncryptedList.list_id)
    )
    for list_id, key, expires, revoked in rows.all():
        if key is None:
            yield error(
                Area.LISTS,
                f"The encrypted list {list_id} has no key: nobody can post to it.",
                "Restore the database from its backup, or turn the list's encryption off and on again.",
            )
        elif revoked:
            yield error(
                Area.LISTS,
                f"The key of {list_id} was revoked: the list opens and sends nothing, and its mail waits in Mailman's queues.",
                f"`mailman pgp list-key rotate {list_id}` gives it another key; then what waits goes on.",
            )
        elif expires is not None:
            yield from _about_expiry(list_id, expires, now)
    yield from _about_members(connected)
    yield from doctor_list_kinds.examine(connected)
    yield from doctor_list_settings.examine(connected)
    yield from doctor_templates.examine(connected)


def _about_expiry(list_id: str, expires: dt.datetime, now: dt.datetime) -> Iterator[Finding]:
    if expires <= now:
        yield error(
            Area.LISTS,
            f"The key of {list_id} has expired on {expires:%Y-%m-%d}: mail programs refuse to encrypt to it, and nothing can be sent.",
            f"{RENEWAL} What could not be sent is kept: run `mailman unshunt`.",
        )
    elif expires - now <= dt.timedelta(days=EXPIRES_SOON_DAYS):
        yield warning(
            Area.LISTS,
            f"The key of {list_id} expires on {expires:%Y-%m-%d}, in {(expires - now).days} days.",
            RENEWAL,
        )


def _about_members(connected: Connection) -> Iterator[Finding]:
    if not sqlalchemy.inspect(connected).has_table("member"):
        return  # ours without core's: the database is reported elsewhere
    for list_id, members, served in connected.execute(_people(_MEMBERS)).all():
        if served < members:
            yield information(
                Area.LISTS,
                f"{members - served} of {members} members of {list_id} have no usable certificate and get no posts.",
                f"`mailman pgp status {list_id}` names them; `mailman pgp certificate add` gives one of them a certificate.",
            )
    for list_id, _, served in connected.execute(_people(_ADMINISTRATORS)).all():
        if not served:
            yield warning(
                Area.LISTS,
                f"No owner or moderator of {list_id} has a usable certificate: mail to its owners is refused.",
                f"`mailman pgp certificate add {list_id} ADDRESS FILE` gives one of them a certificate.",
            )


def _people(roles: tuple[int, ...]) -> sqlalchemy.Select[tuple[str, int, int]]:
    """For each encrypted list: its id, how many people have one of these roles, and how many of them a usable certificate."""
    # Here, since it imports core's configuration module, whose import may be what fails.
    from mailman_pgp.keys.registry import COUNTING  # noqa: PLC0415

    own, preferred = _ADDRESS.alias("own"), _ADDRESS.alias("preferred")
    address = func.lower(func.coalesce(own.c.email, preferred.c.email))
    usable = (
        select(Choice.list_id, Choice.address)
        .join(StoredCertificate, StoredCertificate.fingerprint == Choice.fingerprint)
        .where(Choice.until.is_(None), Choice.state.in_(sorted(COUNTING)), StoredCertificate.usable.is_(True))
        .subquery()
    )
    return (
        select(EncryptedList.list_id, func.count(_MEMBER.c.role), func.count(usable.c.address))
        .outerjoin(_MEMBER, and_(_MEMBER.c.list_id == EncryptedList.list_id, _MEMBER.c.role.in_(roles)))
        .outerjoin(own, own.c.id == _MEMBER.c.address_id)
        .outerjoin(_USER, _USER.c.id == _MEMBER.c.user_id)
        .outerjoin(preferred, preferred.c.id == _USER.c["_preferred_address_id"])
        .outerjoin(usable, and_(usable.c.list_id == EncryptedList.list_id, usable.c.address == address))
        .group_by(EncryptedList.list_id)
        .order_by(EncryptedList.list_id)
    )
