"""What a rejection tells, and to whom: no oracle for whoever tampers, nothing about members, no loops, no floods."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import pytest
from keys import Key, forge_usable
from messages import encrypted, literal, made_by, one_pass
from refusals import Guarded, armored, words_of
from unopened import UNOPENED

from mailman_pgp.openpgp.memberkeys import MemberKey

if TYPE_CHECKING:
    from collections.abc import Callable

    from people import EncryptedList, Person

    from mailman_pgp.sandbox import Kept

A_DAY = 10
"""How many answers an address gets in a day from one list: core's default for `max_autoresponses_per_day`."""
_CHANGING = re.compile(
    rb"^(?:Date|Message-ID|In-Reply-To|References): .*?$(?:\n[ \t].*?$)*"
    rb"|-----BEGIN PGP SIGNATURE-----.*?-----END PGP SIGNATURE-----"
    rb"|={10,}[0-9]+==|\b[0-9a-f]{32}\b",
    re.MULTILINE | re.DOTALL | re.IGNORECASE,
)


def without_what_changes(message: bytes, reader: Person) -> bytes:
    """A message without its reader, date, ids, boundaries and signature, which differ between any two."""
    return _CHANGING.sub(b"", message.replace(b"\r\n", b"\n").replace(reader.address.encode(), b""))


def answers_in_the_clear(guarded: Guarded, number: int) -> tuple[Person, Callable[[Kept], bytes]]:
    """A stranger, and how to read what they are sent."""
    return guarded.list.person(f"Stan{number}"), lambda kept: kept.content


def answers_encrypted(guarded: Guarded, number: int) -> tuple[Person, Callable[[Kept], bytes]]:
    """A member, and how to read what they are sent."""
    member = guarded.list.member(f"Mara{number}")
    certificate = guarded.list.certificate
    return member, lambda kept: member.key.read(kept.message.get_payload(1).get_content(), certificate).content  # type: ignore[union-attr]  # PGP/MIME has two parts


@pytest.mark.parametrize("readers", [answers_in_the_clear, answers_encrypted])
def test_no_oracle(guarded: Guarded, readers: Callable[[Guarded, int], tuple[Person, Callable[[Kept], bytes]]]) -> None:
    """Whatever kept a message from being opened, the answer is the same to the byte, in the clear and encrypted."""
    answers, reasons = [], set()
    for number, (make, reason) in enumerate(UNOPENED.values()):
        reader, read = readers(guarded, number)
        reader.send(reader.envelope(make(guarded, reader)))
        (kept,) = reader.mail()
        answers.append(without_what_changes(read(kept), reader))
        reasons.add(reason)
    assert len(set(answers)) == 1
    assert b"could not open your message" in answers[0]
    # They were different messages, and the owners know it.
    guarded.list.sandbox.wait_until_idle()
    assert set(guarded.refused_for()) == reasons
    assert len(reasons) > 5


@dataclass(frozen=True)
class Liar(Key):
    """A key that signs in the name of another one."""

    name: str = ""

    @property
    def fingerprint(self) -> str:
        """The other one's."""
        return self.name


def test_no_answer_tells_whose_key_is_on_the_list(guarded: Guarded) -> None:
    """A stranger who writes that a member's key made the signature reads what they read of any other key."""
    forged = forge_usable(f"<{guarded.list.person('Cris').address}>")
    cris = replace(guarded.list.person("Cris"), key=MemberKey(forged.secret))
    guarded.list.join(cris)
    stranger = guarded.list.person("Stan")
    unknown = Key.signing(forged.primary.created)
    text = guarded.inside(stranger)
    said = []
    for signer in (unknown, Liar(unknown.private, unknown.created, forged.fingerprint)):
        packets = one_pass(signer) + literal(text) + made_by(signer, text)
        message = stranger.envelope(armored(guarded.session_key + encrypted(packets)))
        said.append(
            words_of(guarded.refuses(stranger, message, "no-certificate-for-author", "does not count for the address"))
        )
    assert said[0] == said[1]


# -- whom nobody may answer


def refused_silently(guarded: Guarded, author: str, message: bytes, *, sender: str | None = None) -> None:
    """Mail a message to the list's posting address and to its -request address: both are recorded, neither answered."""
    sandbox = guarded.list.sandbox
    before = guarded.refused_for()
    for to in (guarded.list.address, guarded.list.sub_address("request")):
        sandbox.lmtp_send(author if sender is None else sender, to, message)
    sandbox.wait_until_idle()
    assert dict(guarded.refused_for() - before) == {"not-encrypted": 1, "not-answerable": 1}
    assert sandbox.mailbox.count(author) == 0


@pytest.mark.deep
@pytest.mark.parametrize(
    "line",
    [
        "Auto-Submitted: auto-replied",
        "Auto-submitted: Auto-Generated; owner-email=x@example.net",
        "Precedence: bulk",
        "precedence: LIST",
        "Precedence: junk",
        "List-Id: <birds.example.net>",
        "List-Unsubscribe: <mailto:birds-leave@example.net>",
        "Return-Path: <>",
        "X-No-Ack: yes",
        "X-Ack: No",
        'Content-Type: multipart/report; report-type=delivery-status; boundary="r"',
    ],
)
def test_mail_of_machines_is_not_answered(guarded: Guarded, line: str) -> None:
    """Automatic answers, mail of other lists, bounces, and what asks not to be answered: recorded, and that is all."""
    robot = guarded.list.person("Robot")
    rest = f"From: {robot.address}\nMessage-ID: <{{}}@x>\nSubject: {guarded.canary.subject}\n\n--r\n\nHello\n--r--\n"
    refused_silently(guarded, robot.address, f"{line}\n{rest.format(1)}".encode())
    # The same without this line is answered.
    guarded.refuses(robot, rest.format(2).encode(), "not-encrypted", "was not encrypted")


def test_mail_without_a_return_path_is_not_answered(guarded: Guarded) -> None:
    """A bounce, or what is to look like one: its envelope sender is empty."""
    robot = guarded.list.person("Robot")
    refused_silently(guarded, robot.address, guarded.canary.plain(robot, guarded.list.address), sender="")


def test_lists_are_not_answered(guarded: Guarded, new_list: Callable[[], EncryptedList]) -> None:
    """A From line that names a list of this Mailman, in any of its roles, brings no list to write to itself or another."""
    other = new_list()
    roles = ("owner", "request", "bounces", "join", "leave", "subscribe", "unsubscribe", "confirm")
    names = [mlist.sub_address(role) for mlist in (guarded.list, other) for role in roles]
    names += [guarded.list.address, other.address, other.address.upper()]
    names += [name.replace("@", "+anne=example.net@") for name in names[:3]]
    for name in names:
        refused_silently(guarded, name, f"From: {name}\nMessage-ID: <{name}>\nSubject: Hello\n\nHello\n".encode())
    assert {kept for kept in guarded.list.sandbox.mailbox.recipients() if kept.startswith("ants")} == set()


def test_an_answer_starts_no_quarrel(guarded: Guarded, new_list: Callable[[], EncryptedList]) -> None:
    """A rejection is marked as automatic, bounces go to -bounces; sent on to a list, even from elsewhere, it gets no answer."""
    stranger = guarded.list.person("Stan")
    stranger.send(guarded.canary.plain(stranger, guarded.list.address))
    (kept,) = stranger.mail()
    assert kept.message["auto-submitted"] == "auto-replied"
    assert kept.sender.startswith(guarded.list.sub_address("bounces").partition("@")[0])
    other = Guarded.make(new_list())
    elsewhere = kept.content.replace(guarded.list.sub_address("owner").encode(), b"robot@example.net")
    for author, message in ((guarded.list.sub_address("owner"), kept.content), ("robot@example.net", elsewhere)):
        refused_silently(other, author, message, sender="robot@example.net")


WORDS = "BUY-OUR-PILLS-AT http://evil.example "


@pytest.mark.parametrize(
    ("message_id", "kept"),
    [
        ("<1.anne@example.net>", True),
        (f"<{'x' * 248}@x>", True),
        (f"<{'x' * 249}@x>", False),
        (f"<{WORDS}>", False),
        (WORDS, False),
        ("<1@x><2@x>", False),
        ("<1@x> <2@x>", False),
        ("<1@x>\n <2@x>", False),
        (f"<{chr(10).join([' ' + WORDS * 20] * 20).strip()}>", False),
    ],
    ids=["usual", "longest", "too-long", "words", "bare-words", "joined", "two", "folded", "flood"],
)
def test_an_answer_carries_nobodys_words(guarded: Guarded, message_id: str, *, kept: bool) -> None:
    """An answer names the message by its identifier, if that is one and nothing else; a forged From is sent no words."""
    victim = guarded.list.person("Vera")
    text = f"From: {victim.address}\nSubject: x\nMessage-ID: {message_id}\n\nHello\n"
    guarded.list.sandbox.lmtp_send("spammer@example.org", guarded.list.address, text.encode())
    (answer,) = victim.mail()
    assert b"PILLS" not in answer.content
    notice = guarded.notice(victim, answer)
    named = [str(value).strip() for name in ("in-reply-to", "references") for value in notice.get_all(name, [])]
    assert named == ([message_id] * 2 if kept else [])


def test_only_the_author_is_answered(guarded: Guarded) -> None:
    """Whom Reply-To, Sender or the envelope names gets nothing."""
    stranger = guarded.list.person("Stan")
    named = {f"victim{number}.{stranger.address}" for number in range(4)}
    first, second, third, fourth = sorted(named)
    head = f"Reply-To: {first}\nSender: {second}\nErrors-To: {third}\n".encode()
    guarded.list.sandbox.lmtp_send(
        fourth, guarded.list.address, head + guarded.canary.plain(stranger, guarded.list.address)
    )
    stranger.mail()
    guarded.list.sandbox.wait_until_idle()
    assert named.isdisjoint(guarded.list.sandbox.mailbox.recipients())


def flood(guarded: Guarded, count: int) -> None:
    """Many messages in the name of one person, whom they are not from: to the list, and to where commands go."""
    victim = guarded.list.person("Vera")
    sandbox = guarded.list.sandbox
    addresses = (victim.address, victim.address.upper(), victim.address.title())
    for number in range(count):
        kind = ("list", "request", "list", "leave")[number % 4]
        to = guarded.list.address if kind == "list" else guarded.list.sub_address(kind)
        text = (
            f"From: {addresses[number % 3]}\nMessage-ID: <{number}@flood>\nSubject: {guarded.canary.subject}\n\nHello\n"
        )
        sandbox.lmtp_send("spammer@example.org", to, text.encode())
    sandbox.wait_until_idle(timeout=300)
    # One more where the runners for posts and for commands have counted at the same time.
    assert A_DAY <= sandbox.mailbox.count(victim.address) <= A_DAY + 1
    texts = [words_of(guarded.notice(victim, kept)) for kept in victim.mail(0)]
    # What comes to the other addresses is answered as any mail without a command is, or recorded.
    answered = sum("was not accepted" not in text for text in texts)
    assert sum(guarded.refused_for().values()) + answered == count
    assert sandbox.mailbox.count("spammer@example.org") == 0
    assert sandbox.queue("shunt") == []
    # Others are answered as ever, and posts pass.
    stranger = guarded.list.person("Stan")
    guarded.refuses(
        stranger, guarded.canary.plain(stranger, guarded.list.address), "not-encrypted", "was not encrypted"
    )
    guarded.takes_the_next()


def test_a_spoofed_author_is_not_flooded(guarded: Guarded) -> None:
    """One address gets ten answers in a day, however often, where to, and in which case it is written into From."""
    flood(guarded, 4 * A_DAY)


@pytest.mark.deep
def test_a_thousand_messages_of_a_spoofed_author(guarded: Guarded) -> None:
    """The same with a thousand messages."""
    flood(guarded, 1000)


LAST = "This is the last answer to your address for a day."


def forge(guarded: Guarded, author: Person, count: int, *headers: str) -> None:
    """Many messages in the clear in somebody's name, whom they are not from."""
    more = "".join(f"{header}\n" for header in headers)
    for number in range(count):
        text = f"From: {author.address}\nMessage-ID: <{number}@forged>\nSubject: x\n{more}\nHello\n"
        guarded.list.sandbox.lmtp_send("spammer@example.org", guarded.list.address, text.encode())
    guarded.list.sandbox.wait_until_idle()


def test_help_is_counted_as_every_answer(guarded: Guarded) -> None:
    """Who asks for `help` in somebody's name has them sent ten answers in a day and no more; the rest is recorded."""
    sandbox, victim = guarded.list.sandbox, guarded.list.person("Vera")
    for number in range(A_DAY + 3):
        text = f"From: {victim.address}\nMessage-ID: <{number}@forged>\nSubject: help\n\n"
        sandbox.lmtp_send("spammer@example.org", guarded.list.sub_address("request"), text.encode())
    sandbox.wait_until_idle()
    assert [LAST in words_of(guarded.notice(victim, kept)) for kept in victim.mail(A_DAY)].count(True) == 1
    assert sandbox.mailbox.count(victim.address) == A_DAY
    assert guarded.refused_for() == {"answered-too-often": 3}
    forge(guarded, victim, 1)
    assert sandbox.mailbox.count(victim.address) == A_DAY


def test_mail_that_is_not_answered_uses_up_no_answer(guarded: Guarded) -> None:
    """Machines' mail in a member's name, which nobody answers, leaves the member's own mistakes their answers."""
    forge(guarded, guarded.anne, 2 * A_DAY, "Precedence: bulk")
    assert guarded.list.sandbox.mailbox.count(guarded.anne.address) == 0
    mistake = guarded.canary.plain(guarded.anne, guarded.list.address)
    guarded.refuses(guarded.anne, mistake, "not-encrypted", "was not encrypted")


def test_the_last_answer_says_that_it_is_the_last(guarded: Guarded) -> None:
    """Whoever is answered no more that day was told so, whether they wrote all of it or others did in their name."""
    anne = guarded.anne
    forge(guarded, anne, A_DAY - 1)
    assert not any(LAST in words_of(guarded.notice(anne, kept)) for kept in anne.mail(A_DAY - 1))
    mistake = guarded.canary.plain(anne, guarded.list.address)
    assert LAST in words_of(guarded.refuses(anne, mistake, "not-encrypted", "was not encrypted"))
    forge(guarded, anne, 1)
    assert guarded.list.sandbox.mailbox.count(anne.address) == A_DAY
    assert guarded.refused_for() == {"not-encrypted": A_DAY + 1}


def test_signed_mail_has_answers_of_its_own(guarded: Guarded) -> None:
    """When others have used up a member's answers, what the member has signed is answered; what was signed once and is sent
    again by anybody is not.
    """
    anne = guarded.anne
    posted = guarded.canary.protected(anne)
    anne.send(posted)
    guarded.bart.mail()
    forge(guarded, anne, A_DAY)
    answers = len(anne.mail(A_DAY))
    anne.send(posted)
    guarded.list.sandbox.wait_until_idle()
    assert guarded.list.sandbox.mailbox.count(anne.address) == answers
    two_authors = b"From: bart@example.net\n" + guarded.inside(anne)
    mistake = anne.envelope(anne.key.write(two_authors, guarded.list.certificate))
    answer = guarded.refuses(anne, mistake, "no-single-author", "names no single author")
    assert LAST not in words_of(answer)
