"""What was done about a key stays when its member leaves, and what they certified goes; both go with the list."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from belongings import (
    ANNE,
    BART,
    certifiers,
    deeds,
    events,
    given_certification,
    given_deed,
    given_event,
    given_person,
    rows,
)

from mailman_pgp.model import cleanup

if TYPE_CHECKING:
    from collections.abc import Callable


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
        cleanup.forget_encryption(mlist.list_id)
    else:
        unseen("DELETE FROM mailinglist WHERE list_id = 'ant.example.com'")
        cleanup.sweep()
    assert events() == [(bee.list_id, ANNE)]


def test_deeds_about_an_address(mlist: Any, make_list: Callable[..., Any], members: Any, user_manager: Any) -> None:
    """What was done about somebody's requests stays when they leave, and goes with the address; what they did about others stays."""
    bee = make_list("bee")
    anne = members.add(mlist, ANNE)
    for each in (mlist, bee):
        given_deed(each, ANNE)
    given_deed(mlist, BART, by=ANNE)
    given_deed(mlist, by=ANNE)
    anne.unsubscribe()
    assert len(deeds()) == 4
    user_manager.delete_address(user_manager.get_address(ANNE))
    assert deeds() == [(mlist.list_id, BART), (mlist.list_id, "")]


@pytest.mark.parametrize("how", ["deleted", "plain again", "swept"])
def test_deeds_about_a_list(
    mlist: Any, make_list: Callable[..., Any], list_manager: Any, unseen: Callable[[str], None], how: str
) -> None:
    """They go with the list itself, and not with its encryption: who has turned that off, and on again, leaves a trace."""
    bee = make_list("bee")
    for each in (mlist, bee):
        given_deed(each)
    if how == "deleted":
        list_manager.delete(mlist)
    elif how == "plain again":
        cleanup.forget_encryption(mlist.list_id)
    else:
        unseen("DELETE FROM mailinglist WHERE list_id = 'ant.example.com'")
        cleanup.sweep()
    assert deeds() == [(each.list_id, "") for each in (mlist, bee) if each is bee or how == "plain again"]


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
    cleanup.forget_encryption(bee.list_id)
    assert certifiers() == set()
