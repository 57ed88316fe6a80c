"""Our rows go with the list, the member or the address that they belong to, through core's own doors."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import sqlalchemy as sa

from mailman_pgp.model import cleanup
from mailman_pgp.model.database import now, store
from mailman_pgp.model.tables import (
    Answer,
    Base,
    Certification,
    Choice,
    Delivery,
    Dropped,
    EncryptedList,
    KeyEvent,
    ListKey,
    Seen,
    Skipped,
    StoredCertificate,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from importlib.resources.abc import Traversable

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


@pytest.fixture
def user_manager(core: Any) -> Any:  # noqa: ARG001 - core must be initialised
    from mailman.interfaces.usermanager import IUserManager  # noqa: PLC0415 - core must be initialised
    from zope.component import getUtility  # noqa: PLC0415

    return getUtility(IUserManager)


@pytest.fixture
def list_manager(core: Any) -> Any:  # noqa: ARG001 - core must be initialised
    from mailman.interfaces.listmanager import IListManager  # noqa: PLC0415 - core must be initialised
    from zope.component import getUtility  # noqa: PLC0415

    return getUtility(IListManager)


def test_list_deleted(mlist: Any, members: Any, list_manager: Any) -> None:
    """`IListManager.delete` leaves nothing: no key, no certificate, no trace of the members."""
    given_list(mlist)
    members.add(mlist, ANNE)
    members.add(mlist, BART, as_user=True)
    given_person(mlist, ANNE, "AA")
    given_person(mlist, BART, "BB")
    assert len(rows()) == 9
    list_manager.delete(mlist)
    assert rows() == {}


def test_list_removed_with_its_files(mlist: Any, members: Any) -> None:
    """`remove_list`, which REST and `mailman remove` call, leaves nothing either."""
    from mailman.app.lifecycle import remove_list  # noqa: PLC0415 - core must be initialised

    given_list(mlist)
    members.add(mlist, ANNE, role="owner")
    given_person(mlist, ANNE, "AA")
    remove_list(mlist)
    assert rows() == {}


def test_other_list_stays(mlist: Any, make_list: Callable[..., Any], members: Any, list_manager: Any) -> None:
    """Another list keeps its rows, and with them the certificate that both lists had chosen."""
    bee = make_list("bee")
    for each in (mlist, bee):
        given_list(each)
        members.add(each, ANNE)
        given_person(each, ANNE, "AA")
    given_person(mlist, BART, "BB")
    list_manager.delete(mlist)
    assert places() == {(bee.list_id, ANNE)}
    assert fingerprints() == {"AA"}
    assert rows()["pgp_list_key"] == 1


def test_secret_key_is_overwritten(mlist: Any, list_manager: Any, core: Any) -> None:
    """On SQLite the sealed secret key is not even left in free pages of the file."""
    if core.db.engine.dialect.name != "sqlite":
        pytest.skip("PostgreSQL overwrites at its next vacuum")
    given_list(mlist)
    file = Path(core.db.engine.url.database)
    core.db.store.close()
    assert SECRET[:500] in file.read_bytes()

    def leave_pages_as_they_are(connection: Any, _record: Any) -> None:
        # SQLite's own default, which some distributions change.
        connection.execute("PRAGMA secure_delete = OFF")

    sa.event.listen(core.db.engine, "connect", leave_pages_as_they_are)
    try:
        list_manager.delete(list_manager.get_by_list_id("ant.example.com"))
        core.db.commit()
        core.db.store.close()
    finally:
        sa.event.remove(core.db.engine, "connect", leave_pages_as_they_are)
    assert SECRET[:34] not in file.read_bytes()


@pytest.mark.parametrize("as_user", [False, True])
def test_member_unsubscribed(mlist: Any, members: Any, *, as_user: bool) -> None:
    """A member who leaves takes along their certificate and its history, and nobody else's."""
    anne = members.add(mlist, ANNE, as_user=as_user)
    members.add(mlist, BART)
    given_person(mlist, ANNE, "AA")
    given_person(mlist, BART, "BB")
    anne.unsubscribe()
    assert rows() == {"pgp_choice": 2, "pgp_certificate": 1, "pgp_skipped": 1, "pgp_dropped": 1, "pgp_answer": 1}
    assert places() == {(mlist.list_id, BART)}


def test_member_of_an_expired_session(mlist: Any, members: Any) -> None:
    """It makes no difference that a commit has expired the member's attributes."""
    anne = members.add(mlist, ANNE)
    given_person(mlist, ANNE, "AA")
    store().commit()
    store().delete(anne)
    assert rows() == {}


def test_owner_who_leaves_as_member(mlist: Any, members: Any) -> None:
    """Who stays as an owner keeps the certificate; it goes with the last role."""
    member, owner = members.add(mlist, ANNE), members.add(mlist, ANNE, role="owner", as_user=True)
    given_person(mlist, ANNE, "AA")
    member.unsubscribe()
    assert places() == {(mlist.list_id, ANNE)}
    owner.unsubscribe()
    assert rows() == {}


def test_all_roles_in_one_flush(mlist: Any, members: Any) -> None:
    """Roles that go in one flush do not keep each other's rows alive."""
    roles = [members.add(mlist, ANNE, role=role) for role in ("member", "owner", "moderator")]
    given_person(mlist, ANNE, "AA")
    with store().no_autoflush:
        for member in roles:
            store().delete(member)
    assert rows() == {}


def test_member_of_two_lists(mlist: Any, make_list: Callable[..., Any], members: Any) -> None:
    """Leaving one list changes nothing on the other."""
    bee = make_list("bee")
    leaving, _staying = members.add(mlist, ANNE), members.add(bee, ANNE)
    given_person(mlist, ANNE, "AA")
    given_person(bee, ANNE, "AA")
    leaving.unsubscribe()
    store().commit()
    assert places() == {(bee.list_id, ANNE)}
    assert fingerprints() == {"AA"}


def test_what_was_done_stays_when_they_leave(mlist: Any, members: Any) -> None:
    """It is asked about afterwards; nothing else stays of them."""
    anne = members.add(mlist, ANNE)
    given_person(mlist, ANNE, "AA")
    given_event(mlist, ANNE)
    anne.unsubscribe()
    assert events() == [(mlist.list_id, ANNE)]
    assert rows() == {"pgp_key_event": 1}


def test_what_was_done_goes_with_the_address(
    mlist: Any, make_list: Callable[..., Any], members: Any, user_manager: Any
) -> None:
    """On every list; what they did about others stays."""
    bee = make_list("bee")
    for address in (ANNE, BART):
        members.add(mlist, address)
    given_event(mlist, ANNE)
    given_event(bee, ANNE)
    given_event(mlist, BART, by=ANNE)
    user_manager.delete_address(user_manager.get_address(ANNE))
    assert events() == [(mlist.list_id, BART)]


@pytest.mark.parametrize("how", ["deleted", "plain again", "swept"])
def test_what_was_done_goes_with_the_list(
    mlist: Any, make_list: Callable[..., Any], list_manager: Any, unseen: Callable[[str], None], how: str
) -> None:
    """What was done on another list stays."""
    bee = make_list("bee")
    for each in (mlist, bee):
        given_event(each, ANNE)
    if how == "deleted":
        list_manager.delete(mlist)
    elif how == "plain again":
        cleanup.forget_list(mlist.list_id)
    else:
        unseen("DELETE FROM mailinglist WHERE list_id = 'ant.example.com'")
        cleanup.sweep()
    assert events() == [(bee.list_id, ANNE)]


@pytest.mark.parametrize("as_user", [False, True])
def test_address_deleted(mlist: Any, members: Any, user_manager: Any, *, as_user: bool) -> None:
    """`delete_address` removes what belongs to the address, also where a user was subscribed by preference."""
    members.add(mlist, ANNE, as_user=as_user)
    given_person(mlist, ANNE, "AA")
    user_manager.delete_address(user_manager.get_address(ANNE))
    assert rows() == {}


def test_address_deleted_on_all_lists(
    mlist: Any, make_list: Callable[..., Any], members: Any, user_manager: Any
) -> None:
    """The address goes on every list, also where it only had asked to join."""
    bee = make_list("bee")
    members.add(mlist, ANNE)
    given_person(mlist, ANNE, "AA")
    given_person(bee, ANNE, "BB")
    user_manager.delete_address(user_manager.get_address(ANNE))
    assert rows() == {}


@pytest.mark.parametrize("as_user", [False, True])
def test_user_deleted(mlist: Any, members: Any, user_manager: Any, *, as_user: bool) -> None:
    """`delete_user` removes what belongs to each of the user's addresses."""
    members.add(mlist, ANNE, as_user=as_user)
    second = user_manager.get_user(ANNE).register("anne@elsewhere.example")
    second.verified_on = now()
    mlist.subscribe(second)
    given_person(mlist, ANNE, "AA")
    given_person(mlist, "anne@elsewhere.example", "BB")
    user_manager.delete_user(user_manager.get_user(ANNE))
    assert rows() == {}


def test_users_merged(mlist: Any, members: Any, user_manager: Any) -> None:
    """A membership that is dropped when two users become one takes its rows along."""
    members.add(mlist, ANNE, as_user=True)
    members.add(mlist, BART, as_user=True)
    given_person(mlist, ANNE, "AA")
    given_person(mlist, BART, "BB")
    user_manager.get_user(ANNE).absorb(user_manager.get_user(BART))
    store().commit()
    assert places() == {(mlist.list_id, ANNE)}


@pytest.mark.parametrize("how", ["leaves", "address", "user"])
def test_certifier_goes(mlist: Any, make_list: Callable[..., Any], members: Any, user_manager: Any, how: str) -> None:
    """Who leaves a list takes along what they have certified of its key; whose address goes, on every list."""
    bee = make_list("bee")
    for each, address in ((mlist, ANNE), (mlist, BART), (bee, ANNE)):
        members.add(each, address)
        given_certification(each, address)
    match how:
        case "leaves":
            mlist.members.get_member(ANNE).unsubscribe()
        case "address":
            user_manager.delete_address(user_manager.get_address(ANNE))
        case "user":
            user_manager.delete_user(user_manager.get_user(ANNE))
    assert certifiers() == {(mlist.list_id, BART)} | ({(bee.list_id, ANNE)} if how == "leaves" else set())


def test_certifier_who_stays_as_owner(mlist: Any, members: Any) -> None:
    """What an owner has certified stays when they leave as a member."""
    member, owner = members.add(mlist, ANNE), members.add(mlist, ANNE, role="owner", as_user=True)
    given_certification(mlist, ANNE)
    member.unsubscribe()
    assert certifiers() == {(mlist.list_id, ANNE)}
    owner.unsubscribe()
    assert certifiers() == set()


def test_certified_list_deleted(mlist: Any, make_list: Callable[..., Any], members: Any, list_manager: Any) -> None:
    """With a list goes what was certified of its key, and nothing of another list's."""
    bee = make_list("bee")
    for each in (mlist, bee):
        members.add(each, ANNE)
        given_certification(each, ANNE)
    list_manager.delete(mlist)
    assert certifiers() == {(bee.list_id, ANNE)}
    cleanup.forget_list(bee.list_id)
    assert certifiers() == set()


def test_aborted(mlist: Any, members: Any, core: Any) -> None:
    """A delete that is rolled back leaves our rows as they were."""
    anne = members.add(mlist, ANNE)
    given_person(mlist, ANNE, "AA")
    before = rows()
    anne.unsubscribe()
    store().flush()
    core.db.abort()
    assert rows() == before


def test_forget_list(mlist: Any, members: Any) -> None:
    """A list that is no longer encrypted loses its rows, also those that are loaded in the session."""
    given_list(mlist)
    members.add(mlist, ANNE)
    given_person(mlist, ANNE, "AA")
    loaded = store().get(EncryptedList, mlist.list_id)
    assert loaded is not None
    cleanup.forget_list(mlist.list_id)
    assert store().get(EncryptedList, mlist.list_id) is None
    assert rows() == {}


@pytest.fixture
def unseen(core: Any) -> Iterator[Callable[[str], None]]:
    """Delete behind our listeners' back, as by SQL."""

    def run(statement: str) -> None:
        core.db.store.execute(sa.text(statement))
        core.db.commit()

    return run


def test_sweep_of_lists(mlist: Any, make_list: Callable[..., Any], unseen: Callable[[str], None]) -> None:
    """The sweep removes what belongs to a list that is gone, and only that."""
    bee = make_list("bee")
    for each in (mlist, bee):
        given_list(each)
        given_person(each, ANNE, f"OF-{each.list_id}")
    unseen("DELETE FROM mailinglist WHERE list_id = 'ant.example.com'")
    swept = cleanup.sweep()
    assert swept == cleanup.Swept(of_lists=9, of_addresses=0, certificates=0)
    assert places() == {(bee.list_id, ANNE)}
    assert fingerprints() == {f"OF-{bee.list_id}"}
    assert cleanup.sweep() == cleanup.Swept(0, 0, 0)


def test_sweep_of_addresses(mlist: Any, members: Any, unseen: Callable[[str], None]) -> None:
    """An unsubscribed address keeps its certificate while it may still be joining, and no longer."""
    members.add(mlist, ANNE)
    members.add(mlist, BART, as_user=True)
    long_ago = now() - dt.timedelta(days=cleanup.UNSUBSCRIBED_GRACE_DAYS + 1)
    for address in (ANNE, BART):
        given_person(mlist, address, address, long_ago)
    given_person(mlist, "joining@example.com", "CC")
    assert cleanup.sweep() == cleanup.Swept(0, 0, 0)
    unseen("DELETE FROM member")
    assert cleanup.sweep() == cleanup.Swept(of_lists=0, of_addresses=6, certificates=2)
    assert places() == {(mlist.list_id, "joining@example.com")}
    assert cleanup.sweep(now() + dt.timedelta(days=cleanup.UNSUBSCRIBED_GRACE_DAYS + 1)).of_addresses == 3


def test_sweep_of_certifiers(mlist: Any, members: Any, unseen: Callable[[str], None]) -> None:
    """What somebody certified who left unseen goes with the next sweep: whoever certified was subscribed already."""
    members.add(mlist, ANNE)
    given_certification(mlist, ANNE)
    assert cleanup.sweep() == cleanup.Swept(0, 0, 0)
    unseen("DELETE FROM member")
    assert cleanup.sweep() == cleanup.Swept(of_lists=0, of_addresses=1, certificates=0)
    assert certifiers() == set()


def test_core_deletes_by_objects() -> None:
    """No code of this core deletes lists, members or addresses by a query, which our listeners could not see."""
    import re  # noqa: PLC0415
    from importlib.resources import files  # noqa: PLC0415

    def modules(folder: Traversable) -> Iterator[Traversable]:
        for entry in folder.iterdir():
            if entry.is_dir() and entry.name not in {"tests", "alembic", "testing", "__pycache__"}:
                yield from modules(entry)
            elif entry.name.endswith(".py"):
                yield entry

    by_query = re.compile(r"query\(\s*(\w+)\s*\)[^#]{0,200}?\.delete\(\)|\bdelete\(\s*(Member|MailingList|Address)\b")
    found = {
        match[1] or match[2] for module in modules(files("mailman")) for match in by_query.finditer(module.read_text())
    }
    assert "AutoResponseRecord" in found  # the search does find such deletes
    assert not found & {"Member", "MailingList", "Address"}
