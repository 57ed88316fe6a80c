"""Whoever is on a list is told of each change of their key, at the earlier key too, and the owners are told."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

import pytest
from keys import DAY, now
from queries import counted
from sqlalchemy import delete, event, func, insert, select
from told import Told, certificate, key, told

from mailman_pgp.keys import journal
from mailman_pgp.keys.journal import Actor, Door
from mailman_pgp.keys.registry import ChoiceState
from mailman_pgp.model import cleanup
from mailman_pgp.model.tables import ListKey, StoredCertificate
from mailman_pgp.openpgp import grouped
from mailman_pgp.site import health

if TYPE_CHECKING:
    from collections.abc import Callable

    from conftest import Members
    from keys import Forged
    from sqlalchemy.orm import Session

ANNE, OLGA = "anne@example.com", "olga@example.com"
OWNER = Actor(Door.COMMAND_LINE)
PROVEN, APPROVED = ChoiceState.PROVEN, ChoiceState.APPROVED


@pytest.fixture
def changing(encrypted: Any) -> Any:  # noqa: ARG001 - core must be initialised
    """The module that tells."""
    from mailman_pgp.exchange import changing  # noqa: PLC0415 - core must be initialised

    return changing


@pytest.fixture
def anne(encrypted: Any, members: Members, changing: Any) -> Forged:
    """The key that counts for Anne, a member."""
    made = key(ANNE)
    changing.let_count(encrypted, ANNE, certificate(made), APPROVED, OWNER)
    members.add(encrypted, ANNE)
    told()  # the welcome
    return made


def replaced(changing: Any, mlist: Any, actor: Actor = OWNER) -> Forged:
    """Another key that counts for Anne."""
    made = key(ANNE)
    changing.let_count(mlist, ANNE, certificate(made), APPROVED, actor)
    return made


def split(mlist: Any) -> tuple[Told, list[Told], list[Told]]:
    """The one notice to the owners; what goes to Anne encrypted; and in the clear."""
    found = told()
    (to_owners,) = [one for one in found if one.recipient == mlist.owner_address]
    to_anne = [one for one in found if one is not to_owners]
    assert {one.recipient for one in to_anne} == {ANNE}
    hidden = [one for one in to_anne if one.template == "encrypted"]
    return to_owners, hidden, [one for one in to_anne if one not in hidden]


def test_another_key(encrypted: Any, anne: Forged, changing: Any) -> None:
    """Said at both keys, each time with both fingerprints, what to do, and nothing in the clear."""
    new = replaced(changing, encrypted)
    to_owners, hidden, clear = split(encrypted)
    assert (len(hidden), clear) == (2, [])
    texts = [sorted(bool(one.says(made)) for made in (anne, new)) for one in hidden]
    assert texts == [[False, True]] * 2
    read = [text for one in hidden for made in (anne, new) if (text := one.says(made))]
    assert len(read) == 2
    for text in (*read, to_owners.text):
        assert f"until now:\n    {grouped(anne.fingerprint)}" in text
        assert f"from now on:\n    {grouped(new.fingerprint)}" in text
    for text in read:
        assert "Another key counts for you from now on" in text
        assert "By the owners of the list, on 20" in text
        assert f"write to {encrypted.owner_address} at once" in text
    assert f"Another key counts for {ANNE} from now on" in to_owners.text
    assert "On the command line of the server, on 20" in to_owners.text
    assert f"mailman pgp certificate log {encrypted.list_id} {ANNE}" in to_owners.text


def test_mails_of_their_own(encrypted: Any, anne: Forged, changing: Any) -> None:
    """No mail server takes the second for a repetition of the first, and each goes to its person alone."""
    new = replaced(changing, encrypted)
    _, hidden, _ = split(encrypted)
    opened = [message for one in hidden for made in (anne, new) if (message := one.opened(made)) is not None]
    assert len({message["Message-ID"] for message in opened}) == 2
    for message in opened:
        assert (message["To"], message["From"]) == (ANNE, encrypted.owner_address)
        assert message["Auto-Submitted"] == "auto-replied"
        assert [part.get_filename() for part in message.iter_attachments()] == ["ant.asc"]
    for one in hidden:
        assert grouped(anne.fingerprint).encode() not in one.content


def test_the_earlier_key_is_of_no_use(encrypted: Any, changing: Any, members: Members) -> None:
    """Who only holds a key that nothing can be encrypted to reads it in the clear: what was changed, and no more."""
    old = key(ANNE)
    changing.let_count(encrypted, ANNE, certificate(old), APPROVED, OWNER)
    members.add(encrypted, ANNE)
    old.revoke(at=now() - DAY)
    changing.learn(certificate(old), OWNER, encrypted)
    told()
    new = replaced(changing, encrypted, Actor(Door.REST, OLGA))
    _, (hidden,), (clear,) = split(encrypted)
    assert "By the owners of the list" in hidden.says(new)
    assert clear.template == "key-changed-clear"
    assert grouped(old.fingerprint) in clear.text
    assert grouped(new.fingerprint) in clear.text
    assert "By the owners" not in clear.text
    assert OLGA not in clear.text


def test_first_key_of_a_member(encrypted: Any, changing: Any, members: Members) -> None:
    """Said at that key."""
    members.add(encrypted, ANNE)
    told()
    new = replaced(changing, encrypted, Actor(Door.MAIL, ANNE))
    to_owners, (hidden,), clear = split(encrypted)
    assert "A key counts for you from now on" in hidden.says(new)
    assert "By mail from you" in hidden.says(new)
    assert f"By mail from {ANNE}, on" in to_owners.text
    assert clear == []


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("suspend", ("Your key was suspended", f"The key of {ANNE} was suspended")),
        ("remove", ("Your key was removed", f"The key of {ANNE} was removed")),
    ],
)
def test_no_key_counts_any_more(encrypted: Any, anne: Forged, changing: Any, name: str, words: tuple[str, str]) -> None:
    """Said in the clear, for who has lost it, and at that key."""
    getattr(changing, name)(encrypted, ANNE, Actor(Door.REST, OLGA))
    to_owners, (hidden,), (clear,) = split(encrypted)
    for text in (hidden.says(anne), clear.text):
        assert words[0] in text
        assert grouped(anne.fingerprint) in text
        assert "suspended, removed or revoked" in text
    assert "By the owners of the list" in hidden.says(anne)
    assert "By the owners of the list" not in clear.text
    assert words[1] in to_owners.text
    assert f"Through the web interface by {OLGA}" in to_owners.text


def test_resumed(encrypted: Any, anne: Forged, changing: Any) -> None:
    """Said at the key."""
    changing.suspend(encrypted, ANNE, OWNER)
    told()
    changing.resume(encrypted, ANNE, OWNER)
    to_owners, (hidden,), clear = split(encrypted)
    assert "counts again" in hidden.says(anne)
    assert "counts again" in to_owners.text
    assert clear == []


def test_revoked(encrypted: Any, anne: Forged, changing: Any) -> None:
    """Said in the clear: nothing is encrypted to a revoked key."""
    anne.revoke(at=now() - DAY)
    changing.learn(certificate(anne), Actor(Door.MAIL, ANNE), encrypted)
    to_owners, hidden, (clear,) = split(encrypted)
    assert hidden == []
    assert "Your key is revoked, as it says itself" in clear.text
    assert "is revoked, as it says itself" in to_owners.text


def test_updated(encrypted: Any, anne: Forged, changing: Any) -> None:
    """A newer copy may bring another encryption subkey, so it is said, at the key."""
    anne.user_id("Anne <new@example.com>")
    changing.learn(certificate(anne), OWNER, encrypted)
    to_owners, (hidden,), clear = split(encrypted)
    assert "a newer copy was recorded" in hidden.says(anne)
    assert f"A newer copy of the key of {ANNE}" in to_owners.text
    assert clear == []


def test_news_from_anybody(encrypted: Any, anne: Forged, changing: Any) -> None:
    """Who has sent a newer copy proves nothing, so it is not said to be the owners, nor Anne."""
    anne.user_id("Anne <new@example.com>")
    changing.learn(certificate(anne), Actor(Door.MAIL), encrypted)
    to_owners, (hidden,), _ = split(encrypted)
    assert "The key has signed that itself" in hidden.says(anne)
    assert "By mail, on" in to_owners.text


def test_nobody_is_named_to_the_person(encrypted: Any, anne: Forged, changing: Any) -> None:
    """Which of the owners and moderators did it is for the owners to know."""
    for door in (Door.MAIL, Door.REST, Door.WORKFLOW):
        changing.suspend(encrypted, ANNE, Actor(door, OLGA))
        changing.resume(encrypted, ANNE, Actor(door, OLGA))
        found = told()
        assert [one.text.count(OLGA) for one in found if one.recipient == encrypted.owner_address] == [2]
        for one in found:
            if one.recipient == ANNE:
                assert OLGA not in (one.says(anne) if one.template == "encrypted" else one.text)


def test_by_a_moderators_word(encrypted: Any, anne: Forged, changing: Any) -> None:
    """What a moderator has decided by mail is said to be theirs, as what they decide about a request."""
    new = replaced(changing, encrypted, Actor(Door.MAIL, OLGA))
    _, hidden, _ = split(encrypted)
    for text in [text for one in hidden for made in (anne, new) if (text := one.says(made))]:
        assert "By a moderator of the list, on 20" in text


def unchanged() -> dict[str, Callable[[Any, Any, Forged], object]]:
    """What is no change of a key."""
    return {
        "proved once more": lambda changing, mlist, made: changing.let_count(
            mlist, ANNE, certificate(made), PROVEN, Actor(Door.MAIL, ANNE)
        ),
        "approved": lambda changing, mlist, _made: changing.approve(mlist, ANNE, Actor(Door.WORKFLOW, OLGA)),
        "compared": lambda changing, mlist, made: changing.compare(mlist, ANNE, made.fingerprint, OWNER),
        "added again": lambda changing, mlist, made: changing.let_count(
            mlist, ANNE, certificate(made), APPROVED, OWNER
        ),
        "learnt again": lambda changing, mlist, made: changing.learn(certificate(made), OWNER, mlist),
    }


@pytest.mark.parametrize("what", unchanged())
def test_no_change(encrypted: Any, members: Members, changing: Any, what: str) -> None:
    """Nobody is told where nothing was changed."""
    made = key(ANNE)
    changing.let_count(encrypted, ANNE, certificate(made), PROVEN, Actor(Door.MAIL, ANNE))
    members.add(encrypted, ANNE)
    told()
    unchanged()[what](changing, encrypted, made)
    assert told() == []


@pytest.mark.parametrize("role", ["owner", "moderator"])
def test_every_role(encrypted: Any, members: Members, changing: Any, role: str) -> None:
    """An owner or a moderator is on the list, too."""
    members.add(encrypted, ANNE, role=role)
    told()
    new = replaced(changing, encrypted)
    _, (hidden,), _ = split(encrypted)
    assert hidden.says(new)


def test_who_is_not_on_the_list(encrypted: Any, other: Any, changing: Any, members: Members) -> None:
    """Nobody is told of somebody who has not joined, may they be on another list."""
    members.add(other, ANNE)
    members.add(encrypted, ANNE, role="nonmember")
    told()
    replaced(changing, encrypted)
    replaced(changing, encrypted)
    changing.suspend(encrypted, ANNE, OWNER)
    changing.remove(encrypted, ANNE, OWNER)
    assert told() == []


def test_a_list_that_is_a_member(encrypted: Any, other: Any, changing: Any, members: Members) -> None:
    """It would post what it is told to its own members, or answer; so the owners alone are told."""
    members.add(encrypted, other.posting_address)
    told()
    made = key(other.posting_address)
    changing.let_count(encrypted, other.posting_address, certificate(made), APPROVED, OWNER)
    changing.suspend(encrypted, other.posting_address, OWNER)
    assert {one.recipient for one in told()} == {encrypted.owner_address}


def test_a_name_that_is_not_ascii(encrypted: Any, anne: Forged, changing: Any) -> None:
    """The list's own name stands in the subject as it is."""
    encrypted.display_name = "Übung für {alle}"
    new = replaced(changing, encrypted)
    _, hidden, _ = split(encrypted)
    opened = [message for one in hidden for made in (anne, new) if (message := one.opened(made)) is not None]
    assert [message["Subject"] for message in opened] == ["Your key for the list Übung für {alle}"] * 2


def later(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the time pass that a process has to tell of what it has taken up."""
    from mailman_pgp.exchange import telling  # noqa: PLC0415 - core must be initialised

    monkeypatch.setattr(telling, "now", lambda: dt.datetime.now(dt.UTC).replace(tzinfo=None) + dt.timedelta(minutes=11))


def test_what_failed(encrypted: Any, anne: Forged, changing: Any, store: Session) -> None:
    """Nothing is said before a change was committed, nor of one that was not: it would be a false alarm."""
    from mailman.testing.helpers import get_queue_messages  # noqa: PLC0415 - core must be initialised

    changing.suspend(encrypted, ANNE, OWNER)
    changing.learn(certificate(anne), OWNER, encrypted)
    assert not any(get_queue_messages(queue) for queue in ("virgin", "out"))
    store.rollback()
    assert told() == []


@pytest.mark.usefixtures("anne")
def test_a_process_that_dies(encrypted: Any, changing: Any, store: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    """Killed after it has taken a change up, it leaves it to others; meanwhile nobody else tells of it, and nobody twice."""
    changing.suspend(encrypted, ANNE, OWNER)
    store.commit()
    assert len(journal.take(dt.datetime.now(dt.UTC).replace(tzinfo=None))) == 1
    store.commit()
    assert told() == []
    later(monkeypatch)
    assert len(told()) == 3
    assert told() == []


@pytest.mark.usefixtures("anne")
def test_a_clock_that_was_ahead(encrypted: Any, changing: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was changed in the future is told at once, too."""
    ahead = dt.datetime.now(dt.UTC).replace(tzinfo=None) + dt.timedelta(days=365)
    with monkeypatch.context() as patch:
        patch.setattr(journal, "now", lambda: ahead)
        changing.suspend(encrypted, ANNE, OWNER)
    assert len(told()) == 3
    assert told() == []


def test_one_that_fails(
    encrypted: Any, anne: Forged, changing: Any, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """The others are told all the same, and that one later; the log has what was raised, and not its text."""
    from mailman_pgp.exchange import telling_people  # noqa: PLC0415 - core must be initialised

    letters = telling_people._letters

    def fail(desk: Any, event: journal.Event) -> list[tuple[str, bytes]]:
        if event.act is journal.Act.SUSPENDED:
            raise RuntimeError("canary")
        return letters(desk, event)

    changing.suspend(encrypted, ANNE, OWNER)
    changing.resume(encrypted, ANNE, OWNER)
    with monkeypatch.context() as patch:
        patch.setattr(telling_people, "_letters", fail)
        (to_owners,) = [one for one in told() if one.recipient == encrypted.owner_address]
    assert "RuntimeError was raised at" in caplog.text
    assert "canary" not in caplog.text
    assert "counts again" in to_owners.text
    assert "was suspended." not in to_owners.text
    later(monkeypatch)
    to_owners, (hidden,), (_clear,) = split(encrypted)
    assert "was suspended" in to_owners.text
    assert "Your key was suspended" in hidden.says(anne)


def test_many_at_once(encrypted: Any, changing: Any, members: Members) -> None:
    """Of a keyring the owners read in one mail; each person reads of theirs alone."""
    people = [f"member{number}@example.com" for number in range(5)]
    for person in people:
        members.add(encrypted, person)
        changing.let_count(encrypted, person, certificate(key(person)), APPROVED, OWNER)
    found = [one for one in told() if one.template == "encrypted" or one.recipient == encrypted.owner_address]
    (to_owners,) = [one for one in found if one.recipient == encrypted.owner_address]
    for person in people:
        assert f"A key counts for {person} from now on." in to_owners.text
        assert f"    mailman pgp certificate log {encrypted.list_id} {person}" in to_owners.text
    assert sorted(one.recipient for one in found if one is not to_owners) == people


@pytest.fixture
def few_at_once(monkeypatch: pytest.MonkeyPatch) -> int:
    """So many changes are told of at once, and no more are described to the owners."""
    monkeypatch.setattr(journal, "AT_ONCE", 3)
    return 3


def brought(mlist: Any, members: Members, changing: Any, people: list[str]) -> None:
    """Keys count for people who are on the list."""
    from mailman.testing.helpers import get_queue_messages  # noqa: PLC0415 - core must be initialised

    for person in people:
        members.add(mlist, person)
        changing.let_count(mlist, person, certificate(key(person)), APPROVED, OWNER)
    get_queue_messages("virgin")  # the welcomes


def rounds(mlist: Any, number: int) -> tuple[list[str], list[str]]:
    """What the owners are told in so many turns; and who is told, in which order."""
    to_owners, people = [], []
    for _ in range(number):
        for one in told():
            if one.recipient == mlist.owner_address:
                to_owners.append(one.text)
            elif one.template == "encrypted":
                people.append(one.recipient)
    return to_owners, people


@pytest.mark.usefixtures("few_at_once")
def test_more_than_are_told_of_at_once(encrypted: Any, changing: Any, members: Members) -> None:
    """The owners get one mail of all of them, which counts them and says where each is to be seen; each person is told once."""
    people = [f"member{number}@example.com" for number in range(8)]
    brought(encrypted, members, changing, people)
    (to_owners,), reached = rounds(encrypted, 4)
    assert reached == people
    assert "8  keys that count where none did (On the command line of the server)" in to_owners
    assert to_owners.endswith(f"    mailman pgp certificate log {encrypted.list_id}\n")
    assert not any(person in to_owners for person in people)
    changing.suspend(encrypted, people[0], OWNER)
    (to_owners,), _ = rounds(encrypted, 1)
    assert f"The key of {people[0]} was suspended." in to_owners


@pytest.mark.usefixtures("few_at_once")
def test_an_alarm_among_many(encrypted: Any, anne: Forged, changing: Any, members: Members) -> None:
    """Whose key was replaced is named: nobody would find it among thousands that have got their first one."""
    people = [f"member{number}@example.com" for number in range(5)]
    brought(encrypted, members, changing, people[:4])
    replaced(changing, encrypted, Actor(Door.REST, OLGA))
    brought(encrypted, members, changing, people[4:])
    (to_owners,), reached = rounds(encrypted, 3)
    assert sorted(reached) == sorted([*people, ANNE, ANNE])
    assert "5  keys that count where none did" in to_owners
    assert "1  keys that count in place of others (Through the web interface by olga@example.com)" in to_owners
    assert f"Another key counts for {ANNE} from now on" in to_owners
    assert grouped(anne.fingerprint) not in to_owners


@pytest.mark.usefixtures("few_at_once", "anne")
def test_while_many_are_told(encrypted: Any, changing: Any, members: Members) -> None:
    """What is changed meanwhile is no part of what was counted, and is told to the owners by itself."""
    brought(encrypted, members, changing, [f"member{number}@example.com" for number in range(7)])
    assert len(rounds(encrypted, 1)[0]) == 1
    changing.suspend(encrypted, ANNE, OWNER)
    (to_owners,), _ = rounds(encrypted, 3)
    assert f"The key of {ANNE} was suspended." in to_owners


@pytest.mark.usefixtures("few_at_once")
def test_killed_while_many_are_told(
    encrypted: Any, changing: Any, members: Members, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was not committed is told again: the owners read of all of them twice, and not of a part."""
    from mailman.config import config  # noqa: PLC0415 - core must be initialised
    from mailman.testing.helpers import get_queue_messages  # noqa: PLC0415

    from mailman_pgp.exchange import telling  # noqa: PLC0415

    brought(encrypted, members, changing, [f"member{number}@example.com" for number in range(5)])

    def die(_told: object) -> None:
        raise SystemExit

    with monkeypatch.context() as patch:
        patch.setattr(telling.journal, "told", die)
        with pytest.raises(SystemExit):
            told()
    config.db.abort()
    assert [len(get_queue_messages(queue)) for queue in ("virgin", "out")] == [1, 1]
    later(monkeypatch)
    (to_owners,), reached = rounds(encrypted, 3)
    assert "5  keys that count where none did" in to_owners
    assert len(reached) == 5


def test_what_many_have_in_common(encrypted: Any, changing: Any, members: Members) -> None:
    """It is looked up once, and all that is written to them is one entry of the queue."""
    from mailman.testing.helpers import get_queue_messages  # noqa: PLC0415 - core must be initialised

    from mailman_pgp.runners import housekeeping  # noqa: PLC0415

    statements = []
    for number in (2, 12):
        brought(encrypted, members, changing, [f"member{number}.{one}@example.com" for one in range(number)])
        with counted() as found:
            housekeeping.tell_of_changes()
        statements.append(len(found))
        assert [len(item.msgdata["recipients"]) for item in get_queue_messages("out")] == [number]
    assert statements[0] == statements[1]


def test_each_in_their_language(encrypted: Any, changing: Any, members: Members) -> None:
    """Though all are written to at once: of their address, else of their user, else of the list."""
    people = {ANNE: "de", "bart@example.com": "", "cris@example.com": "de"}
    made = {person: key(person) for person in people}
    for person, language in people.items():
        members.add(encrypted, person)
        changing.let_count(encrypted, person, certificate(made[person]), APPROVED, OWNER)
        found = encrypted.members.get_member(person).address
        if language:
            (found if person == ANNE else found.user).preferences.preferred_language = language
    subjects = {
        one.recipient: str(opened["Subject"])
        for one in told()
        if one.template == "encrypted" and (opened := one.opened(made[one.recipient])) is not None
    }
    assert {person: "key" in subject for person, subject in subjects.items()} == {
        person: language != "de" for person, language in people.items()
    }


def test_changed_and_left_at_once(encrypted: Any, anne: Forged, changing: Any, store: Session) -> None:
    """Whoever puts a key in the place of another one, and leaves with the same mail, is told of by the other one all the same."""
    new = replaced(changing, encrypted, Actor(Door.MAIL, ANNE))
    encrypted.members.get_member(ANNE).unsubscribe()
    _, hidden, clear = split(encrypted)
    assert sorted(bool(one.says(made)) for made in (anne, new) for one in hidden) == [False, False, True, True]
    assert clear == []
    cleanup.sweep()
    store.commit()
    assert store.scalar(select(func.count()).select_from(StoredCertificate)) == 0


def test_a_list_without_a_key(
    encrypted: Any,
    other: Any,
    anne: Forged,
    changing: Any,
    store: Session,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """It can tell its people nothing until it has one, of which the log speaks, and keeps no other list from telling theirs."""
    changing.let_count(other, ANNE, certificate(anne), APPROVED, OWNER)
    other.subscribe(encrypted.members.get_member(ANNE).address)
    told()
    own = store.execute(select(ListKey.__table__).where(ListKey.list_id == other.list_id)).one()
    store.execute(delete(ListKey).where(ListKey.list_id == other.list_id))
    store.commit()
    anne.revoke(at=now() - DAY)
    changing.learn(certificate(anne), OWNER, encrypted)
    assert [(one.list_id, one.recipient) for one in told() if one.recipient == ANNE] == [(encrypted.list_id, ANNE)]
    assert "has no list key" in caplog.text
    assert next(event.act for event in journal.of(other.list_id, ANNE)) is journal.Act.REVOKED
    store.execute(insert(ListKey).values(own._asdict()))
    store.commit()
    later(monkeypatch)
    assert {(one.list_id, one.recipient) for one in told()} == {
        (other.list_id, ANNE),
        (other.list_id, other.owner_address),
    }


def test_while_the_plugin_is_not_healthy(encrypted: Any, anne: Forged, changing: Any) -> None:
    """A key is suspended all the same, at once; what is said waits until it can be signed."""
    state = health._state
    health.forget()
    changing.suspend(encrypted, ANNE, OWNER)
    assert told() == []
    health._state = state
    _, (hidden,), (clear,) = split(encrypted)
    for text in (hidden.says(anne), clear.text):
        assert grouped(anne.fingerprint) in text


@pytest.mark.usefixtures("encrypted")
def test_a_look_that_finds_nothing_is_short(store: Session) -> None:
    """It takes one transaction, for each of which SQLite opens the database anew; and none is open while the runner sleeps."""
    from mailman.config import config  # noqa: PLC0415 - core must be initialised

    from mailman_pgp.runners import housekeeping  # noqa: PLC0415

    told()
    begun: list[Any] = []

    def note(connection: Any) -> None:
        begun.append(connection)

    event.listen(config.db.engine, "begin", note)
    try:
        housekeeping.tell_of_changes()
    finally:
        event.remove(config.db.engine, "begin", note)
    assert len(begun) == 1
    assert not store.in_transaction()
