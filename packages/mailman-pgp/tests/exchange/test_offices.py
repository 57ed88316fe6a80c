"""Who looks after a list from now on gets held posts by a key that counts on this list, and the others are told of it; who does so
no more is told themselves, too.
"""

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

OLGA, MOLE, OTTO, MONA = "olga@example.com", "mole@example.com", "otto@example.com", "mona@example.com"
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
    subscribers.remove(offices._listen)


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
    to_mole, found = told()
    assert [(one.recipient, one.template) for one in (to_mole, found)] == [(MOLE, ""), (OLGA, "")]
    assert found.text == to_mole.text
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
    assert "could not be told of a change among them" in caplog.text
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
    to_mole, to_olga = told()
    assert (to_mole.recipient, to_olga.recipient) == (MOLE, OLGA)
    assert f"{MOLE} looks after the list" in " ".join(to_olga.text.split())


def keyed(changing: Any, mlist: Any, members: Members, address: str, role: str = "owner") -> Forged:
    """Have somebody look after a list, with a key that counts for them there."""
    made = key(address)
    members.add(mlist, address, role=role)
    changing.let_count(mlist, address, certificate(made), ChoiceState.APPROVED, THROUGH_THE_WEB)
    told()
    return made


def in_role(mlist: Any, address: str, role: str) -> Any:
    """Somebody as core has them in one of a list's rosters."""
    from mailman.interfaces.member import MemberRole  # noqa: PLC0415 - core must be initialised

    return mlist.get_roster(MemberRole[role]).get_member(address)


def flat(text: str) -> str:
    """A text in one line."""
    return " ".join(text.split())


@pytest.mark.parametrize("role", ["owner", "moderator"])
def test_no_more(encrypted: Any, changing: Any, members: Members, role: str) -> None:
    """Who is taken off reads it at their own address, by the key that counts until then, with who is left; those are told, too."""
    made = keyed(changing, encrypted, members, OTTO, role)
    in_role(encrypted, OTTO, role).unsubscribe()
    to_owners, to_otto = told()
    assert (to_otto.recipient, to_otto.template) == (OTTO, "encrypted")
    assert to_otto.opened(key(MOLE)) is None
    text = to_otto.says(made)
    assert f"You are no {role} of it any more." in flat(text)
    assert f"    {OLGA}" in text.splitlines()
    assert OTTO not in text
    assert OLGA not in "".join(to_otto.headers)
    assert (to_owners.recipient, to_owners.template) == (OLGA, "")
    assert f"{OTTO} is no {role} of the list {encrypted.posting_address} any more" in flat(to_owners.text)


def test_no_more_is_told_to_those_who_are_left(encrypted: Any, changing: Any, members: Members) -> None:
    """Also when it leaves before core's transaction ends, while who is taken off is an owner still; and not to who takes no mail."""
    from mailman.interfaces.member import DeliveryStatus  # noqa: PLC0415 - core must be initialised

    keyed(changing, encrypted, members, OTTO)
    keyed(changing, encrypted, members, MONA, "moderator")
    members.add(encrypted, MOLE, role="moderator").preferences.delivery_status = DeliveryStatus.by_user
    told()
    encrypted.owners.get_member(OTTO).unsubscribe()
    texts = {one.recipient: flat(one.text) for one in told() if not one.template}
    assert set(texts) == {MONA, OLGA}
    assert all(f"{OTTO} is no owner of the list" in text for text in texts.values())


def test_no_more_without_a_key(encrypted: Any, changing: Any, members: Members) -> None:
    """Without a key that counts they are told the fact in the clear, and nothing of anybody else."""
    keyed(changing, encrypted, members, MONA, "moderator")
    changing.suspend(encrypted, MONA, THROUGH_THE_WEB)
    members.add(encrypted, OTTO, role="owner")
    told()
    for roster, address in ((encrypted.owners, OTTO), (encrypted.moderators, MONA)):
        roster.get_member(address).unsubscribe()
        (found,) = [one for one in told() if one.recipient == address]
        assert found.template == "office-ended"
        assert "any more" in flat(found.text)
        assert "not encrypted, so it says no more" in flat(found.text)
        assert not any(other in found.text for other in {OLGA, OTTO, MONA} - {address})


def test_no_more_while_the_list_waits(encrypted: Any, changing: Any, members: Members) -> None:
    """While the list has no key that signs, they are told what can be said in the clear, which leaves as soon as it has one."""
    from mailman_pgp.keys import revoking  # noqa: PLC0415 - core must be initialised
    from mailman_pgp.openpgp import Reason  # noqa: PLC0415

    keyed(changing, encrypted, members, OTTO)
    revoking.revoke(revoking.key_of(encrypted.list_id, None), Reason.COMPROMISED, "")
    in_role(encrypted, OTTO, "owner").unsubscribe()
    to_owners, to_otto = told()
    assert (to_otto.recipient, to_otto.template) == (OTTO, "office-ended")
    assert to_owners.recipient == OLGA


def test_for_a_moment(encrypted: Any, changing: Any, members: Members) -> None:
    """Who takes the others off the list while they make a new moderator keeps that from nobody: the others know that they were off."""
    made = keyed(changing, encrypted, members, OTTO)
    brought(changing, encrypted)
    encrypted.owners.get_member(OTTO).unsubscribe()
    encrypted.owners.get_member(OLGA).unsubscribe()
    members.add(encrypted, MOLE, role="moderator")
    for address in (OTTO, OLGA):
        members.add(encrypted, address, role="owner")
    found = {one.recipient: one for one in told() if one.recipient in {OTTO, OLGA}}
    assert set(found) == {OTTO, OLGA}
    assert "In the meantime somebody may have been made an owner" in flat(found[OTTO].says(made))


def test_another_role(encrypted: Any, changing: Any, members: Members) -> None:
    """Core has no change of role: it ends one and begins another.  What is said is true in either order."""
    made = keyed(changing, encrypted, members, OTTO)
    encrypted.owners.get_member(OTTO).unsubscribe()
    members.add(encrypted, OTTO, role="moderator")
    (first,) = [one for one in told() if one.recipient == OTTO]
    assert "You are no owner of it any more." in flat(first.says(made))
    changing.let_count(encrypted, OTTO, certificate(made), ChoiceState.APPROVED, THROUGH_THE_WEB)
    members.add(encrypted, OTTO, role="owner")
    told()
    encrypted.moderators.get_member(OTTO).unsubscribe()
    *to_owners, second = told()
    assert "You are no moderator of it any more." in flat(second.says(made))
    assert f"    {OTTO}" in second.says(made).splitlines()
    assert [one.recipient for one in to_owners] == [OLGA, OTTO]
    assert all(f"{OTTO} is no moderator of the list" in flat(one.text) for one in to_owners)


def test_last_one(encrypted: Any, changing: Any, members: Members) -> None:
    """Who was alone in looking after the list is told that nobody does; nobody else is there."""
    made = keyed(changing, encrypted, members, OTTO)
    encrypted.owners.get_member(OLGA).unsubscribe()
    told()
    encrypted.owners.get_member(OTTO).unsubscribe()
    (found,) = told()
    assert found.recipient == OTTO
    assert "Nobody looks after it now." in flat(found.says(made))


def test_list_that_goes(encrypted: Any, changing: Any, members: Members) -> None:
    """When the list itself is deleted, by which core ends all memberships, nobody is told; and then all goes on as before."""
    from mailman.app.lifecycle import remove_list  # noqa: PLC0415 - core must be initialised

    keyed(changing, encrypted, members, OTTO)
    remove_list(encrypted)
    members.store.commit()
    assert told() == []


def test_deletion_that_fails(encrypted: Any, other: Any, changing: Any, members: Members) -> None:
    """Nobody is kept from the news by a deletion of the list that came to nothing, or of another list."""
    from mailman.interfaces.listmanager import ListDeletingEvent  # noqa: PLC0415 - core must be initialised
    from zope.event import notify  # noqa: PLC0415

    keyed(changing, encrypted, members, OTTO)
    notify(ListDeletingEvent(other))
    encrypted.owners.get_member(OTTO).unsubscribe()
    assert OTTO in {one.recipient for one in told()}
    keyed(changing, other, members, OTTO)
    members.store.rollback()
    other.owners.get_member(OTTO).unsubscribe()
    assert OTTO in {one.recipient for one in told()}


def test_no_more_of_nobody_else(encrypted: Any, changing: Any, members: Members, make_list: Any) -> None:
    """Members leave as ever, and so do owners of plain lists, users without an address, and lists that are owners."""
    plain = make_list("cat")
    for mlist, role, address in (
        (encrypted, "member", MONA),
        (plain, "owner", MONA),
        (encrypted, "owner", "cat@example.com"),
    ):
        members.add(mlist, address, role=role)
        in_role(mlist, address, role).unsubscribe()
    without = members.add(encrypted, OTTO, role="owner", as_user=True)
    del without.user.preferred_address
    without.unsubscribe()
    found = [one for one in told() if one.recipient not in {OLGA, plain.owner_address}]
    assert {one.recipient for one in found} <= {MONA}
    assert "look after" not in "".join(one.text for one in found)
    assert changing


def test_what_fails_at_the_end(
    encrypted: Any, changing: Any, members: Members, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Who is to go goes, the others are told all the same, and the log says who was not."""
    from mailman_pgp.exchange import offices  # noqa: PLC0415 - core must be initialised

    def fails(*_: Any) -> None:
        raise OSError("secret")

    keyed(changing, encrypted, members, OTTO)
    monkeypatch.setattr(offices, "send_encrypted", fails)
    encrypted.owners.get_member(OTTO).unsubscribe()
    assert f"somebody could not be told that they look after {encrypted.list_id} no more" in caplog.text
    assert "secret" not in caplog.text
    assert encrypted.owners.get_member(OTTO) is None
    assert [one.recipient for one in told()] == [OLGA]
