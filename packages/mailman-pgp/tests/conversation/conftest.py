"""Encrypted lists in a real core that take commands, and people who write to them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from outgoing import encrypt
from talkers import Talker
from told import told

if TYPE_CHECKING:
    from collections.abc import Callable


@pytest.fixture
def encrypted(mlist: Any, healthy: Any) -> Any:  # noqa: ARG001 - it makes a list key
    """The list ant@example.com, encrypted, where who proves a key has joined."""
    from mailman.interfaces.mailinglist import SubscriptionPolicy  # noqa: PLC0415 - core must be initialised

    from mailman_pgp.conversation import questions  # noqa: PLC0415

    questions.install()
    encrypt(mlist, [])
    mlist.subscription_policy = SubscriptionPolicy.confirm
    return mlist


@pytest.fixture
def moderated(encrypted: Any) -> Any:
    """The list, where a moderator decides who joins."""
    from mailman.interfaces.mailinglist import SubscriptionPolicy  # noqa: PLC0415 - core must be initialised

    encrypted.subscription_policy = SubscriptionPolicy.moderate
    return encrypted


@pytest.fixture
def other(make_list: Callable[[str], Any], healthy: Any) -> Any:  # noqa: ARG001 - it makes a list key
    """Another encrypted list, bee@example.com."""
    made = make_list("bee")
    encrypt(made, [])
    return made


@pytest.fixture
def anne(encrypted: Any, members: Any) -> Talker:
    """A member whose key counts."""
    made = Talker.make("anne@example.net", encrypted)
    made.counts()
    members.add(encrypted, made.address)
    told()
    return made


@pytest.fixture
def olga(encrypted: Any, members: Any) -> Talker:
    """An owner whose key counts."""
    made = Talker.make("olga@example.net", encrypted)
    made.counts()
    members.add(encrypted, made.address, role="owner")
    told()
    return made
