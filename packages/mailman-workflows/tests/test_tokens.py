"""A token works for its own list, person and purpose, for its time, and once."""

from __future__ import annotations

import datetime as dt
import threading
from typing import TYPE_CHECKING, Any

import pytest
import sqlalchemy as sa

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

Manager = "Callable[[Any], Any]"


def is_member(mlist: Any, email: str) -> bool:
    """Whether somebody is a member."""
    return mlist.members.get_member(email) is not None


def set_policy(mlist: Any, store: Session, join: str, leave: str = "confirm") -> None:
    """Set how people join and leave."""
    from mailman.interfaces.mailinglist import SubscriptionPolicy  # noqa: PLC0415 - core must be initialised

    mlist.subscription_policy = SubscriptionPolicy[join]
    mlist.unsubscription_policy = SubscriptionPolicy[leave]
    store.commit()


def test_good_once(mlist: Any, manager: Manager, person: Any, store: Session) -> None:
    """It lets its person in, and then it is used up."""
    set_policy(mlist, store, "confirm")
    anne = person()
    token, owner, member = manager(mlist).register(anne)
    assert (owner.name, member) == ("subscriber", None)
    assert manager(mlist).confirm(token)[0] is None
    assert is_member(mlist, "anne@example.org")
    with pytest.raises(LookupError):
        manager(mlist).confirm(token)


def test_not_at_another_list(make_list: Any, manager: Manager, person: Any, store: Session) -> None:
    """An invitation to an open list does not open a moderated one; at its own list it goes on being good."""
    ant, bee = make_list("ant"), make_list("bee")
    set_policy(ant, store, "open")
    set_policy(bee, store, "confirm_then_moderate")
    token, _, _ = manager(ant).register(person(), invitation=True)
    with pytest.raises(LookupError):
        manager(bee).confirm(token)
    assert not is_member(bee, "anne@example.org")
    manager(ant).confirm(token)
    assert is_member(ant, "anne@example.org")


def test_not_of_an_older_request_at_another_list(make_list: Any, manager: Manager, person: Any, store: Session) -> None:
    """Neither does a token that core made before this plugin came; at its own list it goes on by core's own workflow."""
    from mailman.app.subscriptions import SubscriptionManager  # noqa: PLC0415 - core must be initialised

    ant, bee = make_list("ant"), make_list("bee")
    set_policy(ant, store, "confirm")
    token, _, _ = SubscriptionManager(ant).register(person())
    with pytest.raises(LookupError):
        manager(bee).confirm(token)
    manager(ant).confirm(token)
    assert is_member(ant, "anne@example.org")
    assert not is_member(bee, "anne@example.org")


def test_not_of_an_older_request_past_a_workflow(mlist: Any, manager: Manager, person: Any, store: Session) -> None:
    """Nor where the list has chosen another workflow since: core's own would let its person pass by it."""
    from mailman.app.subscriptions import SubscriptionManager  # noqa: PLC0415 - core must be initialised

    from mailman_workflows import RefusedError, choice  # noqa: PLC0415

    set_policy(mlist, store, "confirm")
    token, _, _ = SubscriptionManager(mlist).register(person())
    choice.choose(mlist.list_id, "customers")
    with pytest.raises(RefusedError, match="let them ask again"):
        manager(mlist).confirm(token)
    assert not is_member(mlist, "anne@example.org")


def test_each_wait_has_its_own(mlist: Any, manager: Manager, person: Any, store: Session) -> None:
    """The token of the person is not the moderator's."""
    set_policy(mlist, store, "confirm_then_moderate")
    first, _, _ = manager(mlist).register(person())
    second, owner, _ = manager(mlist).confirm(first)
    assert owner.name == "moderator"
    assert second != first
    with pytest.raises(LookupError):
        manager(mlist).confirm(first)
    assert not is_member(mlist, "anne@example.org")
    manager(mlist).confirm(second)
    assert is_member(mlist, "anne@example.org")


def test_to_leave_is_not_to_join(mlist: Any, manager: Manager, person: Any, store: Session) -> None:
    """A confirmed departure is a departure."""
    set_policy(mlist, store, "open", "confirm")
    anne = person()
    manager(mlist).register(anne)
    token, owner, member = manager(mlist).unregister(anne)
    assert owner.name == "subscriber"
    assert member is not None
    assert manager(mlist).confirm(token) == (None, owner.__class__.no_one, None)
    assert not is_member(mlist, "anne@example.org")


def test_over_when_its_time_is_over(mlist: Any, manager: Manager, person: Any, store: Session) -> None:
    """Also before core's hourly task has removed it; then the person may ask again."""
    from mailman_workflows.model.tables import SavedRequest  # noqa: PLC0415 - core must be initialised

    set_policy(mlist, store, "confirm")
    anne = person()
    token, _, _ = manager(mlist).register(anne)
    store.execute(sa.update(SavedRequest).values(expires=dt.datetime(2020, 1, 1)))  # noqa: DTZ001 - as the database keeps it
    with pytest.raises(LookupError):
        manager(mlist).confirm(token)
    assert not is_member(mlist, "anne@example.org")
    again, _, _ = manager(mlist).register(anne)
    manager(mlist).confirm(again)
    assert is_member(mlist, "anne@example.org")


def test_over_also_for_an_older_request(mlist: Any, manager: Manager, person: Any, store: Session) -> None:
    """So is the time of a token that core made before this plugin came."""
    from mailman.app.subscriptions import SubscriptionManager  # noqa: PLC0415 - core must be initialised
    from mailman.model.pending import Pended  # noqa: PLC0415

    set_policy(mlist, store, "confirm")
    token, _, _ = SubscriptionManager(mlist).register(person())
    store.execute(sa.update(Pended).values(expiration_date=dt.datetime(2000, 1, 1)))  # noqa: DTZ001 - as core keeps it
    with pytest.raises(LookupError):
        manager(mlist).confirm(token)
    assert not is_member(mlist, "anne@example.org")


@pytest.mark.parametrize("token", ["", "0" * 40, None])
def test_none_at_all(mlist: Any, manager: Manager, token: str | None) -> None:
    """What is no token finds nothing."""
    with pytest.raises(LookupError):
        manager(mlist).confirm(token)


def test_of_something_else(mlist: Any, manager: Manager) -> None:
    """A token that core made for another purpose, a held message say, confirms no request."""
    from mailman.app.subscriptions import PendableSubscription  # noqa: PLC0415 - core must be initialised
    from mailman.interfaces.pending import IPendings  # noqa: PLC0415
    from zope.component import getUtility  # noqa: PLC0415

    pendable = PendableSubscription(list_id=mlist.list_id, type="held message", id=1)
    token = getUtility(IPendings).add(pendable)
    with pytest.raises(LookupError):
        manager(mlist).confirm(token)
    assert getUtility(IPendings).confirm(token, expunge=False) is not None


def test_discarded_at_its_own_list_only(make_list: Any, manager: Manager, person: Any, store: Session) -> None:
    """Whoever discards at another list, or what is no request (a question, say), ends nothing."""
    from mailman.interfaces.pending import IPendable, IPendings  # noqa: PLC0415 - core must be initialised
    from zope.component import getUtility  # noqa: PLC0415
    from zope.interface import directlyProvides  # noqa: PLC0415

    class Pendable(dict[str, str]):
        PEND_TYPE = "confirmation"

    ant, bee = make_list("ant"), make_list("bee")
    set_policy(ant, store, "confirm")
    token, _, _ = manager(ant).register(person())
    asked = Pendable(list_id=ant.list_id)
    directlyProvides(asked, IPendable)
    question = getUtility(IPendings).add(asked)
    manager(bee).discard(token)
    manager(ant).discard(question)
    with pytest.raises(LookupError):
        manager(ant).confirm(question)
    assert getUtility(IPendings).confirm(question, expunge=False) is not None
    assert manager(ant).confirm(token)[2] is not None


def test_discarded_of_an_older_request(make_list: Any, manager: Manager, person: Any, store: Session) -> None:
    """One that core made before this plugin came is discarded at its own list, and at no other."""
    from mailman.app.subscriptions import SubscriptionManager  # noqa: PLC0415 - core must be initialised
    from mailman.interfaces.pending import IPendings  # noqa: PLC0415
    from zope.component import getUtility  # noqa: PLC0415

    ant, bee = make_list("ant"), make_list("bee")
    set_policy(ant, store, "confirm")
    token, _, _ = SubscriptionManager(ant).register(person())
    manager(bee).discard(token)
    assert getUtility(IPendings).confirm(token, expunge=False) is not None
    manager(ant).discard(token)
    assert getUtility(IPendings).confirm(token, expunge=False) is None


@pytest.mark.parametrize("way", ["discard", "pendings", "expired", "list"])
def test_nothing_is_left_of_it(way: str, mlist: Any, manager: Manager, person: Any, store: Session) -> None:
    """Discarded, rejected, expired or its list deleted: our row goes with core's."""
    from mailman.app.lifecycle import remove_list  # noqa: PLC0415 - core must be initialised
    from mailman.interfaces.pending import IPendings  # noqa: PLC0415
    from mailman.model.pending import Pended  # noqa: PLC0415
    from zope.component import getUtility  # noqa: PLC0415

    from mailman_workflows.model.tables import SavedRequest  # noqa: PLC0415

    set_policy(mlist, store, "confirm")
    token, _, _ = manager(mlist).register(person())
    store.commit()
    assert store.scalar(sa.select(sa.func.count()).select_from(SavedRequest)) == 1
    match way:
        case "discard":
            manager(mlist).discard(token)
        case "pendings":
            getUtility(IPendings).confirm(token)  # as core's REST does for `reject`
        case "expired":
            store.execute(sa.update(Pended).values(expiration_date=dt.datetime(2000, 1, 1)))  # noqa: DTZ001
            store.expire_all()
            getUtility(IPendings).evict()
        case "list":
            remove_list(mlist)
    store.flush()
    assert store.scalar(sa.select(sa.func.count()).select_from(SavedRequest)) == 0


def test_ended_while_the_plugin_was_off(mlist: Any, manager: Manager, person: Any, store: Session) -> None:
    """What a moderator rejected then is over: the token is good no more, and the person can ask again."""
    from mailman.model.pending import Pended, PendedKeyValue  # noqa: PLC0415 - core must be initialised

    from mailman_workflows import cleanup, saved  # noqa: PLC0415
    from mailman_workflows.model.tables import Choice, SavedRequest  # noqa: PLC0415

    set_policy(mlist, store, "moderate")
    anne = person()
    token, _, _ = manager(mlist).register(anne)
    for table in (PendedKeyValue, Pended):
        store.execute(sa.delete(table), execution_options={"synchronize_session": False})  # nobody tells us
    store.add(Choice(list_id="gone.example.com", purpose="subscription", workflow="customers"))
    store.commit()
    assert saved.all_at(mlist) == []
    with pytest.raises(LookupError):
        manager(mlist).confirm(token)
    again, _, _ = manager(mlist).register(anne)
    store.commit()
    cleanup.sweep()
    assert store.scalars(sa.select(SavedRequest.token)).all() == [again]
    assert store.scalars(sa.select(Choice)).all() == []
    manager(mlist).confirm(again)
    assert is_member(mlist, "anne@example.org")


@pytest.mark.parametrize("other", ["confirm", "end"])
def test_two_at_once(
    mlist: Any, manager: Manager, person: Any, store: Session, monkeypatch: pytest.MonkeyPatch, other: str
) -> None:
    """Of two connections that resume a request one goes on; the other, which comes meanwhile, finds nothing to resume or to end."""
    from mailman.config import config  # noqa: PLC0415 - core must be initialised
    from mailman.interfaces.listmanager import IListManager  # noqa: PLC0415
    from zope.component import getUtility  # noqa: PLC0415

    from mailman_workflows import saved  # noqa: PLC0415

    set_policy(mlist, store, "confirm")
    token, _, _ = manager(mlist).register(person())
    store.commit()
    answers: list[str] = []
    second_ended = threading.Event()
    second: list[threading.Thread] = []
    claim = saved.claim

    def confirm() -> None:  # each thread has a session, and so a connection, of its own
        try:
            member = manager(getUtility(IListManager).get("ant@example.com")).confirm(token)[2]
            answers.append(member.address.email)
            config.db.commit()
        except LookupError:
            answers.append("no such token")
            config.db.abort()
        finally:
            config.db.close_session()

    def end() -> None:
        try:
            found = saved.end(getUtility(IListManager).get("ant@example.com"), token)
            answers.append("no such token" if found is None else "ended")
            config.db.commit()
        finally:
            config.db.close_session()

    def confirm_second() -> None:
        confirm() if other == "confirm" else end()
        second_ended.set()

    def claimed(*arguments: Any) -> Any:
        found = claim(*arguments)
        if not second:
            # Now the other one comes; it waits for the database, and for as long as that is we can't see it.
            second.append(threading.Thread(target=confirm_second))
            second[0].start()
            second_ended.wait(0.5)
        return found

    monkeypatch.setattr(saved, "claim", claimed)
    first = threading.Thread(target=confirm)
    first.start()
    first.join()
    second[0].join()
    assert sorted(answers) == ["anne@example.org", "no such token"]
    store.expire_all()
    assert is_member(mlist, "anne@example.org")
