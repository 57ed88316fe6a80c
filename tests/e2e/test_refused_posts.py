"""Posts that may not pass: each comes back with a sentence that helps, is recorded, and reaches nobody else."""

from __future__ import annotations

import smtplib
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from keys import forge_usable, now
from messages import encrypted, literal, made_by, one_pass
from refusals import Guarded, armored, words_of
from unopened import UNOPENED

from mailman_pgp.openpgp.memberkeys import MemberKey
from mailman_pgp.sandbox import until

if TYPE_CHECKING:
    from collections.abc import Callable


CANNOT_OPEN = "The list could not open your message."


@pytest.mark.deep
@pytest.mark.parametrize("kind", UNOPENED)
def test_what_can_not_be_opened(guarded: Guarded, kind: str) -> None:
    """To somebody else, damaged, tampered with, a bomb and so on: the author reads one sentence, the owners the reason."""
    make, reason = UNOPENED[kind]
    guarded.refuses(guarded.anne, guarded.anne.envelope(make(guarded, guarded.anne)), reason, CANNOT_OPEN)
    guarded.takes_the_next()


def test_not_encrypted(guarded: Guarded) -> None:
    """A post in the clear."""
    post = guarded.canary.plain(guarded.anne, guarded.list.address)
    guarded.refuses(guarded.anne, post, "not-encrypted", "Your message was not encrypted")
    guarded.takes_the_next()


def test_encrypted_inline(guarded: Guarded) -> None:
    """A post in the old form, the armored message as a text."""
    anne = guarded.anne
    head = f"From: {anne.address}\nTo: {guarded.list.address}\nSubject: ...\nMessage-ID: <inline@x>\n\n".encode()
    guarded.refuses(anne, head + armored(guarded.encrypted(anne)), "inline-pgp", "in the old inline form")
    guarded.takes_the_next()


def test_unsigned(guarded: Guarded) -> None:
    """A post that anybody could have written, by a program, and by hand as those that can't be opened are."""
    anne = guarded.anne
    by_program = anne.key.write(guarded.inside(anne), guarded.list.certificate, sign=False)
    by_hand = armored(guarded.session_key + encrypted(literal(guarded.inside(anne))))
    for message in (by_program, by_hand):
        guarded.refuses(anne, anne.envelope(message), "unsigned", "was encrypted but not signed")
    guarded.takes_the_next()


def test_signed_by_a_stranger(guarded: Guarded) -> None:
    """A post of somebody whom the list does not know; the answer, in the clear, is signed by the list."""
    stranger = guarded.list.person("Stan")
    guarded.refuses(stranger, guarded.canary.protected(stranger), "no-certificate-for-author", "write to")
    guarded.takes_the_next()


def test_signed_by_another_key_of_a_member(guarded: Guarded) -> None:
    """A post in a member's name by a key that was never added; the answer goes to the member, encrypted to the old one."""
    anne, other = guarded.anne, guarded.list.person("Stan")
    post = anne.envelope(other.key.write(guarded.inside(anne), guarded.list.certificate))
    guarded.refuses(anne, post, "unknown-key", "write to")
    guarded.takes_the_next()


def test_member_in_the_name_of_another(guarded: Guarded) -> None:
    """A member signs with the own key and writes another member's address into From, inside and outside."""
    bart, address = guarded.bart, guarded.list.person("Cris").address
    cris = replace(guarded.list.person("Cris"), key=MemberKey(forge_usable(f"<{address}>").secret))
    guarded.list.join(cris)
    post = bart.envelope(cris.key.write(guarded.inside(bart), guarded.list.certificate))
    guarded.refuses(bart, post, "signed-by-somebody-else", "does not count for the address in its From line")
    guarded.takes_the_next()


def test_another_author_inside(guarded: Guarded) -> None:
    """A member's signed post in the envelope of another one: the From line outside is not the one inside."""
    anne, bart = guarded.anne, guarded.bart
    post = bart.envelope(armored(guarded.encrypted(anne)))
    guarded.refuses(bart, post, "author-differs-inside", "names another address than the one inside")
    guarded.takes_the_next()


def test_only_from_names_the_author(guarded: Guarded) -> None:
    """Who has signed a post may be its Sender, in Reply-To, and on its envelope: it is in the name of another all the same."""
    anne, bart, cris = guarded.anne, guarded.bart, guarded.list.member("Cris")
    inside = guarded.inside(bart).replace(
        b"\nTo: ", f"\nSender: {anne.address}\nReply-To: {anne.address}\nTo: ".encode(), 1
    )
    message = bart.envelope(anne.key.write(inside, guarded.list.certificate))
    outside = "".join(f"{name}: {anne.address}\n" for name in ("Sender", "Reply-To", "Resent-From", "X-Original-From"))
    anne.send(outside.encode() + message)
    until(lambda: guarded.refused_for() == {"signed-by-somebody-else": 1}, "it is refused")
    bart.mail()
    guarded.list.sandbox.wait_until_idle()
    assert guarded.list.sandbox.mailbox.count(cris.address) == 0


def test_replayed(guarded: Guarded) -> None:
    """The same signed post once more: as it was, under another Message-ID, and encrypted anew."""
    anne = guarded.anne
    guarded.takes_the_next()
    first = guarded.canary.protected(anne)
    anne.send(first)
    guarded.bart.mail(2)
    again = anne.envelope(first[first.index(b"-----BEGIN PGP") : first.index(b"\n--b--")])
    for post in (first, again):
        guarded.refuses(anne, post, "replayed", "was posted before")
    guarded.takes_the_next()


def test_replayed_by_another_of_its_signatures(guarded: Guarded) -> None:
    """Of a post that its author has signed twice, neither signature counts once more, alone."""
    cris = guarded.list.person("Cris")
    key = forge_usable(f"<{cris.address}>")
    cris = replace(cris, key=MemberKey(key.secret))
    guarded.list.join(cris)
    inside = guarded.inside(cris)
    first, second = (made_by(key.primary, inside, at=now() - seconds) for seconds in (90, 60))
    head, again = one_pass(key.primary), one_pass(key.primary, last=False)
    cris.send(cris.envelope(armored(guarded.session_key + encrypted(again + head + literal(inside) + second + first))))
    guarded.bart.mail()
    for signature in (first, second):
        alone = encrypted(head + literal(inside) + signature)
        guarded.refuses(cris, cris.envelope(armored(guarded.session_key + alone)), "replayed", "was posted before")


@pytest.mark.deep
@pytest.mark.parametrize(
    "shape",
    [
        lambda text: (
            b"".join(b'Content-Type: multipart/mixed; boundary="%d"\n\n--%d\n' % (n, n) for n in range(10_000)) + text
        ),
        lambda text: (
            b'Content-Type: multipart/mixed; boundary="c"\n\n' + (b"--c\n\n" + text + b"\n") * 10_000 + b"--c--\n"
        ),
        lambda text: b"Content-Type: message/rfc822\n\n" * 10_000 + text,
        lambda text: b"X: y\n" * 10_000 + b"\n" + text,
    ],
    ids=["nested", "side-by-side", "forwarded", "headers"],
)
def test_ten_thousand_parts(guarded: Guarded, shape: Callable[[bytes], bytes]) -> None:
    """A signed post that no program would write: parts in parts, parts after parts, mails in mails, header fields."""
    anne = guarded.anne
    message = anne.key.write(shape(guarded.canary.body.encode()), guarded.list.certificate)
    guarded.refuses(anne, anne.envelope(message), "unreadable-content", "no message that the list can read")
    guarded.takes_the_next()


def nested_in_the_clear(guarded: Guarded, depth: int) -> bytes:
    """A mail of so many parts in each other."""
    head = f"From: {guarded.anne.address}\nTo: {guarded.list.address}\nMessage-ID: <n@x>\n"
    opened = "".join(f"Content-Type: multipart/mixed; boundary=b{n}\n\n--b{n}\n" for n in range(depth))
    closed = "".join(f"\n--b{n}--\n" for n in reversed(range(depth)))
    return f"{head}{opened}Content-Type: text/plain\n\n{guarded.canary.body}\n{closed}".encode()


def test_parts_in_the_clear(guarded: Guarded) -> None:
    """A hundred parts in each other are refused as any mail in the clear; ten thousand by core's own door."""
    guarded.refuses(guarded.anne, nested_in_the_clear(guarded, 100), "not-encrypted", "was not encrypted")
    with pytest.raises(smtplib.SMTPDataError):
        guarded.anne.send(nested_in_the_clear(guarded, 10_000))
    guarded.takes_the_next()


def test_no_single_author(guarded: Guarded) -> None:
    """A post from nobody, or from two at once, is recorded; there is nobody to answer."""
    anne, bart = guarded.anne, guarded.bart
    sandbox = guarded.list.sandbox
    good = guarded.canary.protected(anne)
    line = good.splitlines()[0]
    for number, wrong in enumerate(
        (b"From: ", b"From: %s, %s" % (line[6:], bart.address.encode()), line + b"\n" + line), 1
    ):
        anne.send(good.replace(line, wrong, 1))
        sandbox.wait_until_idle()
        assert guarded.refused_for() == {"no-single-author": number}
    assert {sandbox.mailbox.count(person.address) for person in (anne, bart)} == {0}
    guarded.takes_the_next()


@pytest.mark.parametrize(
    "line", ["List-Post: {}", "Precedence: list", "Auto-Submitted: auto-replied", "X-Mailman-Approved-At: Mon"]
)
def test_nothing_outside_discards_a_post(guarded: Guarded, line: str) -> None:
    """Whoever has a copy of a post, is faster and adds a header for which core discards gets it sent, as it was written."""
    sandbox, post = guarded.list.sandbox, guarded.canary.protected(guarded.anne)
    added = line.format(guarded.list.address).encode() + b"\n"
    sandbox.lmtp_send("eve@evil.example", guarded.list.address, added + post)
    assert guarded.canary.heard_in(guarded.bart.read(1)[0])
    guarded.anne.send(post)
    sandbox.wait_until_idle()
    assert guarded.refused_for() == {"replayed": 1}
    assert sandbox.mailbox.count(guarded.bart.address) == 1


def test_discarded_posts_are_recorded(guarded: Guarded) -> None:
    """A post that the list's own moderation discards without a word leaves its trace with the owners."""
    rest, anne = guarded.list.sandbox.rest, guarded.anne
    member = rest(f"lists/{guarded.list.list_id}/member/{anne.address}")["member_id"]
    rest(f"members/{member}", {"moderation_action": "discard"}, "PATCH")
    anne.send(guarded.canary.protected(anne))
    guarded.list.sandbox.wait_until_idle()
    assert guarded.refused_for() == {"discarded": 1}
    assert guarded.list.sandbox.mailbox.count(guarded.bart.address) == 0


NESTED = "\n ".join(["(" * 400] * 8)


@pytest.mark.deep
@pytest.mark.parametrize("name", ["To", "Cc", "From", "Reply-To", "Sender", "X-Other"])
def test_comments_in_comments(guarded: Guarded, name: str) -> None:
    """Comments without end in a header make nothing recurse: a post in the clear is refused, and lies in no queue."""
    stranger, sandbox = guarded.list.person("Stan"), guarded.list.sandbox
    head = "" if name == "From" else f"From: {stranger.address}\n"
    message = f"{head}{name}: {NESTED}\nMessage-ID: <n@x>\nSubject: x\n\n{guarded.canary.body}\n".encode()
    for to in (guarded.list.address, guarded.list.sub_address("request")):
        sandbox.lmtp_send("stan@example.net", to, message)
        sandbox.wait_until_idle()
        assert sandbox.queue("shunt") == []
    reasons = {"no-single-author", "not-answerable"} if name == "From" else {"not-encrypted"}
    assert set(guarded.refused_for()) == reasons
    guarded.takes_the_next()


@pytest.mark.parametrize("name", ["=?nonsense?q?Stan?=", "=?utf-8?b?a?=", "=?utf-16?q?=ff?="])
def test_names_that_can_not_be_read(guarded: Guarded, name: str) -> None:
    """An author's name that core can't decode makes no difference."""
    stranger = guarded.list.person("Stan")
    message = f"From: {name} <{stranger.address}>\nMessage-ID: <n@x>\nSubject: x\n\n{guarded.canary.body}\n".encode()
    guarded.refuses(stranger, message, "not-encrypted", "was not encrypted")


def test_post_with_comments_in_comments(guarded: Guarded) -> None:
    """A good post whose outer To nobody can read waits for a moderator, as one that names the list nowhere."""
    rest, path = guarded.list.sandbox.rest, f"lists/{guarded.list.list_id}/held"
    line = f"To: {guarded.list.address}\n".encode()
    guarded.anne.send(guarded.canary.protected(guarded.anne).replace(line, f"To: {NESTED}\n".encode(), 1))
    until(lambda: rest(f"{path}/count")["count"], "the post is held")
    (held,) = rest(path)["entries"]
    rest(f"{path}/{held['request_id']}", {"action": "accept"})
    guarded.list.sandbox.wait_until_idle()
    assert any(guarded.canary.heard_in(message) for message in guarded.bart.read(1))


def test_nested_mail_to_the_owners(guarded: Guarded) -> None:
    """Parts in each other, in the clear to the owners, are refused; so many that they can't be stored, by core's own door."""
    anne, owners = guarded.anne, guarded.list.sub_address("owner")
    anne.send(nested_in_the_clear(guarded, 150), owners)
    (kept,) = anne.mail(1)
    guarded.list.sandbox.wait_until_idle()
    assert "no message that the list can read" in words_of(guarded.notice(anne, kept))
    assert guarded.refused_for() == {"unreadable-content": 1}
    with pytest.raises(smtplib.SMTPDataError):
        anne.send(nested_in_the_clear(guarded, 300), owners)
    assert guarded.list.sandbox.queue("shunt") == []
