"""Digests of encrypted lists: for those who have chosen them, in the form that they have, each post in one of them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from mailman_pgp.sandbox import Behaviour, CommandError, Drop, Refusal, Stage, until

if TYPE_CHECKING:
    from email.message import EmailMessage

    from people import EncryptedList, Person

SMALL = {"digest_size_threshold": "0.001"}
LARGE = {"digest_size_threshold": "10000"}


@pytest.fixture
def ants(encrypted_list: EncryptedList) -> EncryptedList:
    """A list whose digests are sent by command alone."""
    configure(encrypted_list, LARGE)
    return encrypted_list


def configure(ants: EncryptedList, settings: dict[str, str]) -> None:
    ants.sandbox.rest(f"lists/{ants.list_id}/config", settings, "PATCH")


def reader(ants: EncryptedList, name: str, mode: str) -> Person:
    """A new member who has chosen digests."""
    person = ants.member(name)
    choose(ants, person, mode)
    return person


def choose(ants: EncryptedList, person: Person, mode: str) -> None:
    member = ants.sandbox.rest(f"lists/{ants.list_id}/member/{person.address}")["member_id"]
    ants.sandbox.rest(f"members/{member}/preferences", {"delivery_mode": mode}, "PATCH")


def post(author: Person, *bodies: str) -> None:
    for body in bodies:
        author.post(body, subject=f"About {body.splitlines()[0]}")
    author.list.sandbox.wait_until_idle()


def digests_of(person: Person, count: int = 1) -> list[EmailMessage]:
    """All digests that came to somebody, opened, when there are so many."""
    person.list.sandbox.wait_until_idle()
    found = [message for message in person.read(0) if "Digest, Vol" in str(message["subject"])]
    assert len(found) == count
    return found


def messages_in(digest: EmailMessage) -> list[Any]:
    """The messages of a MIME digest."""
    (part,) = [part for part in digest.walk() if part.get_content_type() == "multipart/digest"]
    return [message.get_payload(0) for message in part.iter_parts()]


def all_text(message: EmailMessage) -> str:
    """What a mail program shows."""
    parts = [part for part in message.walk() if part.get_content_type() == "text/plain"]
    return "\n".join(part.get_payload(decode=True).decode() for part in parts).replace("\r\n", "\n")


def test_each_form_and_nobody_else(ants: EncryptedList) -> None:
    """Who has chosen messages gets these as members receive them, who has chosen text gets text, and the others nothing new."""
    anne = ants.member("Anne")
    mime, summary = reader(ants, "Mia", "mime_digests"), reader(ants, "Sue", "summary_digests")
    plain = reader(ants, "Pia", "plaintext_digests")
    post(anne, "Kestrels", "Größe von Kestrels")
    assert len(anne.read(2)) == 2
    for person in (mime, summary, plain):
        digests_of(person, 0)
    assert "issue 1" in ants.pgp("digest", ants.address)
    for person in (mime, summary):
        (digest,) = digests_of(person)
        first, second = messages_in(digest)
        assert "About Kestrels" in str(first["subject"])
        assert anne.address in str(first["author"])
        assert "Größe" in all_text(second)
        assert "signature good" in all_text(first)
        assert first["hp-outer"] is None
        assert "hp=" not in str(first["content-type"])
        assert "Vol 1, Issue 1" in str(digest["subject"])
        assert "Today's topics:\n\n   1. " in all_text(digest)
    (digest,) = digests_of(plain)
    (text,) = [part for part in digest.walk() if not part.is_multipart()]
    said = text.get_payload(decode=True).decode().replace("\r\n", "\n")
    assert text.get_content_type() == "text/plain"
    assert "Message: 1\n" in said
    assert f"\n\n{'-' * 30}\n\nMessage: 2\n" in said
    assert said.count("signature good") == 2
    assert "Größe von Kestrels" in said
    assert said.rstrip().endswith("*")
    assert not any(b"Kestrel" in kept.content for person in (mime, plain) for kept in person.mail())
    digests_of(anne, 0)
    assert "no post waits" in ants.pgp("digest", ants.address)
    post(anne, "Owls")
    assert "issue 2" in ants.pgp("digest", ants.address)
    assert len(messages_in(digests_of(mime, 2)[1])) == 1
    posts = ants.rest("posts")["entries"]
    assert [(one["recipients"], one["delivered"]) for one in posts].count(
        (2, 2)
    ) == 2  # the two readers of messages, twice


def test_sent_when_there_is_enough(ants: EncryptedList) -> None:
    """A digest goes by itself when what waits has the size that the list wants, and a new volume begins as core counts it."""
    anne, mime = ants.member("Anne"), reader(ants, "Mia", "mime_digests")
    post(anne, "Kestrels")
    digests_of(mime, 0)
    configure(ants, SMALL)
    post(anne, "Owls")
    assert len(messages_in(digests_of(mime)[0])) == 2
    ants.sandbox.command("digests", "--bump", "-l", ants.list_id)
    post(anne, "Robins")
    assert "Issue 3" in str(digests_of(mime, 2)[1]["subject"])


def test_core_s_own_commands_find_nothing(ants: EncryptedList) -> None:
    """`mailman digests` and REST send nothing of an encrypted list and leave nothing on the disk; what waits is sent later."""
    anne, mime = ants.member("Anne"), reader(ants, "Mia", "mime_digests")
    post(anne, "Kestrels")
    ants.sandbox.command("digests", "--send", "-l", ants.list_id)
    ants.sandbox.command("digests", "--periodic")
    ants.sandbox.rest(f"lists/{ants.list_id}/digest", {"send": "yes"}, "POST")
    digests_of(mime, 0)
    folder = ants.sandbox.place.var / "lists" / ants.list_id
    assert not [path for path in folder.rglob("*") if path.is_file()]
    with pytest.raises(CommandError, match="1 post waits for the next digest"):
        ants.pgp("disable", ants.address, "--yes")
    ants.pgp("digest", ants.address)
    digests_of(mime)


def test_nobody_writes_as_another_in_a_text(ants: EncryptedList) -> None:
    """What looks like the end of a post and the beginning of another's is told from ours in the plain form."""
    anne, plain = ants.member("Anne"), reader(ants, "Pia", "plaintext_digests")
    forged = f"Mine\n\n{'-' * 30}\n\nMessage: 2\nFrom: Bart <bart@example.net>\nSubject: I resign\n\nForged"
    post(anne, forged)
    ants.pgp("digest", ants.address)
    said = all_text(digests_of(plain)[0])
    assert "Forged" in said
    assert f"\n- {'-' * 30}\n\nMessage: 2\n" in said
    assert f"\n{'-' * 30}\n\nMessage: 2\n" not in said.replace(f"\n- {'-' * 30}", "\n")


def test_reader_without_a_certificate(ants: EncryptedList) -> None:
    """Who has chosen digests and has no certificate is told once, as others are, and is named in the status and of that digest."""
    anne, mime = ants.member("Anne"), ants.member_without_certificate("Mia")
    choose(ants, mime, "mime_digests")
    before = ants.sandbox.mailbox.count(mime.address)
    post(anne, "Kestrels")
    ants.pgp("digest", ants.address)
    until(lambda: ants.sandbox.mailbox.count(mime.address) > before, "they are told")
    ants.sandbox.wait_until_idle()
    (kept,) = ants.sandbox.mail_for(mime.address, before + 1)[before:]
    assert b"Kestrel" not in kept.content
    (unserved,) = ants.status()["lists"][0]["unserved"]
    assert (unserved["address"], unserved["reason"]) == (mime.address, "no-certificate")
    # Of the digest itself, too: by REST, and on the command line.
    (digest,) = [one for one in ants.rest("posts")["entries"] if (one["recipients"], one["skipped"]) == (1, 1)]
    shown = json.loads(ants.pgp("posts", ants.address, "--post", digest["message_id"], "--json"))
    assert [(one["address"], one["reason"]) for one in shown["missed"]] == [(mime.address, "no-certificate")]


@pytest.mark.parametrize("trouble", ["hangs-up", "refuses-one-for-now", "refuses-all-for-now"])
def test_server_in_trouble(ants: EncryptedList, trouble: str) -> None:
    """Each reader has the issue once in the end, as with posts."""
    anne, mime = ants.member("Anne"), reader(ants, "Mia", "mime_digests")
    other, plain = reader(ants, "Moe", "mime_digests"), reader(ants, "Pia", "plaintext_digests")
    post(anne, "Kestrels")
    behaviours = {
        "hangs-up": Behaviour(drop=Drop(1, times=1, stage=Stage.DATA)),
        "refuses-one-for-now": Behaviour(refuse=(Refusal(mime.address, times=2),)),
        "refuses-all-for-now": Behaviour(refuse=(Refusal(stage=Stage.RCPT, reply="421 4.3.2 Not now", times=3),)),
    }
    ants.sandbox.receive(behaviours[trouble])
    ants.pgp("digest", ants.address)
    for person in (mime, plain, other):
        digests_of(person)
    assert ants.sandbox.queue("shunt") == ants.sandbox.queue("bad") == []


def test_refused_for_good(ants: EncryptedList) -> None:
    """Who is refused for good is named of that digest; the other readers have it."""
    anne, mime, other = ants.member("Anne"), reader(ants, "Mia", "mime_digests"), reader(ants, "Moe", "mime_digests")
    post(anne, "Kestrels")
    ants.sandbox.receive(Behaviour(refuse=(Refusal(mime.address, reply="550 5.1.1 There is nobody of that name"),)))
    ants.pgp("digest", ants.address)
    digests_of(other)
    digests_of(mime, 0)
    (digest,) = [one for one in ants.rest("posts")["entries"] if (one["recipients"], one["failed"]) == (2, 1)]
    shown = json.loads(ants.pgp("posts", ants.address, "--post", digest["message_id"], "--json"))
    assert [(one["address"], one["reason"], one["answer"]) for one in shown["missed"]] == [
        (mime.address, "refused", "5.1.1")
    ]


def test_certificate_that_is_revoked_before_the_next_attempt(ants: EncryptedList) -> None:
    """Whose key counts no more when an issue is tried again gets none by the old one; the others keep theirs."""
    anne, mime, other = ants.member("Anne"), reader(ants, "Mia", "mime_digests"), reader(ants, "Moe", "mime_digests")
    post(anne, "Kestrels")
    ants.sandbox.receive(Behaviour(refuse=(Refusal(mime.address),)))
    with ants.sandbox.paused("retry"):
        ants.pgp("digest", ants.address)
        until(lambda: ants.sandbox.queue("retry"), "it is to be tried again")
        ants.forget(mime)
        ants.sandbox.receive()
    digests_of(other)
    # They were told of their key, in the clear and by it.
    sealed = [mime.open(kept) for kept in mime.mail(0) if b"BEGIN PGP MESSAGE" in kept.content]
    assert not any("Digest, Vol" in str(message["subject"]) for message in sealed)
    (digest,) = [one for one in ants.rest("posts")["entries"] if (one["recipients"], one["skipped"]) == (2, 1)]
    assert (digest["delivered"], digest["failed"]) == (1, 0)


def test_list_that_makes_none(ants: EncryptedList) -> None:
    """Where the owners have switched digests off, who has chosen them gets nothing, is told so, and is named in the status."""
    configure(ants, {"digests_enabled": "no"})
    anne, mime = ants.member("Anne"), reader(ants, "Mia", "mime_digests")
    post(anne, "Kestrels")
    assert "no post waits" in ants.pgp("digest", ants.address)
    (told,) = mime.mail()
    assert "You chose digests, and this list makes none." in mime.open(told).as_string()
    (unserved,) = ants.status()["lists"][0]["unserved"]
    assert unserved["reason"] == "digest-mode"


def test_pipeline_killed(ants: EncryptedList) -> None:
    """Whenever the pipeline is killed, each post is in one digest."""
    sandbox = ants.sandbox
    anne, mime = ants.member("Anne"), reader(ants, "Mia", "mime_digests")
    configure(ants, SMALL)
    for number in range(6):
        with sandbox.paused("pipeline"):
            anne.post(f"Number {number}", subject=f"Number {number}")
            until(lambda: sandbox.queue("pipeline"), "the post waits")
        until(
            lambda: not [path for path in sandbox.queue("pipeline") if path.suffix == ".pck"],
            "it is taken",
            interval=0.0,
        )
        sandbox.kill("pipeline")
        sandbox.wait_until_idle()
    ants.pgp("digest", ants.address)
    sandbox.wait_until_idle()
    digests = [message for message in mime.read(0) if "Digest, Vol" in str(message["subject"])]
    subjects = [str(one["subject"]) for digest in digests for one in messages_in(digest)]
    assert sorted(subject[-8:] for subject in subjects) == [f"Number {number}" for number in range(6)]
    assert len(anne.read(6)) == 6
