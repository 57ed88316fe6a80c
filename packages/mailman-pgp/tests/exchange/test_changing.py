"""Each change of what counts is recorded, with who made it; what is suspended counts again only by an owner's own word."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import pytest
import sqlalchemy as sa
from keys import DAY, now
from rivals import rival
from told import certificate, key, told

from mailman_pgp.keys import journal, registry
from mailman_pgp.keys.journal import Act, Actor, Door
from mailman_pgp.keys.registry import ChoiceState, RegistryError
from mailman_pgp.model.tables import Choice
from mailman_pgp.openpgp import CertificateError

if TYPE_CHECKING:
    from collections.abc import Callable

    from conftest import Members
    from keys import Forged
    from sqlalchemy.orm import Session

ANNE, BART, OWNER = "anne@example.com", "bart@example.com", "olga@example.com"
BY_MAIL = Actor(Door.MAIL, ANNE)
BY_REST = Actor(Door.REST, OWNER)
PROVEN, APPROVED, SUSPENDED = ChoiceState.PROVEN, ChoiceState.APPROVED, ChoiceState.SUSPENDED


@pytest.fixture
def changing(core: Any) -> Any:  # noqa: ARG001 - core must be initialised
    """The module under test."""
    from mailman_pgp.exchange import changing  # noqa: PLC0415 - core must be initialised

    return changing


def events(mlist: Any, address: str = ANNE) -> list[tuple[Act, Door, str]]:
    """What is recorded of an address, in the order in which it was done."""
    return [(event.act, event.door, event.by) for event in reversed(journal.of(mlist.list_id, address))]


def added(changing: Any, mlist: Any, state: ChoiceState = APPROVED) -> Forged:
    """A key that counts for Anne, by the word of nobody in particular."""
    made = key(ANNE)
    changing.let_count(mlist, ANNE, certificate(made), state, Actor(Door.COMMAND_LINE))
    return made


def test_every_function_leaves_its_event(encrypted: Any, changing: Any) -> None:
    """Whichever door calls one: what was done, by whom, and what counted before."""
    first, second = key(ANNE), key(ANNE)

    def let_count(made: Forged) -> None:
        changing.let_count(encrypted, ANNE, certificate(made), PROVEN, BY_MAIL)

    let_count(first)
    let_count(second)
    changing.approve(encrypted, ANNE, BY_REST)
    changing.compare(encrypted, ANNE, second.fingerprint, BY_REST)
    changing.suspend(encrypted, ANNE, BY_REST)
    changing.resume(encrypted, ANNE, BY_REST)
    changing.prove(encrypted, ANNE, BY_MAIL)
    second.user_id("Anne <new@example.com>")
    changing.learn(certificate(second), BY_MAIL, encrypted)
    second.revoke(at=now() - DAY)
    changing.learn(certificate(second), BY_MAIL, encrypted)
    place = registry.chosen(encrypted.list_id, ANNE)
    assert place is not None
    changing.record_news(encrypted, place.choice, Act.UPDATED, BY_REST)
    changing.remove(encrypted, ANNE, BY_REST)
    mail, rest = (Door.MAIL, ANNE), (Door.REST, OWNER)
    assert events(encrypted) == [
        (Act.ADDED, *mail),
        (Act.PROVED, *mail),
        (Act.CHANGED, *mail),
        (Act.PROVED, *mail),
        (Act.APPROVED, *rest),
        (Act.COMPARED, *rest),
        (Act.SUSPENDED, *rest),
        (Act.RESUMED, *rest),
        (Act.PROVED, *mail),
        (Act.UPDATED, *mail),
        (Act.REVOKED, *mail),
        (Act.UPDATED, *rest),
        (Act.REMOVED, *rest),
    ]
    assert {event.act for event in journal.of(encrypted.list_id)} == set(Act)
    changed = journal.last(encrypted.list_id, ANNE, second.fingerprint, Act.CHANGED)
    assert changed is not None
    assert changed.earlier == first.fingerprint
    functions = {name for name in changing.__all__ if name[0].islower()}
    assert functions == {
        "record_news",
        "let_count",
        "prove",
        "approve",
        "compare",
        "suspend",
        "resume",
        "learn",
        "remove",
    }  # all of them


def test_what_was_so_before(encrypted: Any, changing: Any) -> None:
    """Nothing is recorded where nothing was changed."""
    made = added(changing, encrypted)
    before = events(encrypted)
    assert changing.let_count(encrypted, ANNE, certificate(made), APPROVED, BY_REST).act is None
    assert changing.approve(encrypted, ANNE, BY_REST).act is None
    changing.learn(certificate(made), BY_REST, encrypted)
    assert events(encrypted) == before
    changing.suspend(encrypted, ANNE, BY_REST)
    assert changing.suspend(encrypted, ANNE, BY_REST).act is None
    changing.remove(encrypted, ANNE, BY_REST)
    assert changing.remove(encrypted, ANNE, BY_REST) is None
    assert [act for act, *_ in events(encrypted)][len(before) :] == [Act.SUSPENDED, Act.REMOVED]


def test_proved_once_more(encrypted: Any, changing: Any) -> None:
    """What an owner has approved stays approved, and that its person proved it again is recorded."""
    made = added(changing, encrypted)
    changing.let_count(encrypted, ANNE, certificate(made), PROVEN, BY_MAIL)
    assert events(encrypted)[-1] == (Act.PROVED, Door.MAIL, ANNE)
    assert registry.history(encrypted.list_id, ANNE)[0].state is APPROVED


def test_approved_after_the_proof(encrypted: Any, changing: Any) -> None:
    """An owner who adds what was proved has approved it."""
    made = added(changing, encrypted, PROVEN)
    assert changing.let_count(encrypted, ANNE, certificate(made), APPROVED, BY_REST).act is Act.APPROVED
    assert events(encrypted)[-1] == (Act.APPROVED, Door.REST, OWNER)
    assert registry.history(encrypted.list_id, ANNE)[0].state is APPROVED


def test_the_door_is_the_origin(encrypted: Any, changing: Any) -> None:
    """The registry keeps by which door a choice came."""
    added(changing, encrypted)
    changing.suspend(encrypted, ANNE, BY_REST)
    changing.let_count(encrypted, ANNE, certificate(key(ANNE)), APPROVED, Actor(Door.WORKFLOW))
    assert [choice.origin for choice in registry.history(encrypted.list_id, ANNE)] == ["workflow", "rest", "cli"]


@pytest.mark.parametrize("how", ["approve", "prove", "add", "prove another"])
def test_nothing_but_resume_ends_a_suspension(encrypted: Any, changing: Any, how: str) -> None:
    """Neither an approval, nor a proof by whoever reads the mailbox and holds the key, nor the proof of a new key."""
    made = added(changing, encrypted, PROVEN)
    changing.suspend(encrypted, ANNE, BY_REST)
    let_count = partial(changing.let_count, encrypted, ANNE)
    attempts = {
        "approve": partial(changing.approve, encrypted, ANNE, BY_REST),
        "prove": partial(let_count, certificate(made), PROVEN, BY_MAIL),
        "add": partial(let_count, certificate(made), APPROVED, BY_REST),
        "prove another": partial(let_count, certificate(key(ANNE)), PROVEN, BY_MAIL),
    }
    with pytest.raises(changing.SuspendedError, match="until an owner lets it count again"):
        attempts[how]()
    assert registry.current(encrypted.list_id, ANNE) is None
    assert events(encrypted)[-1][0] is Act.SUSPENDED


def test_another_key_in_place_of_a_suspended_one(encrypted: Any, changing: Any) -> None:
    """An owner may approve another one."""
    added(changing, encrypted)
    changing.suspend(encrypted, ANNE, BY_REST)
    assert changing.let_count(encrypted, ANNE, certificate(key(ANNE)), APPROVED, BY_REST).act is Act.CHANGED
    assert registry.current(encrypted.list_id, ANNE) is not None


def test_resuming_what_counts(encrypted: Any, changing: Any) -> None:
    """It would approve what was only proved."""
    added(changing, encrypted, PROVEN)
    with pytest.raises(RegistryError, match="is not suspended"):
        changing.resume(encrypted, ANNE, BY_REST)
    assert registry.history(encrypted.list_id, ANNE)[0].state is PROVEN


@pytest.mark.parametrize("name", ["approve", "suspend", "resume"])
def test_nothing_is_there(encrypted: Any, changing: Any, name: str) -> None:
    """Each says so."""
    with pytest.raises(RegistryError, match="No certificate is chosen"):
        getattr(changing, name)(encrypted, ANNE, BY_REST)
    with pytest.raises(RegistryError, match="No certificate is chosen"):
        changing.compare(encrypted, ANNE, "AA", BY_REST)
    assert events(encrypted) == []


def test_comparing(encrypted: Any, changing: Any) -> None:
    """As it is read aloud and typed: in groups, in either case.  Anything but all of it is another one."""
    made = added(changing, encrypted)
    whole = made.fingerprint
    for typed in ("", whole[-16:], whole[:-1], whole + "0", "0x" + whole, "é" * 40, whole[:-4] + " 0000"):
        with pytest.raises(changing.OtherFingerprintError, match="Compare all of it again"):
            changing.compare(encrypted, ANNE, typed, BY_REST)
    assert journal.last(encrypted.list_id, ANNE, whole, Act.COMPARED) is None
    grouped = " ".join(whole[at : at + 4] for at in range(0, 40, 4)).lower()
    changing.compare(encrypted, ANNE, f" {grouped}\n", BY_REST)
    assert journal.last(encrypted.list_id, ANNE, whole, Act.COMPARED) is not None


def test_a_stale_copy_of_a_revoked_key(encrypted: Any, other: Any, changing: Any) -> None:
    """It does not count: what is known of the key says more than the copy."""
    made = added(changing, encrypted)
    stale = certificate(made)
    made.revoke(at=now() - DAY)
    changing.learn(certificate(made), BY_MAIL, encrypted)
    with pytest.raises(CertificateError, match="revoked"):
        changing.let_count(other, ANNE, stale, PROVEN, BY_MAIL)
    assert registry.chosen(other.list_id, ANNE) is None


@pytest.fixture
def everywhere(
    encrypted: Any, other: Any, changing: Any, members: Members, store: Session
) -> tuple[Forged, Callable[[], None]]:
    """A key of Anne's, who is on two lists with it; and a function that brings its newest copy to the first by mail."""
    made = key(ANNE)
    for mlist in (encrypted, other):
        members.add(mlist, ANNE)
        changing.let_count(mlist, ANNE, certificate(made), APPROVED, Actor(Door.COMMAND_LINE))
    store.commit()
    told()

    def bring() -> None:
        changing.learn(certificate(made), BY_MAIL, encrypted)
        store.commit()

    return made, bring


def test_what_a_key_says_is_true_everywhere(
    encrypted: Any, other: Any, everywhere: tuple[Forged, Callable[[], None]]
) -> None:
    """Each list has its own event; who brought it, and by which door, is known only where it was brought."""
    made, bring = everywhere
    made.user_id("Anne <new@example.com>")
    bring()
    made.revoke(at=now() - DAY)
    bring()
    bring()  # no news
    assert events(encrypted)[1:] == [(Act.UPDATED, Door.MAIL, ANNE), (Act.REVOKED, Door.MAIL, ANNE)]
    assert events(other)[1:] == [(Act.UPDATED, Door.SITE, ""), (Act.REVOKED, Door.SITE, "")]


def test_nobody_learns_of_another_list(
    encrypted: Any, other: Any, everywhere: tuple[Forged, Callable[[], None]]
) -> None:
    """What the people of one list are told names neither another one, nor who brought the news there."""
    made, bring = everywhere
    made.revoke(at=now() - DAY)
    bring()
    found = told()
    assert sorted((one.list_id, one.recipient) for one in found) == sorted(
        (mlist.list_id, to) for mlist in (encrypted, other) for to in (ANNE, mlist.owner_address)
    )
    for one in found:
        mine, others = (encrypted, other) if one.list_id == encrypted.list_id else (other, encrypted)
        everything = "\n".join([*map(str, one.headers), one.text])
        assert mine.posting_address in everything
        for word in (others.list_id, f"{others.list_name}@", f"{others.list_name}-", others.display_name):
            assert word not in everything
        if mine is other:
            assert "mail from" not in everything
            assert ANNE not in one.text.replace(f"The key of {ANNE}", "").replace(f"log {mine.list_id} {ANNE}", "")


def test_no_news(encrypted: Any, changing: Any, everywhere: tuple[Forged, Callable[[], None]]) -> None:
    """An older copy, or one that is known, is no news: nobody is told again."""
    made, bring = everywhere
    old = certificate(made)
    made.user_id("Anne <new@example.com>")
    bring()
    told()
    before = events(encrypted)
    changing.learn(old, BY_MAIL, encrypted)
    changing.let_count(encrypted, ANNE, old, APPROVED, BY_REST)
    assert (events(encrypted), told()) == (before, [])


def test_an_unknown_certificate_is_not_learnt(encrypted: Any, changing: Any) -> None:
    """Nothing is stored of it."""
    assert changing.learn(certificate(key(BART)), BY_MAIL, encrypted) is None
    assert journal.of(encrypted.list_id) == []


@pytest.mark.parametrize("how", ["prove", "remove", "approve"])
def test_suspended_at_the_same_moment(
    encrypted: Any, changing: Any, core: Any, store: Session, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    """Between the look at what is chosen and its change nobody suspends it, whose word would be lost."""
    made = added(changing, encrypted, PROVEN)
    store.commit()
    chosen, kept_out = registry.chosen, []
    with rival(core, sa.update(Choice).values(state=SUSPENDED.value)) as suspends, monkeypatch.context() as patch:

        def look(list_id: str, address: str) -> Any:
            found = chosen(list_id, address)
            kept_out.append(suspends())
            return found

        patch.setattr(registry, "chosen", look)
        {
            "prove": partial(changing.let_count, encrypted, ANNE, certificate(made), PROVEN, BY_MAIL),
            "remove": partial(changing.remove, encrypted, ANNE, BY_MAIL),
            "approve": partial(changing.approve, encrypted, ANNE, BY_REST),
        }[how]()
        store.commit()
    assert kept_out
    assert all(kept_out)
