"""Encrypted posts of people who are not on the list, where the list takes them: who wrote it, and how to answer them."""

from __future__ import annotations

import base64
import re
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from keys import CERTIFY, SIGN, forge_usable
from refusals import Guarded, certificate_in, words_of

from mailman_pgp.openpgp import armor, dearmor, inspect
from mailman_pgp.openpgp.memberkeys import MemberKey
from mailman_pgp.sandbox import until

if TYPE_CHECKING:
    from collections.abc import Callable
    from email.message import EmailMessage

    from people import Person

KEYS = "PGP PUBLIC KEY BLOCK"


@pytest.fixture
def desk(guarded: Guarded) -> Guarded:
    """A list that takes reports: what strangers write encrypted is posted."""
    guarded.list.pgp("set", guarded.list.list_id, "on_stranger=accept")
    return guarded


def attached(desk: Guarded, author: Person, certificate: bytes) -> bytes:
    """A report with the certificate as a file in it."""
    file = b"--c\nContent-Type: application/pgp-keys\n\n" + armor(certificate, KEYS) + b"\n--c--\n"
    inside = desk.canary.inside(author).replace(b"\n--c--\n", b"\n" + file, 1)
    return author.envelope(author.key.write(inside, desk.list.certificate))


def in_the_header(desk: Guarded, author: Person, certificate: bytes) -> bytes:
    """A report with the certificate in an Autocrypt field outside, as many programs write it."""
    data = base64.encodebytes(certificate).decode().replace("\n", "\n ").rstrip()
    return f"Autocrypt: addr={author.address}; keydata=\n {data}\n".encode() + desk.canary.protected(author)


def report(desk: Guarded) -> EmailMessage:
    """What Bart reads: each word of it."""
    (kept,) = desk.bart.mail()
    read = desk.bart.open(kept)
    assert desk.canary.heard_in(read) >= {"body", "content", "subject"}
    return read


def first_line(read: EmailMessage) -> str:
    """The list's own line on who wrote it."""
    return " ".join(next(read.iter_parts()).get_content().split())


@pytest.mark.parametrize("write", [attached, in_the_header])
def test_certificate_reaches_the_members(desk: Guarded, write: Callable[[Guarded, Person, bytes], bytes]) -> None:
    """As a file in the payload; the line above names its fingerprint, and says that nobody has checked it; the reporter is
    answered encrypted to it.
    """
    stan = desk.list.person("Stan")
    stan.send(write(desk, stan, stan.key.certificate))
    read = report(desk)
    assert f"signed with the key {_fours(stan)} that came with it; nobody here has checked whose it is" in first_line(
        read
    )
    files = [part for part in read.iter_parts() if part.get_filename() == "author.asc"]
    (content,) = [part.get_payload(decode=True) for part in files]
    assert inspect(dearmor(content)).fingerprint == inspect(stan.key.certificate).fingerprint
    (answer,) = stan.read()
    assert "was posted to its members" in words_of(answer)
    assert certificate_in(answer) == desk.list.certificate
    assert not any(word in answer.as_string() for word in desk.canary.words)


def _fours(person: Person) -> str:
    return " ".join(re.findall("....", inspect(person.key.certificate).fingerprint))


def test_held_report(desk: Guarded) -> None:
    """It waits, its author is told so encrypted; accepted, it is as any other report."""
    desk.list.pgp("set", desk.list.list_id, "on_stranger=hold")
    stan, rest = desk.list.person("Stan"), desk.list.sandbox.rest
    stan.send(attached(desk, stan, stan.key.certificate))
    path = f"lists/{desk.list.list_id}/held"
    until(lambda: rest(f"{path}/count")["count"] == 1, "the report is held")
    (answer,) = stan.read()
    assert "waits for a moderator" in words_of(answer)
    (entry,) = rest(path)["entries"]
    rest(f"{path}/{entry['request_id']}", {"action": "accept"})
    assert _fours(stan) in first_line(report(desk))
    assert "was posted" in words_of(stan.read(2)[1])


def test_rejected_report(desk: Guarded) -> None:
    """Whoever is not on the list reads what the moderator says to them: encrypted to the certificate that came with the report."""
    desk.list.pgp("set", desk.list.list_id, "on_stranger=hold")
    stan, rest = desk.list.person("Stan"), desk.list.sandbox.rest
    stan.send(attached(desk, stan, stan.key.certificate))
    path = f"plugins/pgp/lists/{desk.list.list_id}/held"
    (entry,) = until(lambda: rest(path).get("entries"), "the report is held")
    stan.read()
    rest(f"{path}/{entry['number']}", {"action": "reject", "comment": "Known since May,\nthank you."})
    answer = stan.read(2)[1]
    assert "was not accepted" in answer["subject"]
    assert "Known since May, thank you." in words_of(answer)
    assert not any(word in answer.as_string() for word in desk.canary.words)
    desk.list.sandbox.wait_until_idle()
    assert desk.list.sandbox.mailbox.count(stan.address) == 2
    assert rest(path)["total_size"] == 0


def test_certificate_that_did_not_sign(desk: Guarded) -> None:
    """Whoever carries a report and puts their own certificate into its header gets neither an answer nor a word."""
    stan, eve = desk.list.person("Stan"), desk.list.person("Eve")
    of_eve = MemberKey.generate(f"Stan <{stan.address}>")
    stan.send(in_the_header(desk, replace(stan, key=stan.key), of_eve.certificate))
    read = report(desk)
    assert "not authenticated (unknown key)" in first_line(read)
    assert [part for part in read.walk() if part.get_content_type() == "application/pgp-keys"] == []
    desk.list.sandbox.wait_until_idle()
    assert desk.list.sandbox.mailbox.count(stan.address) == desk.list.sandbox.mailbox.count(eve.address) == 0


def test_certificate_of_another_address(desk: Guarded) -> None:
    """It is not taken for the author's, though it has signed the post."""
    stan, eve = desk.list.person("Stan"), desk.list.person("Eve")
    stan = replace(stan, key=eve.key)
    stan.send(attached(desk, stan, eve.key.certificate))
    assert "not authenticated (unknown key)" in first_line(report(desk))


def test_certificate_that_names_others_too(desk: Guarded) -> None:
    """Of it members get what names the author: a program that they import it into must not take it for Bart's."""
    stan, bart = desk.list.person("Stan"), desk.bart
    forged = forge_usable(f"Stan <{stan.address}>")
    forged.user_id(f"Bart <{bart.address}>", usage=CERTIFY | SIGN)
    stan = replace(stan, key=MemberKey(forged.secret))
    stan.send(attached(desk, stan, forged.public))
    (content,) = [
        part.get_payload(decode=True) for part in report(desk).iter_parts() if part.get_filename() == "author.asc"
    ]
    reached = inspect(dearmor(content))
    assert reached.fingerprint == inspect(forged.public).fingerprint
    assert reached.addresses == {stan.address}
    assert "was posted to its members" in words_of(stan.read()[0])


@pytest.mark.parametrize("role", ["", "-owner", "-request"])
def test_list_is_no_stranger(desk: Guarded, role: str) -> None:
    """Nobody writes in the name of the list, and has its members get a key of theirs as one of the list's."""
    address = desk.list.address.replace("@", f"{role}@")
    eve = replace(desk.list.person("Eve"), address=address, key=MemberKey.generate(f"Ants <{address}>"))
    eve.send(attached(desk, eve, eve.key.certificate))
    until(lambda: desk.refused_for() == {"no-single-author": 1}, "it is refused")
    desk.list.sandbox.wait_until_idle()
    assert desk.list.sandbox.mailbox.count(desk.bart.address) == 0


def forgotten(desk: Guarded) -> Person:
    """A member for whom nothing counts any more, and somebody with a key in their name."""
    anne = desk.anne
    desk.list.forget(anne)
    return replace(anne, key=MemberKey.generate(f"Anne <{anne.address}>"))


def suspended(desk: Guarded) -> Person:
    """A member whose key was stolen, and the thief."""
    desk.list.pgp("certificate", "suspend", desk.list.address, desk.anne.address)
    return desk.anne


def owner(desk: Guarded) -> Person:
    """An owner who has sent no certificate yet, and somebody with a key in their name."""
    olga = desk.list.person("Olga")
    desk.list.sandbox.rest.subscribe(desk.list.list_id, olga.address, role="owner")
    return olga


@pytest.mark.parametrize("author", [forgotten, suspended, owner])
def test_nobody_on_the_list_is_a_stranger(desk: Guarded, author: Callable[[Guarded], Person]) -> None:
    """A list that takes reports takes no post in the name of who is on it by another key than theirs, or by a suspended one."""
    eve = author(desk)
    desk.list.wait_until_told()
    eve.send(attached(desk, eve, eve.key.certificate))
    until(lambda: desk.refused_for() == {"unknown-key": 1}, "it is refused")
    desk.list.sandbox.wait_until_idle()
    assert not [message for message in desk.bart.read(0) if desk.canary.heard_in(message)]


def test_report_counts_once_and_opens_no_door(desk: Guarded) -> None:
    """Sent again, it is refused; and its certificate counts for nothing: the next report is a stranger's again."""
    stan = desk.list.person("Stan")
    message = attached(desk, stan, stan.key.certificate)
    stan.send(message)
    report(desk)
    stan.send(message)
    until(lambda: desk.refused_for() == {"replayed": 1}, "the copy is refused")
    desk.list.pgp("set", desk.list.list_id, "on_stranger=reject")
    desk.refuses(stan, desk.canary.protected(stan), "no-certificate-for-author", "write to")
