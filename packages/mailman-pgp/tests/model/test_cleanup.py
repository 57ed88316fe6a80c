"""Our rows go with the list that they belong to, through core's own doors."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import sqlalchemy as sa
from belongings import ANNE, BART, SECRET, fingerprints, given_list, given_person, places, rows

from mailman_pgp.model import cleanup
from mailman_pgp.model.database import store
from mailman_pgp.model.tables import EncryptedList, Seen

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from importlib.resources.abc import Traversable


def test_list_deleted(mlist: Any, members: Any, list_manager: Any) -> None:
    """`IListManager.delete` leaves nothing: no key, no certificate, no trace of the members."""
    given_list(mlist)
    members.add(mlist, ANNE)
    members.add(mlist, BART, as_user=True)
    given_person(mlist, ANNE, "AA")
    given_person(mlist, BART, "BB")
    assert len(rows()) == 11
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


def test_aborted(mlist: Any, members: Any, core: Any) -> None:
    """A delete that is rolled back leaves our rows as they were."""
    anne = members.add(mlist, ANNE)
    given_person(mlist, ANNE, "AA")
    before = rows()
    anne.unsubscribe()
    store().flush()
    core.db.abort()
    assert rows() == before


def test_forget_encryption(mlist: Any, members: Any) -> None:
    """A list that is no longer encrypted loses its rows, also those that are loaded in the session; but not what was accepted."""
    given_list(mlist)
    members.add(mlist, ANNE)
    given_person(mlist, ANNE, "AA")
    loaded = store().get(EncryptedList, mlist.list_id)
    assert loaded is not None
    cleanup.forget_encryption(mlist.list_id)
    assert store().get(EncryptedList, mlist.list_id) is None
    assert rows() == {Seen.__tablename__: 1}


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
