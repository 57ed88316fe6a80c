"""Bad input to the addresses that take commands: each has a sentence for an answer, and changes nothing."""

from __future__ import annotations

import base64
import re
import threading
from email.message import EmailMessage
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from conversations import armored, asked, clear, clear_texts, code_in, encrypted, quoted, readable, reply, tell, text_of
from keys import POSITIVE, Key, certified, forge_usable, signature
from keys import now as seconds
from traces import Traces

from mailman_pgp.openpgp.memberkeys import MemberKey
from mailman_pgp.openpgp.packets import walk
from mailman_pgp.sandbox import until

if TYPE_CHECKING:
    from collections.abc import Callable

    from people import EncryptedList, Person


def members(encrypted_list: EncryptedList) -> set[str]:
    """The members, as soon as nothing is on its way."""
    encrypted_list.sandbox.wait_until_idle()
    return encrypted_list.members()


def config(encrypted_list: EncryptedList, **settings: str) -> None:
    encrypted_list.sandbox.rest(f"lists/{encrypted_list.list_id}/config", settings, "PATCH")


def certificate_of(person: Person) -> str:
    """The certificate that counts for somebody, in armor."""
    found = person.list.sandbox.rest(f"plugins/pgp/lists/{person.list.list_id}/certificates/{person.address}")
    return str(found["armored"])


def said_to(person: Person) -> str:
    """All that was said to somebody, in one line, as soon as nothing is on its way any more."""
    person.list.sandbox.wait_until_idle()
    texts = [text_of(said) for said in readable(person)] + clear_texts(person)
    return " ".join(" ".join(texts).split())


def told(person: Person, message: bytes, words: str, to: str = "request") -> None:
    """The answer to a mail has these words in it, and no mail was shunted."""
    tell(person, message, to)
    assert words in said_to(person)
    assert person.list.sandbox.queue("shunt") == []


def test_secret_key(encrypted_list: EncryptedList) -> None:
    """Nothing of a secret key is kept anywhere, whatever it came with, however it was encoded."""
    nora = encrypted_list.person("Nora")
    material = base64.b64encode(nora.key.secret[60:130]).decode()
    block = armored(nora.key.secret).replace("PUBLIC", "PRIVATE").encode()
    traces = Traces({nora.key.secret[-40:].hex(): "secret", material: "secret"}, encrypted_list.sandbox.place.root)
    for command in ("join", "who", "Hello"):
        message = EmailMessage()
        message["From"], message["To"] = nora.address, encrypted_list.sub_address("request")
        message["Subject"], message["Message-ID"] = command, f"<{command}@example.net>"
        message.set_content(command)
        message.add_attachment(block, maintype="application", subtype="pgp-keys", filename="key.asc")
        told(nora, message.as_bytes(), "contains a secret key")
    assert traces.in_sandbox(encrypted_list.sandbox) == {}


def test_ten_thousand_certifications(encrypted_list: EncryptedList) -> None:
    """A certificate with the certifications of 10,000 people is taken, and they are not."""
    config(encrypted_list, subscription_policy="confirm", max_message_size="40")
    address = f"nora{encrypted_list.number}@example.net"
    forged = forge_usable(f"Nora <{address}>")
    nora = encrypted_list.person("Nora")
    nora = type(nora)(encrypted_list, "Nora", address, MemberKey(forged.secret))
    stranger = Key.signing(seconds() - 1000)
    made = signature(stranger, POSITIVE, certified(forged.primary.body, f"Nora <{address}>"), at=seconds())
    at = [one.end for one in walk(forged.public) if one.tag == 13][0] + len(forged.user_ids[0][1][0])  # noqa: RUF015
    large = forged.public[:at] + made * 10_000 + forged.public[at:]
    assert len(large) > 1_000_000
    tell(nora, clear(nora, "join", attached=large))
    tell(nora, reply(nora, asked(nora)))
    assert members(encrypted_list) == {address}
    assert len(certificate_of(nora)) < 10_000


CODES: dict[str, tuple[Callable[[Person, Any, str], bytes], str]] = {
    "signed-by-another-key": (
        lambda anne, question, _code: reply(anne, question, key=MemberKey.generate(f"Anne <{anne.address}>")),
        "was not signed by the key that it must be signed by",
    ),
    "not-signed": (
        lambda anne, question, _code: reply(anne, question, sign=False),
        "was not signed by the key that it must be signed by",
    ),
    "in-the-clear": (
        lambda anne, question, _code: clear(anne, f"yes\n\n{quoted(question)}"),
        "holds its code where others can read it",
    ),
    "no-yes": (lambda anne, question, _code: reply(anne, question, "Well"), "neither yes nor no"),
    "only-a-quoted-yes": (lambda anne, question, _code: reply(anne, question, "> yes"), "neither yes nor no"),
    "no-code": (lambda anne, _question, _code: encrypted(anne, "yes"), "the code of the question is not in it"),
    "no": (lambda anne, question, _code: reply(anne, question, "No."), "What was asked is forgotten"),
    "wrong-code": (
        lambda anne, _question, code: encrypted(anne, f"yes\n\ncode {code[::-1]}"),
        "holds a code that the list does not wait for",
    ),
}


@pytest.mark.parametrize("case", CODES)
def test_answer_that_does_not_count(encrypted_list: EncryptedList, case: str) -> None:
    """The sentence says why, and the member stays."""
    write, words = CODES[case]
    anne = encrypted_list.member("Anne")
    tell(anne, encrypted(anne, "leave"))
    question = asked(anne)
    told(anne, write(anne, question, code_in(question)), words)
    assert members(encrypted_list) == {anne.address}


def test_used_code(encrypted_list: EncryptedList) -> None:
    """A code runs once: not for another reply of its own person."""
    anne = encrypted_list.member("Anne")
    tell(anne, encrypted(anne, "echo"))
    question = asked(anne)
    tell(anne, reply(anne, question))
    until(lambda: "you read this" in said_to(anne), "the answer")
    told(anne, reply(anne, question, "Yes"), "it was used already")


def test_twice_at_once(encrypted_list: EncryptedList) -> None:
    """Two replies at the same moment: one of them is done."""
    config(encrypted_list, subscription_policy="confirm")
    nora = encrypted_list.person("Nora")
    tell(nora, clear(nora, "join", attached=nora.key.certificate))
    question = asked(nora)
    replies = [reply(nora, question, word) for word in ("yes", "ok", "ja", "Yes")]
    senders = [threading.Thread(target=tell, args=(nora, message)) for message in replies]
    for sender in senders:
        sender.start()
    for sender in senders:
        sender.join()
    heard = said_to(nora)
    assert heard.count("You are a member now.") == 1
    assert heard.count("it was used already") == len(replies) - 1


def test_code_of_another_list(encrypted_list: EncryptedList, new_list: Callable[[], EncryptedList]) -> None:
    """Also where the same person has the same key."""
    anne, other = encrypted_list.member("Anne"), new_list()
    there = type(anne)(other, anne.name, anne.address, anne.key)
    other.certify(there)
    other.subscribe(there)
    tell(anne, encrypted(anne, "leave"))
    told(there, reply(there, asked(anne)), "belongs to another list")
    assert members(encrypted_list) == members(other) == {anne.address}


FORGED = (
    "who",
    "leave",
    "stay",
    "key revoke",
    "key show",
    "key sign",
    "echo",
    "join",
    "key set",
    "key change",
    "key refresh",
)
FORGED += ("key get", "help")


def test_each_command_is_forged() -> None:
    """None of those that the manual names is left out."""
    manual = (Path(__file__).parents[2] / "docs/commands.md").read_text()
    assert set(FORGED) == set(re.findall(r"^\| `([a-z ]+)` \|", manual, re.MULTILINE))


@pytest.mark.parametrize("signer", ["nobody", "member", "stranger"])
def test_forged(encrypted_list: EncryptedList, signer: str) -> None:
    """In Anne's name, by somebody else: nothing is done, only the lost key's protection begins, and Anne's key counts still."""
    anne, bart = encrypted_list.member("Anne"), encrypted_list.member("Bart")
    keys = {"nobody": anne.key, "member": bart.key, "stranger": MemberKey.generate(f"Anne <{anne.address}>")}
    before = certificate_of(anne)
    for command in FORGED:
        tell(anne, encrypted(anne, command, key=keys[signer], sign=signer != "nobody"))
    heard = said_to(anne)
    assert "was not signed by a key that counts" in heard
    assert encrypted_list.sandbox.queue("shunt") == []
    assert members(encrypted_list) == {anne.address, bart.address}
    assert certificate_of(anne) == before
    assert sum("code " in text_of(said) for said in readable(anne)) <= 1  # the one about leaving


def test_flood(encrypted_list: EncryptedList) -> None:
    """Of twenty forged commands ten are answered; Anne herself is heard still; moderators hear of one request to leave."""
    anne, olga = encrypted_list.member("Anne"), encrypted_list.person("Olga")
    encrypted_list.certify(olga)
    encrypted_list.sandbox.rest.subscribe(encrypted_list.list_id, olga.address, role="owner")
    for _ in range(20):
        tell(anne, clear(anne, "leave"))
    encrypted_list.sandbox.wait_until_idle()
    answers = [said for said in readable(anne) if "Your request to leave" in str(said["subject"])]
    assert len(answers) == 10
    assert sum("is to leave" in str(said["subject"]) for said in readable(olga)) == 1
    leave = asked(anne)
    tell(anne, encrypted(anne, "echo"))
    tell(anne, reply(anne, asked(anne, 2)))
    until(lambda: "you read this" in said_to(anne), "the answer to Anne")
    assert leave


VACATION = {
    "auto-submitted": "Auto-Submitted: auto-replied\n",
    "precedence": "Precedence: bulk\n",
    "bounce": "Return-Path: <>\n",
    "of-a-list": "List-Id: <others.example.org>\n",
}


@pytest.mark.parametrize("mark", VACATION)
def test_automatic_reply(encrypted_list: EncryptedList, mark: str) -> None:
    """What a machine answers confirms nothing and is not answered, be it signed, encrypted, and full of yes."""
    anne = encrypted_list.member("Anne")
    tell(anne, encrypted(anne, "leave"))
    question = asked(anne)
    count = encrypted_list.sandbox.mailbox.count(anne.address)
    tell(anne, VACATION[mark].encode() + reply(anne, question))
    encrypted_list.sandbox.wait_until_idle()
    assert members(encrypted_list) == {anne.address}
    assert encrypted_list.sandbox.mailbox.count(anne.address) == count
    tell(anne, reply(anne, question, "Yes"))
    assert members(encrypted_list) == set()


def _moved(anne: Person) -> None:
    """The membership goes to another address."""
    sandbox, list_id = anne.list.sandbox, anne.list.list_id
    new = anne.address.replace("anne", "anna")
    user = sandbox.rest(f"addresses/{anne.address}/user")["user_id"]
    sandbox.rest(f"users/{user}/addresses", {"email": new})
    sandbox.rest(f"addresses/{new}/verify", {}, "POST")
    member = sandbox.rest(f"lists/{list_id}/member/{anne.address}")["member_id"]
    sandbox.rest(f"members/{member}", {"address": new}, "PATCH")


def _removed(anne: Person) -> None:
    """An owner has removed the member."""
    member = anne.list.sandbox.rest(f"lists/{anne.list.list_id}/member/{anne.address}")["member_id"]
    anne.list.sandbox.rest(f"members/{member}", method="DELETE")


def _suspended(anne: Person) -> None:
    """An owner has suspended the key."""
    anne.list.pgp("certificate", "suspend", anne.list.address, anne.address)


def _encrypted_anew(anne: Person) -> None:
    """Encryption was switched off and on, with the same certificates."""
    anne.list.pgp("disable", anne.list.address, "--yes")
    anne.list.pgp("enable", anne.list.address)
    anne.list.refresh()
    anne.list.certify(anne)


def _made_anew(anne: Person) -> None:
    """Another list of the same name, with the same people."""
    anne.list.sandbox.rest(f"lists/{anne.list.list_id}", method="DELETE")
    anne.list.sandbox.rest.create_list(anne.list.address, "pgp-discussion")
    anne.list.refresh()
    anne.list.certify(anne)
    anne.list.subscribe(anne)


MEANWHILE: dict[str, tuple[Callable[[Person], None], str]] = {
    "moved": (_moved, "You are no member of this list by this address."),
    "removed": (_removed, "was not signed by the key that it must be signed by"),
    "suspended": (_suspended, "was not signed by the key that it must be signed by"),
    "encrypted-anew": (_encrypted_anew, "holds a code that the list does not wait for"),
    "made-anew": (_made_anew, "holds a code that the list does not wait for"),
}


@pytest.mark.deep
@pytest.mark.parametrize("case", MEANWHILE)
def test_changed_meanwhile(encrypted_list: EncryptedList, case: str) -> None:
    """Between question and answer the ground moves: the answer has a sentence, and removes nobody else."""
    change, words = MEANWHILE[case]
    anne = encrypted_list.member("Anne")
    tell(anne, encrypted(anne, "leave"))
    question = asked(anne)
    change(anne)
    before = members(encrypted_list)
    told(anne, reply(anne, question), words)
    assert members(encrypted_list) == before


def test_banned(encrypted_list: EncryptedList) -> None:
    """Who is banned proves their key, and does not join."""
    config(encrypted_list, subscription_policy="confirm")
    nora = encrypted_list.person("Nora")
    encrypted_list.sandbox.rest(f"lists/{encrypted_list.list_id}/bans", {"email": nora.address})
    tell(nora, clear(nora, "join", attached=nora.key.certificate))
    told(nora, reply(nora, asked(nora)), "Your address can't join this list")
    assert members(encrypted_list) == set()


def test_html_on_top(encrypted_list: EncryptedList) -> None:
    """An answer in HTML, with the question below it."""
    anne = encrypted_list.member("Anne")
    tell(anne, encrypted(anne, "leave"))
    question = asked(anne)
    lines = "<br>".join(text_of(question).splitlines())
    page = f"<html><body><div>Yes</div><blockquote type=cite>{lines}</blockquote></body></html>"
    inside = (
        f'Content-Type: text/html; charset="utf-8"; hp="cipher"\nFrom: {anne.address}\n'
        f"To: {encrypted_list.sub_address('request')}\nSubject: Re\n\n{page}\n"
    )
    tell(anne, anne.envelope(anne.key.write(inside.encode(), encrypted_list.certificate)))
    assert members(encrypted_list) == set()
