"""What a door promises of somebody who joins is believed as far as an owner can know it."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from conftest import Ants

ANNE, OLGA = "anne@example.org", "olga@example.org"
ALL = {"pre_verified": True, "pre_confirmed": True, "pre_approved": True}
CONFIRM = "Please confirm: join Ant"
ASKS = f"{ANNE} asks to join Ant"


def test_key_first(ants: Ants) -> None:
    """Whose certificate an owner has added joins at once, where all is promised."""
    ants.add_key()
    token, _, member = ants.ask(**ALL)
    assert token is None
    assert member.address.email == ANNE
    assert ants.mail() == {}


def test_added_afterwards(ants: Ants) -> None:
    """Who was promised everything goes on by themselves as soon as an owner has added the certificate."""
    ants.ask(**ALL)
    ants.add_key()
    assert ants.members() == {ANNE}


def test_approval_of_somebody_without_a_key(ants: Ants) -> None:
    """Approved beforehand, they come with a key that nobody has seen: a moderator looks at it."""
    ants.ask(**ALL)
    ants.mail()
    ants.add_key(proved=True)
    assert ants.state() == ("moderator", "waits for a moderator")
    assert ants.mail() == {OLGA: [ASKS]}


def test_approval_of_somebody_whose_key_was_known(ants: Ants) -> None:
    """Approved with a proved key already there, they join; with another one by now, a moderator looks at it."""
    ants.add_key(proved=True)
    assert ants.ask(**ALL)[0] is None
    bart = "bart@example.org"
    ants.add_key(bart, proved=True)
    ants.ask(bart, pre_approved=True)
    ants.add_key(bart, proved=True)
    assert ants.state() == ("moderator", "waits for a moderator")


def test_an_invitation_is_no_wish(ants: Ants) -> None:
    """Who is invited answers by their key; then they are in, since an owner knew it."""
    ants.add_key()
    ants.ask(invitation=True)
    assert ants.state() == ("outside", "waits for proof")
    assert ants.mail() == {ANNE: [CONFIRM]}
    ants.not_yet("has not answered yet")
    ants.prove()
    assert ants.members() == {ANNE}


def test_promised_without_a_verified_address(ants: Ants) -> None:
    """That somebody confirms for an address which nobody has verified is no proof."""
    ants.add_key()
    ants.ask(pre_confirmed=True, pre_approved=True)
    assert ants.state() == ("outside", "waits for proof")


def test_an_old_proof_is_no_wish(ants: Ants) -> None:
    """What somebody proved before the request began says nothing about it."""
    ants.add_key(proved=True)
    ants.ask()
    assert ants.state() == ("outside", "waits for proof")
