"""`mailman pgp explain` says what the list finds in a mail, and what it would do; it shows no content, and changes nothing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest
import sqlalchemy as sa
from workshops import scripted

from mailman_pgp import openpgp
from mailman_pgp.openpgp import workshop
from mailman_pgp.openpgp.armor import MESSAGE, armor
from mailman_pgp.openpgp.memberkeys import MemberKey
from mailman_pgp.openpgp.packets import Tag, packet

if TYPE_CHECKING:
    from collections.abc import Callable

    from conftest import CommandLine, Files, Members
    from sqlalchemy.orm import Session

ANNE, NORA, LIST = "anne@example.com", "nora@example.com", "ant@example.com"
OWNER = "ant-owner@example.com"

pytestmark = pytest.mark.usefixtures("chains")


@dataclass(frozen=True, slots=True)
class Writer:
    """Somebody who writes mail to the list, which is encrypted to its certificate."""

    key: MemberKey
    address: str
    certificate: bytes

    def inside(self, to: str = LIST) -> bytes:
        """What is encrypted: protected headers, and a word that nobody else is to see."""
        return (
            'Content-Type: text/plain; hp="cipher"; protected-headers="v1"\r\n'
            f"From: {self.address}\r\nTo: {to}\r\nSubject: Kestrel\r\n\r\nThe kestrel flies.\r\n"
        ).encode()

    def mail(
        self, inside: bytes | None = None, *, to: str = LIST, sign: bool = True, certificate: bytes | None = None
    ) -> bytes:
        """A mail as it comes, with LF line ends."""
        armored = self.key.write(inside or self.inside(to), certificate or self.certificate, sign=sign)
        return (
            f"From: {self.address}\nTo: {to}\nSubject: ...\nMessage-ID: <1@home>\nMIME-Version: 1.0\n"
            'Content-Type: multipart/encrypted; protocol="application/pgp-encrypted"; boundary="b"\n\n'
            "--b\nContent-Type: application/pgp-encrypted\n\nVersion: 1\n\n"
            f"--b\nContent-Type: application/octet-stream\n\n{armored.decode('ascii')}\n--b--\n"
        ).encode()


@pytest.fixture(scope="module")
def keys() -> dict[str, MemberKey]:
    """The keys of two people."""
    return {address: MemberKey.generate(f"<{address}>") for address in (ANNE, NORA)}


@pytest.fixture
def anne(encrypted: Any, members: Members, run: CommandLine, keys: dict[str, MemberKey]) -> Writer:
    """A member whose certificate counts."""
    members.add(encrypted, ANNE)
    run.ok("certificate", "add", LIST, ANNE, typed=keys[ANNE].certificate)
    return writer(encrypted, keys, ANNE)


@pytest.fixture
def nora(encrypted: Any, keys: dict[str, MemberKey]) -> Writer:
    """Somebody whom the list does not know, and Mailman neither."""
    return writer(encrypted, keys, NORA)


def writer(mlist: Any, keys: dict[str, MemberKey], address: str) -> Writer:
    """Somebody who writes to the list."""
    from mailman_pgp.keys import vault  # noqa: PLC0415 - core must be initialised

    return Writer(keys[address], address, vault.certificate(mlist.list_id).certificate)


def everything(store: Session) -> dict[str, list[Any]]:
    """All rows of all tables."""
    connection = store.connection()
    found = {}
    for name in sorted(sa.inspect(connection).get_table_names()):
        rows = connection.execute(sa.text(f'SELECT * FROM "{name}"')).all()
        found[name] = sorted(repr([bytes(one) if isinstance(one, memoryview) else one for one in row]) for row in rows)
    store.rollback()
    return found


def test_authenticated(anne: Writer, run: CommandLine) -> None:
    """Of a good post it says whose signature that is, that it is encrypted to the list, and that it is posted."""
    text = run.ok("explain", typed=anne.mail())
    for line in ("PGP/MIME, encrypted", "a key of the list", f"good, by {openpgp.grouped(anne.key.fingerprint)}"):
        assert line in text
    assert "It is authenticated" in text
    assert "It is posted." in text
    assert "kestrel" not in text.lower()

    answer = run.json("explain", typed=anne.mail())
    assert answer["list"]["list_id"] == "ant.example.com"
    assert (answer["as"], answer["author"], answer["opened"], answer["problem"]) == ("post", ANNE, True, None)
    (signature,) = answer["signatures"]
    assert (signature["status"], signature["certificate"]) == ("good", anne.key.fingerprint)
    assert [reader["of_list"] for reader in answer["encrypted_to"]] == [True]
    assert answer["structure"]["parts"] == [
        "multipart/encrypted",
        "application/pgp-encrypted",
        "application/octet-stream",
    ]
    assert (answer["action"], answer["chain"], answer["came_before"]) == ("accept", "accept", False)
    assert "kestrel" not in str(answer).lower()


def test_what_stands_before_the_list_s_key(anne: Writer, run: CommandLine) -> None:
    """What is passed over when a mail is opened hides none of the keys behind it here either."""
    mail = anne.mail()
    begin, end = mail.index(b"-----BEGIN PGP MESSAGE"), mail.index(b"\n--b--")
    message = openpgp.dearmor(mail[begin:end])
    before = packet(Tag.MARKER, b"PGP") + packet(Tag.PKESK, b"\x09" + bytes(20)) + packet(Tag.SKESK, b"\x09")
    answer = run.json("explain", typed=mail[:begin] + armor(before + message, MESSAGE) + mail[end:])
    assert (answer["opened"], answer["action"]) == (True, "accept")
    assert [reader["of_list"] for reader in answer["encrypted_to"]] == [True]


def test_what_this_machine_lacks(anne: Writer, run: CommandLine, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where a mail needs ML-KEM and there is none, it is not refused for that: it would be kept, and it is said what to install."""
    monkeypatch.setattr(workshop, "_default", scripted('request(); write({"failed": "no-lattice"})'))
    said = run.refused("explain", typed=anne.mail())
    assert "has no ML-KEM" in said
    assert "pip install" in said


def _changed(mail: bytes) -> bytes:
    lines = mail.split(b"\n")
    middle = next(number for number, line in enumerate(lines) if line.startswith(b"-----BEGIN PGP MESSAGE")) + 6
    lines[middle] = bytes(reversed(lines[middle]))
    return b"\n".join(lines)


CASES: dict[str, tuple[Callable[[Writer, Writer], bytes], str, str, str]] = {
    "in the clear": (
        lambda *_: f"From: {ANNE}\nTo: {LIST}\nSubject: Kestrel\n\nThe kestrel flies.\n".encode(),
        "not-encrypted",
        "reject",
        "on_not_encrypted",
    ),
    "unsigned": (lambda anne, _: anne.mail(sign=False), "unsigned", "reject", "on_unsigned"),
    "a stranger": (lambda _, nora: nora.mail(), "no-certificate-for-author", "reject", "on_stranger"),
    "another key": (
        lambda anne, nora: Writer(nora.key, ANNE, anne.certificate).mail(),
        "unknown-key",
        "reject",
        "on_other_key",
    ),
    "unbound": (
        lambda anne, _: anne.mail(b"Content-Type: text/plain\r\n\r\nThe kestrel flies.\r\n"),
        "meant-for-no-address",
        "hold",
        "on_unbound",
    ),
    "for somebody else": (
        lambda anne, _: anne.mail(anne.inside("bee@example.com")),
        "meant-for-another-address",
        "reject",
        "on_not_addressed",
    ),
    "to another key": (
        lambda anne, nora: anne.mail(certificate=nora.key.certificate),
        "not-for-this-list",
        "reject",
        "on_unusable",
    ),
    "changed on its way": (lambda anne, _: _changed(anne.mail()), "damaged", "reject", "on_unusable"),
    "another author inside": (
        lambda anne, _: anne.mail(anne.inside().replace(ANNE.encode(), NORA.encode())),
        "author-differs-inside",
        "reject",
        "on_unusable",
    ),
    "no author": (
        lambda anne, _: anne.mail().replace(f"From: {ANNE}".encode(), b"From: a@x.example, b@x.example", 1),
        "no-single-author",
        "reject",
        "on_unusable",
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_each_reason_and_nothing_changes(
    anne: Writer, nora: Writer, run: CommandLine, store: Session, case: str
) -> None:
    """Each has its reason, and the setting that decides; no row is another one afterwards, no queue has anything, no word is shown."""
    from mailman.config import config  # noqa: PLC0415 - core must be initialised

    make, problem, action, setting = CASES[case]
    mail = make(anne, nora)
    before = everything(store)
    queues = {name: board.files for name, board in config.switchboards.items()}
    answer = run.json("explain", "--list", LIST, typed=mail)
    assert (answer["problem"], answer["action"], answer["setting"]) == (problem, action, setting)
    assert answer["words"]
    text = run.ok("explain", "--list", LIST, typed=mail)
    assert f"The setting `{setting}` of the list says so." in text
    assert f"mailman pgp set ant.example.com {setting}=" in text
    assert "kestrel" not in (text + str(answer)).lower()
    assert everything(store) == before
    assert {name: board.files for name, board in config.switchboards.items()} == queues


def test_a_stranger_of_whom_the_list_leaves_it_to_its_rules(nora: Writer, run: CommandLine, store: Session) -> None:
    """Core's rules are asked, too: they would write down who it is, and do not."""
    run.ok("set", LIST, "on_stranger=defer")
    before = everything(store)
    answer = run.json("explain", typed=nora.mail())
    assert (answer["problem"], answer["action"]) == ("no-certificate-for-author", "hold")
    assert answer["rules"] == ["nonmember-moderation"]
    assert answer["reasons"] == ["The message is not from a list member"]
    assert "leaves it to the list's other rules" in run.ok("explain", typed=nora.mail())
    assert everything(store) == before


def test_a_member_whose_posts_are_held(anne: Writer, encrypted: Any, run: CommandLine, store: Session) -> None:
    """A rule of Mailman's that holds an authenticated post is named."""
    from mailman.interfaces.action import Action  # noqa: PLC0415 - core must be initialised

    encrypted.members.get_member(ANNE).moderation_action = Action.hold
    store.commit()
    answer = run.json("explain", typed=anne.mail())
    assert (answer["problem"], answer["action"], answer["rules"]) == (None, "hold", ["member-moderation"])
    assert answer["reasons"] == ["The message comes from a moderated member"]
    assert "member-moderation" in run.ok("explain", typed=anne.mail())


def test_what_came_before(anne: Writer, encrypted: Any, run: CommandLine, store: Session) -> None:
    """Of a post that was taken it says so, and still how it was judged; asked before, it takes nothing from the post."""
    import email  # noqa: PLC0415

    from mailman.email.message import Message  # noqa: PLC0415

    from mailman_pgp.mime import lines  # noqa: PLC0415 - core must be initialised
    from mailman_pgp.posts.reception import receive  # noqa: PLC0415
    from mailman_pgp.posts.record import Kind  # noqa: PLC0415

    mail = anne.mail()
    assert not run.json("explain", typed=mail)["came_before"]
    message = email.message_from_bytes(lines.canonical(mail), Message)
    message.original_size = len(mail)
    assert receive(encrypted, message, Kind.POST, "claim").record.problem == ""
    store.commit()
    answer = run.json("explain", typed=mail)
    assert (answer["came_before"], answer["problem"], answer["action"]) == (True, None, "accept")
    assert "It came before" in run.ok("explain", typed=mail)
    assert receive(encrypted, message, Kind.POST, "another").record.problem == "replayed"


def test_an_old_signature(anne: Writer, run: CommandLine, store: Session) -> None:
    """A signature that is older than what is remembered is one that came too late."""
    from mailman_pgp.model.tables import Site  # noqa: PLC0415 - core must be initialised

    store.add(Site(name="signatures forgotten until", value="2999-01-01T00:00:00.000000"))
    store.commit()
    answer = run.json("explain", typed=anne.mail())
    assert (answer["problem"], answer["setting"]) == ("signature-too-old", "on_stale")


def test_mail_to_the_owners(anne: Writer, nora: Writer, run: CommandLine) -> None:
    """Mail to the owners goes to them, encrypted or not, whoever wrote it."""
    clear = f"From: {NORA}\nTo: {OWNER}\nSubject: Kestrel\n\nThe kestrel flies.\n".encode()
    for mail in (clear, anne.mail(to=OWNER), nora.mail(to=OWNER)):
        answer = run.json("explain", typed=mail)
        assert (answer["as"], answer["action"], answer["setting"]) == ("owner", "accept", None)
    assert "It goes to the owners and moderators." in run.ok("explain", typed=clear)
    assert run.json("explain", "--as", "post", typed=clear)["problem"] == "not-encrypted"


@pytest.mark.parametrize("disposition", ["inline", "attachment"])
def test_mail_to_the_owners_that_was_taken_apart(anne: Writer, run: CommandLine, disposition: str) -> None:
    """What a mail server has left of encrypted mail is no mail in the clear: it would reach them, and nobody could read it."""
    mail = anne.mail(to=OWNER).replace(b"multipart/encrypted;", b"multipart/mixed;")
    mail = mail.replace(
        b"--b\nContent-Type: application/",
        f"--b\nContent-Disposition: {disposition}\nContent-Type: application/".encode(),
    )
    assert run.json("explain", typed=mail)["action"] == "accept"
    mail = mail.replace(b"--b\n", b"--b\n\nThis mail was checked.\n--b\n", 1)
    answer = run.json("explain", typed=mail)
    assert (answer["as"], answer["structure"]["kind"], answer["problem"]) == ("owner", "broken", "broken-pgp-mime")
    assert answer["action"] == "reject"


def test_a_file(anne: Writer, run: CommandLine, files: Files) -> None:
    """A file is read as standard input is, also with the line of a mailbox above it."""
    file = files.write("mail.eml", b"From anne Sat Nov 28 20:00:00 2026\n" + anne.mail())
    assert run.json("explain", file)["action"] == "accept"


def test_which_list(anne: Writer, run: CommandLine, make_list: Callable[..., Any], files: Files) -> None:
    """Without --list it is the encrypted one that the mail is addressed to, by any field; of several, one has to be named."""
    make_list("bee")
    make_list("cat")
    run.ok("enable", "cat@example.com")
    mail = anne.mail()
    hidden = mail.replace(f"To: {LIST}".encode(), f"To: bee@example.com\nDelivered-To: {LIST}".encode(), 1)
    assert run.json("explain", typed=hidden)["list"]["address"] == LIST
    both = mail.replace(f"To: {LIST}".encode(), f"To: {LIST}, cat@example.com".encode(), 1)
    sentence = run.refused("explain", typed=both, status=2)
    assert "2 encrypted lists: ant.example.com, cat.example.com" in sentence
    assert run.json("explain", "--list", LIST, typed=both)["list"]["address"] == LIST
    elsewhere = mail.replace(f"To: {LIST}".encode(), b"To: bee@example.com", 1)
    assert "no encrypted list of this site" in run.refused("explain", typed=elsewhere, status=2)
    assert run.json("explain", "--list", "bee@example.com", typed=mail, status=1)["error"]["code"] == "not-encrypted"
    assert files


@pytest.mark.usefixtures("anne")
@pytest.mark.parametrize(
    ("content", "code", "status"),
    [
        (b"", "no-mail", 2),
        (b"\x00\xff\xfe" * 100, "no-mail", 2),
        (b"Hello there\n", "no-mail", 2),
        (b"\x80\x05\x95garbage of a queue file", "no-mail", 2),
        (b"From: a@example.com\nTo: ant-request@example.com\n\nhelp\n", "for-commands", 1),
        (b"From: a@example.com\nTo: ant@example.com\nContent-Type: multipart/mixed; boundary=b\n\nx\n", "defects", 1),
        (b"From: a@example.com\nTo: ant@example.com\n\n" + b"x" * 33 * 2**20, "message-too-large", 1),
    ],
    ids=["empty", "binary", "text", "queue file", "commands", "damaged", "large"],
)
def test_no_mail(run: CommandLine, content: bytes, code: str, status: int) -> None:
    """What is no mail, none that the list would judge, or none that comes through the door, is said to be that."""
    answer = run.json("explain", typed=content, status=status)
    assert answer["error"]["code"] == code
    assert answer["error"]["sentence"]


def test_no_file(run: CommandLine, encrypted: Any) -> None:
    """A file that is not there is a mistake."""
    assert encrypted
    assert "can't be read" in run.refused("explain", "/nowhere/mail.eml", status=2)


def test_a_process_that_may_not_open_mail(anne: Writer, run: CommandLine) -> None:
    """In a process that is not healthy nothing is opened."""
    from mailman_pgp.site import health  # noqa: PLC0415 - core must be initialised

    health.fail("A line is missing.", "Add it.")
    assert "not healthy" in run.refused("explain", typed=anne.mail())


def test_a_list_that_waits(anne: Writer, run: CommandLine) -> None:
    """A list whose key was revoked judges nothing, so nothing is said of what becomes of a mail, which only waits; later it is."""
    mail = anne.mail()
    run.ok("list-key", "revoke", LIST, "--reason", "compromised", "--yes")
    assert run.json("explain", typed=mail, status=1)["error"]["code"] == "list-waits"
    assert "list-key rotate" in run.refused("explain", typed=mail)
    run.ok("list-key", "rotate", LIST)
    answer = run.json("explain", typed=mail)
    assert (answer["problem"], answer["action"]) == ("not-for-this-list", "reject")


def test_odd_names_steer_no_terminal(anne: Writer, run: CommandLine) -> None:
    """What somebody wrote outside the encryption is shown without what a terminal would obey."""
    mail = anne.mail().replace(b"Message-ID: <1@home>", b"Message-ID: <\x1b[31m1@home>", 1)
    mail = mail.replace(b"Content-Type: application/octet-stream", b"Content-Type: application/\x1b[31m", 1)
    assert "\x1b" not in run.ok("explain", "--list", LIST, typed=mail)


def test_a_rule_that_fails(anne: Writer, run: CommandLine, monkeypatch: pytest.MonkeyPatch) -> None:
    """A rule that raises is told of, as the queue shunt is where the mail would lie."""
    from mailman.config import config  # noqa: PLC0415 - core must be initialised

    def fail(*_: object) -> bool:
        raise RuntimeError("kestrel")

    monkeypatch.setattr(config.rules["member-moderation"], "check", fail)
    text = run.ok("explain", typed=anne.mail())
    assert "A rule or chain of the list fails over it" in text
    assert "kestrel" not in text


def _clear(address: str = ANNE, to: str = LIST, more: str = "") -> bytes:
    return f"From: {address}\nTo: {to}\nSubject: Kestrel\nMessage-ID: <2@home>\n{more}\nThe kestrel flies.\n".encode()


def _headers(mail: bytes, old: bytes, new: bytes) -> bytes:
    assert old in mail
    return mail.replace(old, new, 1)


def _by_exchange(mail: bytes) -> bytes:
    return _headers(
        mail,
        b'multipart/encrypted; protocol="application/pgp-encrypted"; boundary="b"',
        b'multipart/mixed; boundary="b"',
    )


# What is set on the list or of its member before, and a mail; each to the list, or to its owners where it says so.
PLAYED: dict[str, tuple[list[str], Callable[[Writer, Writer], bytes]]] = {
    **{name: ([], case[0]) for name, case in CASES.items()},
    "good": ([], lambda anne, _: anne.mail()),
    "mangled": ([], lambda anne, _: _by_exchange(anne.mail())),
    "a mailbox": ([], lambda anne, _: b"From anne Sat Nov 28 20:00:00 2026\n" + anne.mail()),
    "without an id": ([], lambda anne, _: _headers(anne.mail(), b"Message-ID: <1@home>\n", b"")),
    "an odd id": ([], lambda anne, _: _headers(anne.mail(), b"<1@home>", b"<[1@home]>")),
    "large": ([], lambda anne, _: anne.mail(anne.inside() + b"The kestrel flies.\r\n" * 5000)),
    "large in the clear": ([], lambda *_: _clear() + b"x" * 10**6),
    "inline": ([], lambda anne, _: _clear() + anne.key.write(b"The kestrel flies.", anne.certificate)),
    "twice encrypted": ([], lambda anne, _: anne.mail(b"".join(anne.mail().partition(b"MIME-Version")[1:]))),
    "no MIME inside": ([], lambda anne, _: anne.mail(b"\x00\xff" * 50)),
    "no parts": ([], lambda anne, _: anne.mail().partition(b"--b\n")[0] + b"--b--\n"),
    "unsigned, held": (["set", LIST, "on_unsigned=hold"], lambda anne, _: anne.mail(sign=False)),
    "unsigned, discarded": (["set", LIST, "on_unsigned=discard"], lambda anne, _: anne.mail(sign=False)),
    "unsigned, accepted": (["set", LIST, "on_unsigned=accept"], lambda anne, _: anne.mail(sign=False)),
    "unsigned, left to rules": (["set", LIST, "on_unsigned=defer"], lambda anne, _: anne.mail(sign=False)),
    "a stranger, left to rules": (["set", LIST, "on_stranger=defer"], lambda _, nora: nora.mail()),
    "in the clear, accepted": (["set", LIST, "on_not_encrypted=accept"], lambda *_: _clear()),
    "inline, accepted": (
        ["set", LIST, "on_inline_pgp=accept"],
        lambda anne, _: _clear() + anne.key.write(b"The kestrel flies.", anne.certificate),
    ),
    "suspended": (["certificate", "suspend", LIST, ANNE], lambda anne, _: anne.mail()),
    "without a certificate": (["certificate", "remove", LIST, ANNE], lambda anne, _: anne.mail()),
    "not to the list": ([], lambda anne, _: _headers(anne.mail(), f"To: {LIST}".encode(), b"To: bee@example.com")),
    "to many": (
        [],
        lambda anne, _: _headers(anne.mail(), b"\n", b"\nCc: " + b", ".join([b"x@x.example"] * 30) + b"\n"),
    ),
    "to the owners": ([], lambda anne, _: anne.mail(to=OWNER)),
    "to the owners, in the clear": ([], lambda *_: _clear(NORA, OWNER)),
    "to the owners, by nobody": ([], lambda *_: _clear("", OWNER)),
    "to the owners, to another key": ([], lambda anne, nora: anne.mail(to=OWNER, certificate=nora.key.certificate)),
    "structure": ([], lambda *_: _clear(more="Content-Type: multipart/mixed; boundary=b\n")),
}


# What core's own mail server does not take.
UNTAKEN = {"structure", "no parts"}


def taken(mlist: Any, mail: bytes) -> tuple[str | None, str | None]:
    """Why the list does not authenticate a mail that comes by LMTP, and what it does: the door, the runner and the chains are at work."""
    from types import SimpleNamespace  # noqa: PLC0415

    from mailman.interfaces.chain import AcceptEvent, AcceptOwnerEvent, ChainEvent, DiscardEvent, HoldEvent, RejectEvent  # noqa: PLC0415 - core must be initialised  # noqa: PLC0415
    from mailman.runners.lmtp import LMTPHandler  # noqa: PLC0415
    from zope.event import subscribers  # noqa: PLC0415

    from mailman_pgp.mime import lines  # noqa: PLC0415
    from mailman_pgp.posts.record import Record  # noqa: PLC0415
    from mailman_pgp.runners.incoming import IncomingRunner  # noqa: PLC0415

    to = OWNER if f"\nTo: {OWNER}\n".encode() in mail else LIST
    envelope = SimpleNamespace(content=lines.canonical(mail), mail_from=mlist.no_reply_address, rcpt_tos=[to])
    status = LMTPHandler()._handle_DATA(None, None, envelope)
    if not status.startswith("250"):
        return None, None
    happened: list[Any] = []
    subscribers.append(happened.append)
    try:
        IncomingRunner("in")._one_iteration()
    finally:
        subscribers.remove(happened.append)
    (event,) = [one for one in happened if isinstance(one, ChainEvent)]
    deeds = {
        AcceptEvent: "accept",
        AcceptOwnerEvent: "accept",
        DiscardEvent: "discard",
        HoldEvent: "hold",
        RejectEvent: "reject",
    }
    record = Record.of(event.msgdata)
    assert record is not None
    return record.problem or None, deeds[type(event)]


@pytest.fixture
def at_work(core: Any, encrypted: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    """The list, with the chain by which posts are held."""
    from mailman_pgp.conversation.holding import HoldChain  # noqa: PLC0415 - core must be initialised

    monkeypatch.setitem(core.chains, "hold", HoldChain())
    encrypted.admin_immed_notify = False
    return encrypted


@pytest.mark.parametrize("case", PLAYED)
def test_as_it_is_done(anne: Writer, nora: Writer, run: CommandLine, at_work: Any, case: str) -> None:
    """What is said before of a mail is what the list does with it, when it comes by LMTP; of a replay it was said that it is one."""
    before, make = PLAYED[case]
    if before:
        run.ok(*before)
    mail = make(anne, nora)
    said = run.json("explain", "--list", LIST, typed=mail, status=int(case in UNTAKEN))
    if case in UNTAKEN:
        assert said["error"]["code"] == "defects"
        assert taken(at_work, mail) == (None, None)
        return
    assert not said["came_before"]
    assert taken(at_work, mail) == (said["problem"], said["action"])
    again = run.json("explain", "--list", LIST, typed=mail)
    assert (again["problem"], again["action"]) == (said["problem"], said["action"])
    if again["came_before"] is None:
        assert case == "in the clear, accepted"
    elif again["came_before"]:
        assert taken(at_work, mail) == ("replayed", "reject")
    else:
        assert taken(at_work, mail) == (said["problem"], said["action"])
