"""Who looks after a list from now on gets held posts by a key that counts on this list, and the others are told of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from told import certificate, key, told

from mailman_pgp.keys.journal import Actor, Door
from mailman_pgp.keys.registry import ChoiceState
from mailman_pgp.openpgp import grouped

if TYPE_CHECKING:
    from collections.abc import Iterator

    from conftest import Members
    from keys import Forged

OLGA, MOLE = "olga@example.com", "mole@example.com"
THROUGH_THE_WEB = Actor(Door.REST, OLGA)


@pytest.fixture
def changing(encrypted: Any, members: Members) -> Iterator[Any]:
    """The module that changes keys; Olga owns the list, and we listen to core."""
    from zope.event import subscribers  # noqa: PLC0415 - core must be initialised

    from mailman_pgp.exchange import changing, offices  # noqa: PLC0415

    members.add(encrypted, OLGA, role="owner")
    told()
    offices.install()
    offices.install()  # of which there is one
    yield changing
    subscribers.remove(offices._tell)


def brought(changing: Any, mlist: Any) -> Forged:
    """A key that whoever acts as Olga in the web has added for the mole."""
    made = key(MOLE)
    changing.let_count(mlist, MOLE, certificate(made), ChoiceState.APPROVED, THROUGH_THE_WEB)
    return made


@pytest.mark.parametrize("role", ["owner", "moderator"])
def test_the_key_was_there_before(encrypted: Any, changing: Any, members: Members, role: str) -> None:
    """Of a key of somebody who is not on the list nobody is told; when core makes them one who looks after it, they are."""
    made = brought(changing, encrypted)
    assert told() == []
    members.add(encrypted, MOLE, role=role)
    (found,) = told()
    assert (found.recipient, found.template) == (encrypted.owner_address, "")
    assert f"{MOLE} looks after the list {encrypted.posting_address} from now on" in " ".join(found.text.split())
    assert grouped(made.fingerprint) in found.text
    assert f"mailman pgp certificate suspend {encrypted.list_id} {MOLE}" in found.text


def test_the_key_comes_later(encrypted: Any, changing: Any, members: Members) -> None:
    """Then it is told when it comes, with whose doing it was; and until then they are sent nothing."""
    from mailman_pgp.delivery.lookup import look_up  # noqa: PLC0415 - core must be initialised

    members.add(encrypted, MOLE, role="moderator")
    assert told() == []
    assert look_up(encrypted.list_id, [MOLE]).recipients == ()
    made = brought(changing, encrypted)
    to_owners = told()[0]
    assert to_owners.recipient == encrypted.owner_address
    assert f"A key counts for {MOLE} from now on" in to_owners.text
    assert grouped(made.fingerprint) in to_owners.text
    assert f"Through the web interface by {OLGA}" in to_owners.text


def test_a_key_of_another_list(encrypted: Any, other: Any, changing: Any, members: Members) -> None:
    """What counts for them on another list gives them nothing on this one."""
    from mailman_pgp.delivery.lookup import look_up  # noqa: PLC0415 - core must be initialised

    brought(changing, other)
    members.add(encrypted, MOLE, role="moderator")
    assert told() == []
    assert look_up(encrypted.list_id, [MOLE]).recipients == ()


def test_nobody_else(encrypted: Any, changing: Any, members: Members, make_list: Any) -> None:
    """Nobody is told of members, of those whose key is suspended, nor on a plain list; and core's own door is open whatever fails."""
    brought(changing, encrypted)
    changing.suspend(encrypted, MOLE, THROUGH_THE_WEB)
    members.add(encrypted, MOLE, role="moderator")
    members.add(make_list("cat"), MOLE, role="moderator")
    assert [one for one in told() if "looks after" in one.text] == []


def test_what_fails(
    encrypted: Any, changing: Any, members: Members, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Core's own door stays open, and the log says that nobody was told."""
    from mailman_pgp.exchange import offices  # noqa: PLC0415 - core must be initialised

    def fails(*_: Any) -> None:
        raise OSError("secret")

    brought(changing, encrypted)
    monkeypatch.setattr(offices, "send_to_owners", fails)
    members.add(encrypted, MOLE, role="moderator")
    assert "could not be told of somebody" in caplog.text
    assert "secret" not in caplog.text
    assert encrypted.moderators.get_member(MOLE) is not None


def test_nobody_else_is_there(encrypted: Any, changing: Any, members: Members) -> None:
    """Whoever is alone in looking after the list is not told of themselves."""
    encrypted.owners.get_member(OLGA).unsubscribe()
    told()
    brought(changing, encrypted)
    members.add(encrypted, MOLE, role="owner")
    assert told() == []


def test_with_an_owner_out_of_reach(encrypted: Any, changing: Any, members: Members) -> None:
    """A user who looks after the list and prefers no address any more keeps nobody else from being told."""
    without = members.add(encrypted, "otto@example.com", role="owner", as_user=True)
    del without.user.preferred_address
    brought(changing, encrypted)
    members.add(encrypted, MOLE, role="moderator")
    (found,) = told()
    assert f"{MOLE} looks after the list" in " ".join(found.text.split())
