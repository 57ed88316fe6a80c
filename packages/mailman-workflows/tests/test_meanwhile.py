"""The world goes on while a request waits."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import falcon
import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy.orm import Session

ANNE = "anne@example.org"


@pytest.fixture
def user(person: Callable[..., Any], store: Session) -> Any:
    """Anne as a user, with a preferred address."""
    from mailman.interfaces.usermanager import IUserManager  # noqa: PLC0415 - core must be initialised
    from zope.component import getUtility  # noqa: PLC0415

    made = getUtility(IUserManager).create_user()
    made.link(person(ANNE))
    made.preferred_address = next(iter(made.addresses))
    store.commit()
    return made


@pytest.fixture
def token(mlist: Any, manager: Any, user: Any, store: Session) -> str:
    """Anne's request, which waits for a moderator."""
    from mailman.interfaces.mailinglist import SubscriptionPolicy  # noqa: PLC0415 - core must be initialised

    mlist.subscription_policy = SubscriptionPolicy.moderate
    made = manager(mlist).register(user)[0]
    store.commit()
    return str(made)


def test_banned(mlist: Any, manager: Any, token: str) -> None:
    """Who is banned meanwhile does not get in, and REST's answer says why instead of failing."""
    from mailman.interfaces.bans import IBanManager  # noqa: PLC0415 - core must be initialised

    from mailman_workflows import RefusedError, saved  # noqa: PLC0415

    IBanManager(mlist).ban(ANNE)
    with pytest.raises(RefusedError, match="is not allowed to subscribe") as caught:
        manager(mlist).confirm(token)
    assert isinstance(caught.value, falcon.HTTPError)
    assert caught.value.status == falcon.HTTP_400
    assert caught.value.description == str(caught.value)
    assert mlist.members.get_member(ANNE) is None
    assert saved.all_at(mlist) == []


@pytest.mark.parametrize("how", ["user", "address"])
def test_joined_by_another_door(how: str, mlist: Any, manager: Any, user: Any, token: str) -> None:
    """Nobody becomes a member twice, neither where one membership is the user's and the other one the address's."""
    from mailman.interfaces.member import AlreadySubscribedError  # noqa: PLC0415 - core must be initialised

    mlist.subscribe(user if how == "user" else user.preferred_address)
    with pytest.raises(AlreadySubscribedError):
        manager(mlist).confirm(token)
    assert len(list(mlist.members.members)) == 1


def test_no_preferred_address(mlist: Any, manager: Any, user: Any, token: str, store: Session) -> None:
    """The request of a user who has none any more goes on waiting, and the door says what for."""
    from mailman_workflows import NotYetError  # noqa: PLC0415 - core must be initialised

    address = user.preferred_address
    del user.preferred_address
    with pytest.raises(NotYetError, match="preferred address"):
        manager(mlist).confirm(token)
    store.commit()
    user.preferred_address = address
    assert manager(mlist).confirm(token)[2] is not None


def test_the_user_is_merged(mlist: Any, manager: Any, user: Any, token: str, store: Session) -> None:
    """The request is the other user's, by the address."""
    from mailman.interfaces.usermanager import IUserManager  # noqa: PLC0415 - core must be initialised
    from zope.component import getUtility  # noqa: PLC0415

    other = getUtility(IUserManager).create_user("other@example.org")
    other.absorb(user)
    store.commit()
    member = manager(mlist).confirm(token)[2]
    assert (member.address.email, member.user) == (ANNE, other)


def _other() -> Any:
    """Another user, with a preferred address of their own."""
    from mailman.interfaces.usermanager import IUserManager  # noqa: PLC0415 - core must be initialised
    from mailman.utilities.datetime import now  # noqa: PLC0415
    from zope.component import getUtility  # noqa: PLC0415

    other = getUtility(IUserManager).create_user("other@example.org")
    (address,) = other.addresses
    address.verified_on = now()
    other.preferred_address = address
    return other


def test_the_address_is_another_users(mlist: Any, manager: Any, user: Any, token: str, store: Session) -> None:
    """Who asked is not let in when the address goes to somebody else: the address joins, and whose it is by now."""
    other, address = _other(), user.preferred_address
    user.unlink(address)
    other.link(address)
    store.commit()
    member = manager(mlist).confirm(token)[2]
    assert (member.address, member.user) == (address, other)
    assert [found.subscriber for found in mlist.members.members] == [address]


@pytest.mark.parametrize("by", ["user", "address"])
def test_the_address_joined_as_another_user(mlist: Any, manager: Any, user: Any, store: Session, by: str) -> None:
    """Nobody is a member twice by an address that went from one user to another."""
    from mailman.interfaces.mailinglist import SubscriptionPolicy  # noqa: PLC0415 - core must be initialised
    from mailman.interfaces.member import AlreadySubscribedError  # noqa: PLC0415

    other, address = _other(), user.preferred_address
    mlist.subscription_policy = SubscriptionPolicy.moderate
    token = manager(mlist).register(user if by == "user" else address)[0]
    user.unlink(address)
    other.link(address)
    other.preferred_address = address
    mlist.subscribe(other)
    store.commit()
    with pytest.raises(AlreadySubscribedError):
        manager(mlist).confirm(token)
    assert len(list(mlist.members.members)) == 1


def _leaves(mlist: Any, manager: Any, user: Any, store: Session) -> str:
    """A request to leave of the user, who is a member, that waits for a moderator; its token."""
    from mailman.interfaces.mailinglist import SubscriptionPolicy  # noqa: PLC0415 - core must be initialised

    mlist.unsubscription_policy = SubscriptionPolicy.moderate
    mlist.subscribe(user)
    token = manager(mlist).unregister(user.preferred_address)[0]
    store.commit()
    return str(token)


def test_leaves_by_another_address(mlist: Any, manager: Any, user: Any, store: Session) -> None:
    """A request to leave ends the membership that it is about, by whatever address that is by now."""
    token = _leaves(mlist, manager, user, store)
    other = _other()
    user.absorb(other)
    user.preferred_address = next(each for each in user.addresses if each.email != ANNE)
    store.commit()
    manager(mlist).confirm(token)
    assert list(mlist.members.members) == []


@pytest.mark.parametrize("member", [True, False], ids=["both are members", "one is a member"])
def test_leaves_as_another_user(mlist: Any, manager: Any, user: Any, store: Session, *, member: bool) -> None:
    """Of users who are merged, the membership that stays is the one that is about to end, or another one, which does not."""
    from mailman_workflows import saved  # noqa: PLC0415 - core must be initialised

    token = _leaves(mlist, manager, user, store)
    other = _other()
    if member:
        mlist.subscribe(other)
    other.absorb(user)
    store.commit()
    if member:
        assert saved.all_at(mlist) == []
        with pytest.raises(LookupError):
            manager(mlist).confirm(token)
    else:
        manager(mlist).confirm(token)
    assert [found.user for found in mlist.members.members] == [other] * member


@pytest.mark.parametrize("how", ["owner", "user"])
def test_left_by_another_door(mlist: Any, manager: Any, user: Any, store: Session, how: str) -> None:
    """A request to leave goes with the membership, at each of core's doors, and is none about the next one."""
    from mailman.interfaces.pending import IPendings  # noqa: PLC0415 - core must be initialised
    from zope.component import getUtility  # noqa: PLC0415

    token = _leaves(mlist, manager, user, store)
    if how == "owner":
        mlist.members.get_member(ANNE).unsubscribe()
    else:
        manager(mlist).unregister(user.preferred_address, pre_approved=True)
    store.commit()
    assert getUtility(IPendings).confirm(token, expunge=False) is None
    assert getUtility(IPendings).count(mlist=mlist, pend_type="unsubscription") == 0
    mlist.subscribe(user)
    with pytest.raises(LookupError):
        manager(mlist).confirm(token)
    assert len(list(mlist.members.members)) == 1


@pytest.mark.parametrize("damaged", ["{", "[]"])
def test_leaves_beside_a_damaged_request(mlist: Any, manager: Any, user: Any, store: Session, damaged: str) -> None:
    """What can't be read of one request keeps nobody on the list."""
    from mailman_workflows.model.tables import SavedRequest  # noqa: PLC0415 - core must be initialised

    store.get(SavedRequest, _leaves(mlist, manager, user, store)).data = damaged
    store.commit()
    mlist.members.get_member(ANNE).unsubscribe()
    store.commit()
    assert list(mlist.members.members) == []


def test_unlinked_member_leaves(mlist: Any, manager: Any, user: Any, store: Session) -> None:
    """Whose address is no user's any more can leave, also where the owners are told."""
    address = user.preferred_address
    mlist.admin_notify_mchanges = True
    mlist.subscribe(address)
    user.unlink(address)
    store.commit()
    manager(mlist).unregister(address, pre_confirmed=True, pre_approved=True)
    assert list(mlist.members.members) == []


def test_the_list_chooses_another(
    mlist: Any, manager: Any, token: str, install: Callable[[Any], Any], store: Session
) -> None:
    """The request goes on in the workflow that it began in."""
    from mailman_workflows import RefusedError, Step, choice  # noqa: PLC0415 - core must be initialised
    from mailman_workflows.workflows.stock import StockJoin  # noqa: PLC0415

    class Never(Step):
        name = "never"

        def run(self, request: Any) -> Any:
            raise RefusedError(request.mlist, request.email, "Nobody.")

    class Closed(StockJoin):
        name = "closed"

        def steps(self) -> Any:
            return (Never(),)

    install(Closed)
    choice.choose(mlist.list_id, "closed")
    store.commit()
    assert manager(mlist).confirm(token)[2] is not None


@pytest.mark.usefixtures("token")
@pytest.mark.parametrize("invitation", [False, True])
def test_asks_again(mlist: Any, manager: Any, invitation: bool) -> None:  # noqa: FBT001 - a parameter of the test
    """One request of a person waits at a list, in whatever letters the address is written and by whatever door."""
    from mailman.interfaces.subscriptions import SubscriptionPendingError  # noqa: PLC0415 - core must be initialised
    from mailman.interfaces.usermanager import IUserManager  # noqa: PLC0415
    from zope.component import getUtility  # noqa: PLC0415

    again = getUtility(IUserManager).get_address("ANNE@Example.Org")
    with pytest.raises(SubscriptionPendingError):
        manager(mlist).register(again, invitation=invitation)


def test_the_list_is_deleted(
    mlist: Any, make_list: Callable[..., Any], manager: Any, token: str, store: Session
) -> None:
    """A token lets nobody into another list that is made later under the same name, and what was chosen is forgotten."""
    from mailman.app.lifecycle import remove_list  # noqa: PLC0415 - core must be initialised

    from mailman_workflows import Purpose, choice  # noqa: PLC0415

    choice.choose(mlist.list_id, "customers")
    remove_list(mlist)
    store.commit()
    another = make_list()
    assert choice.name_for(another.list_id, Purpose.JOIN) == "join"
    with pytest.raises(LookupError):
        manager(another).confirm(token)


def test_refused_by_rest(mlist: Any) -> None:
    """A refusal is an answer with its sentence at doors of core's that know no refusal; `NotYetError` is a 409."""
    from mailman_workflows import NotYetError, RefusedError  # noqa: PLC0415 - core must be initialised

    for kind, status in ((RefusedError, falcon.HTTP_400), (NotYetError, falcon.HTTP_409)):
        error = kind(mlist, ANNE, "Not you.")
        assert isinstance(error, falcon.HTTPError)
        assert (error.status, error.description, str(error)) == (status, "Not you.", "Not you.")
