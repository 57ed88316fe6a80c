"""What commands by mail leave behind: no code outside of encryption, and nothing of what people wrote."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

import pytest
from canary import Canary
from conversations import armored, asked, clear, clear_texts, code_in, encrypted, quoted, readable, reply, tell, text_of
from people import EncryptedList
from traces import Traces
from watching import AUTOMATIC

from mailman_pgp.openpgp.memberkeys import MemberKey
from mailman_pgp.sandbox import until

if TYPE_CHECKING:
    from people import Person

    from mailman_pgp.sandbox import Sandbox

pytestmark = pytest.mark.deep


@pytest.fixture
def watched_list(watched: Sandbox) -> EncryptedList:
    """A list of a Mailman that writes down as much as it can."""
    made = EncryptedList.make(watched)
    watched.rest(f"lists/{made.list_id}/config", {**AUTOMATIC, "subscription_policy": "confirm"}, "PATCH")
    return made


def test_code_travels_in_encryption_only(watched_list: EncryptedList) -> None:
    """While a question waits to be sent, after it, after a reply, and after one that counts: no code is on the disk."""
    sandbox, anne = watched_list.sandbox, watched_list.member("Anne")
    sandbox.wait_until_idle()
    with sandbox.paused("out"):
        tell(anne, encrypted(anne, "echo"))
        waiting = until(lambda: [path.read_bytes() for path in sandbox.queue("out")], "the question in its queue")
    question = asked(anne)
    traces = Traces({code_in(question): "code"})
    assert not any(traces.within(content) for content in waiting)
    assert traces.in_sandbox(sandbox) == {}
    tell(anne, reply(anne, question, "Well"))
    sandbox.wait_until_idle()
    assert traces.in_sandbox(sandbox) == {}
    tell(anne, reply(anne, question))
    until(lambda: any("you read this" in text_of(said) for said in readable(anne)), "the answer")
    sandbox.wait_until_idle()
    assert traces.in_sandbox(sandbox) == {}


COMMANDS = (
    "help",
    "key get",
    "join",
    "key set",
    "key change",
    "key refresh",
    "key revoke",
    "key show",
    "leave",
    "who",
    "echo",
)


def said_to(person: Person, canary: Canary) -> set[str]:
    """The places of a canary's words that are heard in anything that came to somebody, decrypted."""
    texts = [f"{said.as_string()}\n{text_of(said)}" for said in readable(person)] + clear_texts(person)
    return {place for text in texts for place in Traces(canary.words).within(text.encode())}


def test_nothing_is_echoed_or_kept(watched_list: EncryptedList) -> None:
    """Words in subject, text, name, file names and keys of encrypted commands: on no disk, and in nothing that is sent."""
    sandbox, anne = watched_list.sandbox, watched_list.member("Anne")
    sandbox.wait_until_idle()
    canary = Canary.make()
    traces = Traces(canary.words, sandbox.place.root)
    for number, command in enumerate(COMMANDS):
        # The name of who joins is kept, as Mailman shows it.
        named = anne if command == "join" else dataclasses.replace(anne, name=canary.name)
        text = f"{command}\n{canary.body} number {number}"
        for sign in (True, False):
            tell(anne, encrypted(named, text, subject=canary.subject, sign=sign))
        tell(anne, encrypted(named, f"{text}\n", subject=canary.subject, key=MemberKey.generate("x <x@example.org>")))
    sandbox.wait_until_idle()
    for question in [said for said in readable(anne) if " code " in text_of(said)][:3]:
        tell(anne, encrypted(named, f"yes\n{canary.body}\n{quoted(question)}", subject=canary.subject))
    sandbox.wait_until_idle()
    assert sandbox.queue("shunt") == []
    assert said_to(anne, canary) == set()
    assert traces.in_sandbox(sandbox) == {}


def test_nothing_is_echoed_to_strangers(watched_list: EncryptedList) -> None:
    """Words in the clear, where anybody could have us carry them to somebody else: in nothing that is sent, nor in a log."""
    sandbox, nora = watched_list.sandbox, watched_list.person("Nora")
    canary = Canary.make()
    named = dataclasses.replace(nora, name=canary.name)
    key = MemberKey.generate(f"{canary.content} <{nora.address}>")
    broken = f"{armored(key.certificate)[:300]}\n{canary.filename}\n-----END PGP PUBLIC KEY BLOCK-----\n"
    for command in COMMANDS:
        head = f"X-Words: {canary.subject}\nComments: {canary.body}\n".encode()
        tell(nora, head + clear(named, f"{command}\n{canary.body}", subject=canary.subject))
        tell(nora, head + clear(named, f"{command} {canary.body}\n{broken}", subject=f"{command} {canary.subject}"))
        tell(nora, head + clear(named, f"{command}\n{canary.body}", subject=canary.subject, attached=key.certificate))
    sandbox.wait_until_idle()
    assert sandbox.queue("shunt") == []
    assert sandbox.mailbox.count(nora.address) > 1
    assert said_to(nora, canary) == set()
    found = Traces(canary.words).in_sandbox(sandbox)
    # What core's log of LMTP and that of the database's statements hold at this level, among them the name of who joins.
    assert {place: names - {"name"} for place, names in found.items() if "logs/" in place and "smtp" not in place} in (
        {},
        {"var/logs/mailman.log": set()},
    )
