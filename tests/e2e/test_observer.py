"""Whoever has recorded every message of a conversation, in both directions, changes nothing and learns nothing by sending it on.

Each message, and the whole sequence, goes to every address of the list, and of another one where the same people are members with
the same keys.  Nothing is done, nobody else gets anything, and what comes to the author says nothing of what was in it.
"""

from __future__ import annotations

import base64
import email
import email.policy
import re
from email.mime.text import MIMEText
from pathlib import Path
from typing import TYPE_CHECKING, Any

import conversations
import pytest
from conversations import readable, text_of
from plays import ASKED_IN_THE_CLEAR, CONVERSATIONS
from scenes import Scene

from mailman_pgp.sandbox import Options, Sandbox

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from people import Person

pytestmark = pytest.mark.deep

ROLES = ("", "request", "join", "subscribe", "leave", "unsubscribe", "confirm", "owner", "bounces")
#: Where the most is at stake: tried each time.
MAIN = ("", "request", "owner")
_MESSAGE = re.compile(rb"-----BEGIN PGP MESSAGE-----.*?-----END PGP MESSAGE-----", re.DOTALL)


@pytest.fixture(scope="module")
def observed(tmp_path_factory: pytest.TempPathFactory, new_database: Callable[[], str | None]) -> Iterator[Sandbox]:
    """A Mailman that answers as often as it is written to."""
    options = Options(database_url=new_database(), settings=["mta.max_autoresponses_per_day=0"])
    with Sandbox(tmp_path_factory.mktemp("observed"), options) as running:
        yield running


#: Those that go each in a way of its own; the others are played by the thorough tests, to every address.
OWN_WAYS = (
    "join",
    "join-accepted",
    "key-change",
    "key-change-accepted",
    "key-refresh",
    "leave",
    "leave-without-key",
    "who",
    "post-accepted",
)


def later(*now: str) -> list[Any]:
    """All conversations as parameters; those that are not named are for the thorough tests."""
    return [name if name in now else pytest.param(name, marks=pytest.mark.deep) for name in CONVERSATIONS]


def unprotected(person: Person, text: str, *, to: str, subject: str = "", attached: bytes | None = None) -> bytes:
    """What a mail says by a program that protects no headers."""
    del to, subject
    inside = f"X-Of: {person.name}\n".encode() + MIMEText(text).as_bytes()
    if attached is None:
        return inside
    block = base64.encodebytes(attached).decode()
    armored = f"-----BEGIN PGP PUBLIC KEY BLOCK-----\n\n{block}-----END PGP PUBLIC KEY BLOCK-----\n"
    return MIMEText(f"{text}\n\n{armored}").as_bytes()


def replay(
    scene: Scene, recorded: list[tuple[Person, bytes]], *, here: tuple[str, ...], there: tuple[str, ...]
) -> None:
    """Send all of it to these addresses of the list, and of the other one."""
    for place, roles in ((scene.here, here), (scene.other, there)):
        for role in roles:
            to = place.sub_address(role) if role else place.address
            for person, message in recorded:
                # In the clear anybody can write to the owners, who read it then, and so they do what is no bounce.
                if role not in {"owner", "bounces"} or b"BEGIN PGP MESSAGE" in message:
                    scene.here.sandbox.lmtp_send(person.address, to, message)
    scene.here.sandbox.wait_until_idle()


def observes(scene: Scene, name: str, *, here: tuple[str, ...], there: tuple[str, ...]) -> None:
    """Have a conversation and replay it: nothing changes, nobody else gets anything, what the author gets says nothing."""
    sandbox = scene.here.sandbox
    CONVERSATIONS[name](scene)
    scene.here.wait_until_told()
    recorded = list(scene.sent)
    for person in scene.people:
        recorded += [(person, kept.content) for kept in sandbox.mailbox.messages(person.address)]
    assert len(recorded) > 1
    before, questions, mail = scene.state(), scene.questions(), scene.counts()
    notices = [said for person in scene.people for said in readable(person)]
    codes = {code for said in notices for code in conversations._CODE.findall(text_of(said))}
    replay(scene, recorded, here=here, there=there)
    assert sandbox.queue("shunt") == []
    after = scene.state()
    if name in ASKED_IN_THE_CLEAR or "leave" in here:
        # Anybody can ask that a member leaves, and whatever is unsigned asks that at -leave; it waits for a moderator.
        asked = {("unsubscription", person.address, "moderator") for person in scene.people}
        assert {row[2:] for row in after.pop("requests")} <= asked.union(row[2:] for row in before["requests"])
    assert {what: found for what, found in after.items() if found != before[what]} == {}
    assert questions <= scene.questions()
    writers = {person.address for person, _ in scene.sent}
    if name in ASKED_IN_THE_CLEAR or "bounces" in here:
        # Core shows its owners what comes to -bounces and is none: as it came, ciphertext.
        writers.add(scene.olga.address)
    for person in scene.people:
        new = sandbox.mailbox.messages(person.address)[mail[person.address] :]
        assert person.address in writers or not [kept.message["subject"] for kept in new]
        for kept in new:
            harmless(person, kept.content, codes)


@pytest.mark.parametrize("name", later(*OWN_WAYS))
def test_replayed(observed: Sandbox, name: str) -> None:
    """To the addresses where the most is at stake."""
    observes(Scene.make(observed), name, here=MAIN, there=MAIN[1:2])


@pytest.mark.parametrize("name", CONVERSATIONS)
def test_replayed_everywhere(observed: Sandbox, name: str) -> None:
    """To every address of both lists."""
    observes(Scene.make(observed), name, here=ROLES, there=ROLES)


@pytest.mark.parametrize("name", later("who", "key-change"))
def test_replayed_without_protected_headers(observed: Sandbox, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same where people's programs leave all headers outside of the encryption, so that nothing says whereto it goes."""
    monkeypatch.setattr(conversations, "content", unprotected)
    observes(Scene.make(observed), name, here=MAIN, there=MAIN[1:2])


def test_every_command() -> None:
    """Each command has a conversation that the observer replays; the manual's table names them all, as a test of its own shows."""
    manual = (Path(__file__).parents[2] / "docs/commands.md").read_text()
    commands = re.findall(r"^\| `([a-z ]+)` \|", manual, re.MULTILINE)
    assert len(commands) > 10
    assert {name.replace(" ", "-") for name in commands} <= set(CONVERSATIONS)


def harmless(person: Person, content: bytes, codes: set[str]) -> None:
    """What came to an author because of a replay is a template of ours, or a question with another code."""
    if b"BEGIN PGP MESSAGE" in content:
        found = _MESSAGE.search(content)
        assert found is not None
        try:
            said = email.message_from_bytes(
                person.key.read(found[0], person.list.certificate).content, policy=email.policy.default
            )
        except ValueError:
            return  # they have another key by now
        text = text_of(said)
    else:
        said = email.message_from_bytes(content, policy=email.policy.default)
        text = said.get_body(("plain",)).get_content()  # type: ignore[union-attr]
    assert not any(code in text for code in codes)
    subject = str(said["subject"])
    assert any(words in subject for words in HARMLESS), f"{subject}\n{text}"


#: Subjects of what may come of a replay.
HARMLESS = (
    "Uncaught bounce notification",
    "is to leave",
    "was not accepted",
    "Please confirm",
    "does not know this code",
    "holds no code",
    "has to be signed",
    "has to stand in the text",
    "Your certificate",
    "How to use the list",
    "Your request to leave",
    "was not encrypted",
    "Somebody asked that you leave",
)
