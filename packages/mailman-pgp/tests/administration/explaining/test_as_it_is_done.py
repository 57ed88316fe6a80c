"""What `mailman pgp explain` says of a mail before is what the list does with it, by door, runner and chains."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from writers import ANNE, CASES, LIST, NORA, OWNER

if TYPE_CHECKING:
    from collections.abc import Callable

    from conftest import CommandLine
    from writers import Writer


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


# One of each way that a mail may go; the others are tried by the deep tests.
SOON = {
    *("good", "in the clear", "unsigned", "a stranger", "another key", "unbound", "to another key", "mangled"),
    *("unsigned, held", "a stranger, left to rules", "in the clear, accepted", "without an id", "suspended"),
    *("to the owners", "structure"),
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


@pytest.mark.parametrize(
    "case", [pytest.param(case, marks=[] if case in SOON else [pytest.mark.deep]) for case in PLAYED]
)
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
