"""People who bring keys through the web, to a list that can ask them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from talkers import Talker
from told import told
from webpeople import Web

if TYPE_CHECKING:
    from conftest import Door, Members

ANNE, OLGA = "anne@example.net", "olga@example.net"


@pytest.fixture(autouse=True)
def asking(door: Door, encrypted: str) -> None:  # noqa: ARG001 - it must be encrypted
    """Questions can be asked, and who proves a key joins."""
    from mailman.interfaces.mailinglist import SubscriptionPolicy  # noqa: PLC0415 - core must be initialised

    from mailman_pgp.conversation import questions  # noqa: PLC0415

    questions.install()
    door.mlist().subscription_policy = SubscriptionPolicy.confirm
    door.store.commit()


@pytest.fixture
def anne(door: Door, members: Members) -> Web:
    """A member without a key on the list."""
    members.add(door.mlist(), ANNE)
    told()
    return Web.person(door, ANNE)


@pytest.fixture
def olga(door: Door, members: Members) -> Talker:
    """An owner whose key counts."""
    made = Talker.make(OLGA, door.mlist())
    made.counts()
    members.add(door.mlist(), OLGA, role="owner")
    told()
    return made
