"""Whoever has recorded every message of a conversation, in both directions, changes nothing and learns nothing by sending it on.

Each message, and the whole sequence, goes to every address of the list, and of another one where the same people are members with
the same keys.  Nothing is done, nobody else gets anything, and what comes to the author says nothing of what was in it.
"""

from __future__ import annotations

import base64
import contextlib
import email
import email.policy
import re
import sqlite3
from dataclasses import dataclass, field
from email.mime.text import MIMEText
from typing import TYPE_CHECKING, Any

import conversations
import pytest
from conversations import armored, asked, clear, encrypted, readable, reply, tell, text_of
from keys import POSITIVE, certified, forge_usable, signature
from keys import now as seconds
from people import EncryptedList, Person

from mailman_pgp.openpgp.memberkeys import MemberKey
from mailman_pgp.openpgp.packets import walk
from mailman_pgp.sandbox import Options, Sandbox, until

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from keys import Forged

ROLES = ("", "request", "join", "subscribe", "leave", "unsubscribe", "confirm", "owner", "bounces")
#: Where the most is at stake: tried each time.
MAIN = ("", "request", "owner")

# What counts, and what waits.  Of questions those are left out that were asked meanwhile: nobody can answer them but their person.
STATE = {
    "certificates that count": "SELECT list_id, address, fingerprint, state, until FROM pgp_choice",
    "certificates": "SELECT fingerprint, data, revoked FROM pgp_certificate",
    "what was done": "SELECT list_id, address, fingerprint, act, door FROM pgp_key_event",
    "certifications": "SELECT list_id, address, data FROM pgp_certification",
    "requests": "SELECT token, list_id, purpose, email, waits_for FROM wf_request",
    "held posts": "SELECT id, key FROM _request",
    "members": "SELECT list_id, role, address_id FROM member",
    "lists": "SELECT list_id, subscription_policy, max_message_size, send_welcome_message FROM mailinglist",
}
_MESSAGE = re.compile(rb"-----BEGIN PGP MESSAGE-----.*?-----END PGP MESSAGE-----", re.DOTALL)
QUESTIONS = "SELECT token FROM wf_question"


@pytest.fixture(scope="module")
def observed(tmp_path_factory: pytest.TempPathFactory, new_database: Callable[[], str | None]) -> Iterator[Sandbox]:
    """A Mailman that answers as often as it is written to."""
    options = Options(database_url=new_database(), settings=["mta.max_autoresponses_per_day=0"])
    with Sandbox(tmp_path_factory.mktemp("observed"), options) as running:
        yield running


def rows(sandbox: Sandbox, query: str) -> list[tuple[Any, ...]]:
    """What a query finds, in some order that is always the same."""
    url = sandbox.options.database_url
    if url is None:
        database = sandbox.place.var / "data" / "mailman.db"
        with contextlib.closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True, timeout=30)) as connection:
            found = connection.execute(query).fetchall()
    else:
        from sqlalchemy import create_engine, text  # noqa: PLC0415 - only where a server is asked for

        engine = create_engine(url)
        with engine.connect() as connection:
            found = [tuple(row) for row in connection.execute(text(query)).all()]
        engine.dispose()
    return sorted((tuple(bytes(v) if isinstance(v, memoryview) else v for v in row) for row in found), key=repr)


@dataclass
class Scene:
    """A list with its people, another one with the same, and all that went over the wire."""

    here: EncryptedList
    other: EncryptedList
    anne: Person
    bart: Person
    olga: Person
    nora: Person
    nora_key: Forged
    sent: list[tuple[Person, bytes]] = field(default_factory=list)

    @classmethod
    def make(cls, sandbox: Sandbox) -> Scene:
        """Anne and Bart are members of both lists, Olga looks after both, Nora is on none."""
        here, there = EncryptedList.make(sandbox), EncryptedList.make(sandbox)
        address = f"nora{here.number}@example.net"
        forged = forge_usable(f"Nora <{address}>")
        nora = Person(here, "Nora", address, MemberKey(forged.secret))
        made = cls(here, there, here.person("Anne"), here.person("Bart"), here.person("Olga"), nora, forged)
        for place in (here, there):
            for person in (made.anne, made.bart, made.olga):
                certificate = {"address": person.address, "certificate": armored(person.key.certificate)}
                sandbox.rest(f"plugins/pgp/lists/{place.list_id}/certificates", certificate)
            place.subscribe(made.anne)
            place.subscribe(made.bart)
            sandbox.rest.subscribe(place.list_id, made.olga.address, role="owner")
        return made

    @property
    def people(self) -> list[Person]:
        """All of them."""
        return [self.anne, self.bart, self.olga, self.nora]

    def tell(self, person: Person, message: bytes, to: str = "request") -> None:
        """Mail it, with the observer on the wire."""
        self.sent.append((person, message))
        tell(person, message, to) if to else person.send(message)

    def answer(
        self, person: Person, message: bytes, word: str = "yes", key: MemberKey | None = None, number: int = 1
    ) -> None:
        """Mail a command, and confirm it."""
        self.tell(person, message)
        reader = person if key is None else Person(person.list, person.name, person.address, key)
        self.tell(person, reply(reader, asked(reader, number), word))

    def config(self, **settings: str) -> None:
        """Set settings of the list."""
        self.here.sandbox.rest(f"lists/{self.here.list_id}/config", settings, "PATCH")

    def asked_of_olga(self, words: str) -> Any:
        """The question to the moderator with these words in its subject."""
        return until(
            lambda: next((said for said in readable(self.olga) if words in str(said["subject"])), None),
            f"the question with {words}",
        )

    def state(self) -> dict[str, list[tuple[Any, ...]]]:
        """All that must not change."""
        return {what: rows(self.here.sandbox, query) for what, query in STATE.items()}

    def questions(self) -> set[str]:
        """What waits for an answer."""
        return {str(token) for (token,) in rows(self.here.sandbox, QUESTIONS)}

    def counts(self) -> dict[str, int]:
        """How much mail everybody has got."""
        box = self.here.sandbox.mailbox
        return {person.address: box.count(person.address) for person in self.people}


def join(scene: Scene) -> None:
    """Somebody joins with a key."""
    scene.config(subscription_policy="confirm")
    scene.answer(scene.nora, clear(scene.nora, "join", attached=scene.nora.key.certificate))


def join_encrypted(scene: Scene) -> None:
    """The same, encrypted and signed from the beginning."""
    scene.config(subscription_policy="confirm")
    scene.answer(scene.nora, encrypted(scene.nora, "join", attached=scene.nora.key.certificate))


def join_with_known_key(scene: Scene) -> None:
    """The key counts already."""
    scene.config(subscription_policy="confirm")
    scene.here.certify(scene.nora)
    scene.answer(scene.nora, encrypted(scene.nora, "join"))


def join_moderated(word: str) -> Callable[[Scene], None]:
    """A moderator decides."""

    def run(scene: Scene) -> None:
        scene.config(subscription_policy="confirm_then_moderate")
        scene.answer(scene.nora, clear(scene.nora, "join", attached=scene.nora.key.certificate))
        scene.tell(scene.olga, reply(scene.olga, scene.asked_of_olga("asks to join"), word))

    return run


def key_set(scene: Scene) -> None:
    """A key before a membership."""
    scene.answer(scene.nora, clear(scene.nora, "key set", attached=scene.nora.key.certificate))


def key_change(scene: Scene) -> None:
    """By the old key and the new one."""
    new = MemberKey.generate(f"Anne <{scene.anne.address}>")
    scene.answer(scene.anne, encrypted(scene.anne, "key change", attached=new.certificate), key=new)


def key_change_moderated(word: str) -> Callable[[Scene], None]:
    """By the new key and a moderator."""

    def run(scene: Scene) -> None:
        new = MemberKey.generate(f"Anne <{scene.anne.address}>")
        scene.answer(scene.anne, clear(scene.anne, "key change", attached=new.certificate), key=new)
        scene.tell(scene.olga, reply(scene.olga, scene.asked_of_olga("Another key"), word))

    return run


def key_revoke(scene: Scene) -> None:
    """By a signature."""
    scene.answer(scene.anne, encrypted(scene.anne, "key revoke"))


def key_revoked(scene: Scene) -> None:
    """By the revocation itself."""
    scene.here.certify(scene.nora)
    scene.here.subscribe(scene.nora)
    scene.nora_key.revoke(at=seconds() - 10)
    scene.tell(scene.nora, clear(scene.nora, "key revoke", attached=scene.nora_key.public))


def key_refresh(scene: Scene) -> None:
    """A newer copy."""
    scene.here.certify(scene.nora)
    scene.here.subscribe(scene.nora)
    scene.nora_key.user_id("Nora <nora@example.org>")
    scene.tell(scene.nora, clear(scene.nora, "key refresh", attached=scene.nora_key.public))


def key_sign(scene: Scene) -> None:
    """A certification of the list's certificate."""
    scene.here.certify(scene.nora)
    scene.here.subscribe(scene.nora)
    scene.here.sandbox.rest(f"plugins/pgp/lists/{scene.here.list_id}", {"key_sign_by": "members"}, "PATCH")
    primary, *rest = walk(scene.here.certificate)
    user_id = next(one.body.decode() for one in rest if one.tag == 13)
    made = signature(scene.nora_key.primary, POSITIVE, certified(primary.body, user_id), at=seconds())
    at = next(one.end for one in rest if one.tag == 13)
    copy = scene.here.certificate[:at] + made + scene.here.certificate[at:]
    scene.answer(scene.nora, encrypted(scene.nora, "key sign", attached=copy))


def simple(command: str) -> Callable[[Scene], None]:
    """A member's command."""

    def run(scene: Scene) -> None:
        scene.answer(scene.anne, encrypted(scene.anne, command))

    return run


def several(scene: Scene) -> None:
    """Several commands, as one confirmation."""
    scene.answer(scene.anne, encrypted(scene.anne, "echo\nkey show\nwho"))


def refused(scene: Scene) -> None:
    """It was not them."""
    scene.answer(scene.anne, encrypted(scene.anne, "leave"), word="no")


def never_answered(scene: Scene) -> None:
    """The question is open still."""
    scene.tell(scene.anne, encrypted(scene.anne, "leave"))
    asked(scene.anne)


def leave_without_key(scene: Scene) -> None:
    """A lost key, and a moderator."""
    scene.tell(scene.anne, clear(scene.anne, "leave"))
    scene.tell(scene.olga, reply(scene.olga, scene.asked_of_olga("is to leave"), "accept"))


def leave_by_proof(scene: Scene) -> None:
    """Asked for in the clear, answered with the key."""
    scene.answer(scene.anne, clear(scene.anne, "leave"))


def stay(scene: Scene) -> None:
    """Somebody else has asked that they leave."""
    tell(scene.anne, clear(scene.anne, "leave"))
    asked(scene.anne)
    scene.answer(scene.anne, encrypted(scene.anne, "stay"), number=2)


def held_post(word: str) -> Callable[[Scene], None]:
    """A post that waits."""

    def run(scene: Scene) -> None:
        scene.config(default_member_action="hold")
        scene.tell(scene.anne, scene.anne.write("The post"), "")
        scene.tell(scene.olga, reply(scene.olga, scene.asked_of_olga("waits"), word))

    return run


CONVERSATIONS: dict[str, Callable[[Scene], None]] = {
    "join": join,
    "join-encrypted": join_encrypted,
    "join-known-key": join_with_known_key,
    "join-accepted": join_moderated("accept"),
    "join-rejected": join_moderated("reject"),
    "join-discarded": join_moderated("discard"),
    "key-set": key_set,
    "key-change": key_change,
    "key-change-accepted": key_change_moderated("accept"),
    "key-change-rejected": key_change_moderated("reject"),
    "key-revoke": key_revoke,
    "key-revoked": key_revoked,
    "key-refresh": key_refresh,
    "key-sign": key_sign,
    "key-show": simple("key show"),
    "leave": simple("leave"),
    "leave-without-key": leave_without_key,
    "leave-by-proof": leave_by_proof,
    "stay": stay,
    "who": simple("who"),
    "echo": simple("echo"),
    "several": several,
    "no": refused,
    "not-answered": never_answered,
    "post-accepted": held_post("accept"),
    "post-rejected": held_post("reject"),
    "post-discarded": held_post("discard"),
}


#: The conversations that begin with something unsigned which anybody can write.
ASKED_IN_THE_CLEAR = ("leave-without-key", "leave-by-proof")


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
    sandbox.wait_until_idle()
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


@pytest.mark.deep
@pytest.mark.parametrize("name", CONVERSATIONS)
def test_replayed_everywhere(observed: Sandbox, name: str) -> None:
    """To every address of both lists."""
    observes(Scene.make(observed), name, here=ROLES, there=ROLES)


@pytest.mark.parametrize("name", later("who", "key-change"))
def test_replayed_without_protected_headers(observed: Sandbox, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same where people's programs leave all headers outside of the encryption, so that nothing says whereto it goes."""
    monkeypatch.setattr(conversations, "content", unprotected)
    observes(Scene.make(observed), name, here=MAIN, there=MAIN[1:2])


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
