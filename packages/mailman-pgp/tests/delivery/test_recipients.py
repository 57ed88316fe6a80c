"""Who gets a post: core's own set, in one query."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Any

import pytest
import sqlalchemy as sa

from mailman_pgp.model.database import now

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mailman_pgp.delivery.recipients import Candidate

ANNE, BART = "anne@example.com", "bart@example.com"


def _ask(mlist: Any, author: str | None = None) -> list[Candidate]:
    from mailman_pgp.delivery.recipients import regular_recipients  # noqa: PLC0415 - core must be initialised

    return regular_recipients(mlist, author=author)


def _of_core(mlist: Any, author: str) -> set[str]:
    """What core's own handler computes."""
    from mailman.config import config  # noqa: PLC0415 - core must be initialised
    from mailman.testing.helpers import specialized_message_from_string  # noqa: PLC0415

    msgdata: dict[str, Any] = {}
    message = specialized_message_from_string(f"From: {author}\n\n")
    config.handlers["member-recipients"].process(mlist, message, msgdata)
    found: set[str] = msgdata["recipients"]
    return found


def _digest_of_core(mlist: Any) -> set[str]:
    from mailman.interfaces.member import DeliveryStatus  # noqa: PLC0415 - core must be initialised

    return {
        member.address.email
        for member in mlist.digest_members.members
        if member.delivery_status is DeliveryStatus.enabled
    }


class Crowd:
    """Subscribe people in every way and with every combination of preferences that core knows."""

    def __init__(self, seed: int, store: Any, mlist: Any) -> None:
        from mailman.interfaces.member import DeliveryMode, DeliveryStatus, MemberRole  # noqa: PLC0415
        from mailman.interfaces.usermanager import IUserManager  # noqa: PLC0415 - core must be initialised
        from zope.component import getUtility  # noqa: PLC0415

        self.random = random.Random(seed)
        self.store, self.mlist = store, mlist
        self.manager = getUtility(IUserManager)
        self.roles = MemberRole
        self.modes = [None, None, *DeliveryMode]
        self.statuses = [None, None, None, DeliveryStatus.enabled, *DeliveryStatus]
        self.booleans = [None, None, False, True]

    def prefer(self, preferences: Any) -> None:
        """Set some preferences, and leave others to core."""
        preferences.delivery_mode = self.random.choice(self.modes)
        preferences.delivery_status = self.random.choice(self.statuses)
        preferences.receive_own_postings = self.random.choice(self.booleans)

    def subscribe(self, number: int) -> str:
        """Subscribe one person in one to three ways; return one of their addresses."""
        email = f"P{number}@Example.com" if number % 5 == 0 else f"p{number}@example.com"
        address = self.manager.create_address(email)
        address.verified_on = now()
        self.prefer(address.preferences)
        way = self.random.choice(["alone", "linked", "user", "twice", "moved", "owner"])
        if way == "alone":
            self.prefer(self.mlist.subscribe(address).preferences)
            return str(address.email)
        user = self.manager.create_user()
        user.link(address)
        user.preferred_address = address
        self.prefer(user.preferences)
        if way in {"linked", "twice", "moved"}:
            self.prefer(self.mlist.subscribe(address).preferences)
        if way in {"user", "twice", "moved"}:
            self.prefer(self.mlist.subscribe(user).preferences)
        if way == "owner":
            role = self.random.choice([self.roles.owner, self.roles.moderator, self.roles.nonmember])
            self.prefer(self.mlist.subscribe(address, role).preferences)
        if way == "moved":
            second = user.register(f"second{number}@example.com")
            second.verified_on = now()
            self.prefer(second.preferences)
            user.preferred_address = second
        return str(address.email)


@pytest.mark.parametrize("seed", [0, *(pytest.param(seed, marks=pytest.mark.deep) for seed in range(1, 4))])
def test_same_as_core(store: Any, mlist: Any, seed: int) -> None:
    """For any mixture of preferences, subscriptions and authors, the set is the one that core computes."""
    crowd = Crowd(seed, store, mlist)
    authors = [crowd.subscribe(number) for number in range(60)]
    store.commit()
    digest, regular = _digest_of_core(mlist), _of_core(mlist, "x@y.example")
    for author in [*authors[:25], "stranger@example.com"]:
        mine = _ask(mlist, author)
        theirs = _of_core(mlist, author)
        assert {found.address for found in mine if not (found.digest or found.unsent)} == theirs
        assert {found.address for found in mine if found.unsent} <= {author.lower()}
        assert {found.address for found in mine if found.digest} == digest - regular
    assert {found.address for found in _ask(mlist)} == regular | digest
    assert 10 < len(_ask(mlist)) < 60  # the mixture is one


def test_author_in_any_case(mlist: Any, members: Any) -> None:
    """The author is found whatever the case of the address; who wants their own posts keeps them."""
    anne = members.add(mlist, ANNE)
    assert [found.address for found in _ask(mlist, "Anne@Example.COM")] == [ANNE]
    anne.preferences.receive_own_postings = False
    assert [(found.address, found.unsent) for found in _ask(mlist, "Anne@Example.COM")] == [(ANNE, True)]
    assert [(found.address, found.unsent) for found in _ask(mlist, BART)] == [(ANNE, False)]


def test_author_who_has_chosen_digests(mlist: Any, members: Any) -> None:
    """They are there with the others who have: whoever learns for which post one was missing would know who wrote it."""
    from mailman.interfaces.member import DeliveryMode  # noqa: PLC0415 - core must be initialised

    anne = members.add(mlist, ANNE)
    anne.preferences.delivery_mode = DeliveryMode.mime_digests
    anne.preferences.receive_own_postings = False
    assert [(found.address, found.digest) for found in _ask(mlist, ANNE)] == [(ANNE, True)]


def test_preferred_address_that_is_gone(mlist: Any, members: Any, store: Any) -> None:
    """A user whose preferred address was deleted gets nothing, and nobody else suffers from it."""
    from mailman.interfaces.usermanager import IUserManager  # noqa: PLC0415 - core must be initialised
    from zope.component import getUtility  # noqa: PLC0415

    members.add(mlist, ANNE, as_user=True)
    members.add(mlist, BART)
    manager = getUtility(IUserManager)
    manager.delete_address(manager.get_address(ANNE))
    store.commit()
    assert [found.address for found in _ask(mlist)] == [BART]


@pytest.fixture
def statements(core: Any) -> Iterator[list[str]]:
    """The statements that the database gets while the test runs."""
    seen: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        seen.append(statement)

    sa.event.listen(core.db.engine, "before_cursor_execute", note)
    yield seen
    sa.event.remove(core.db.engine, "before_cursor_execute", note)


def test_number_of_queries(store: Any, mlist: Any, statements: list[str]) -> None:
    """The number of queries does not depend on the number of members: it is one."""
    crowd = Crowd(0, store, mlist)
    for number in range(30):
        crowd.subscribe(number)
    store.commit()
    list_id = mlist.list_id  # loads the list again
    assert list_id
    statements.clear()
    _ask(mlist, "p1@example.com")
    assert len(statements) == 1
