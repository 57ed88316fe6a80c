"""What went behind our listeners' back goes with the next sweep."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

from belongings import ANNE, BART, certifiers, fingerprints, given_certification, given_list, given_person, places

from mailman_pgp.model import cleanup
from mailman_pgp.model.database import now

if TYPE_CHECKING:
    from collections.abc import Callable


def test_sweep_of_lists(mlist: Any, make_list: Callable[..., Any], unseen: Callable[[str], None]) -> None:
    """The sweep removes what belongs to a list that is gone, and only that."""
    bee = make_list("bee")
    for each in (mlist, bee):
        given_list(each)
        given_person(each, ANNE, f"OF-{each.list_id}")
    unseen("DELETE FROM mailinglist WHERE list_id = 'ant.example.com'")
    swept = cleanup.sweep()
    assert swept == cleanup.Swept(of_lists=11, of_addresses=0, certificates=0)
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
