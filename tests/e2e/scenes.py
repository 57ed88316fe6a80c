"""A list with its people on a wire that somebody records, and all that must not change when the recording is sent again."""

from __future__ import annotations

import contextlib
import sqlite3
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from conversations import asked, readable, reply, tell
from keys import forge_usable
from people import EncryptedList, Person

from mailman_pgp.openpgp.memberkeys import MemberKey
from mailman_pgp.sandbox import Sandbox, until

if TYPE_CHECKING:
    from keys import Forged

# What counts, and what waits.  Of questions those are left out that were asked meanwhile: nobody can answer them but their person.
STATE = {
    "certificates that count": "SELECT list_id, address, fingerprint, state, until FROM pgp_choice",
    "certificates": "SELECT fingerprint, data, revoked FROM pgp_certificate",
    "what was done": "SELECT list_id, address, fingerprint, act, door, by FROM pgp_key_event",
    "what was done about lists": "SELECT list_id, deed, door, by, address, what FROM pgp_list_event",
    "settings": "SELECT list_id, key_sign_by, lost_key_leave, on_unbound FROM pgp_list",
    "keys of lists": "SELECT list_id, fingerprint, state, certificate FROM pgp_list_key",
    "certifications": "SELECT list_id, address, data FROM pgp_certification",
    "requests": "SELECT token, list_id, purpose, email, waits_for FROM wf_request",
    "held posts": "SELECT id, key FROM _request",
    "members": "SELECT list_id, role, address_id FROM member",
    "lists": "SELECT list_id, subscription_policy, max_message_size, send_welcome_message FROM mailinglist",
}
QUESTIONS = "SELECT token FROM wf_question"


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
                place.certify(person)
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
