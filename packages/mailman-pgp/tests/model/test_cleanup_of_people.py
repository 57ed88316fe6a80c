"""Our rows go with the member or the address that they belong to, through core's own doors."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from belongings import ANNE, BART, fingerprints, given_person, places, rows

from mailman_pgp.model.database import now, store

if TYPE_CHECKING:
    from collections.abc import Callable


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
