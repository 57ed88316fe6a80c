"""Each of the other programs with each form: the list takes what it writes, and it reads what the list sends."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from correspondents import Club
from openpgp.composed import Message, SignedSecretKey
from peer_matrix import CONTENTS, NAMES, SIGNED_BY_ITS_AUTHOR, WRITTEN, Form, Letter, read, table, written
from people import EncryptedList
from programs import PROGRAMS, Gpg, armored
from test_own_signatures import inner
from test_peers import accepted, next_mail

from mailman_pgp.openpgp import dearmor
from mailman_pgp.openpgp.memberkeys import MemberKey
from mailman_pgp.openpgp.packets import Tag, pkesk_recipient, walk

if TYPE_CHECKING:
    from collections.abc import Iterator
    from email.message import EmailMessage

    from mailman_pgp.sandbox import Sandbox

POSTS = Path(__file__).parents[2] / "docs" / "posts.md"
# One program is tried with everything every time, and all of them thoroughly.
_EVERY_TIME = "gpg"
NOBODY = "0" * 16


def _params(pairs: Iterator[tuple[str, str]]) -> list[object]:
    return [
        pytest.param(program, form, marks=[pytest.mark.peer, *([] if program == _EVERY_TIME else [pytest.mark.deep])])
        for program, form in pairs
    ]


@pytest.fixture(scope="module")
def club(sandbox: Sandbox, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Club]:
    """A list that keeps its authors' signatures; the members come as tests ask for them."""
    made = Club(EncryptedList.make(sandbox), lambda: tmp_path_factory.mktemp("x"))
    made.list.take_unbound()
    made.list.pgp("set", made.list.list_id, "keep_signature=yes")
    yield made
    sandbox.wait_until_idle()
    made.close()


@pytest.fixture(scope="module")
def friend() -> MemberKey:
    """Somebody else whom a message goes to, and who looks what it is made of."""
    return MemberKey.generate("Fred <fred@example.com>")


def contents(message: EmailMessage) -> list[bytes]:
    """What the parts hold, texts with LF, and without blank lines at their end."""
    leaves = [part for part in message.walk() if not part.is_multipart()]
    found = [(part.get_content_maintype(), part.get_payload(decode=True)) for part in leaves]
    return [data.replace(b"\r\n", b"\n").rstrip(b"\n") if main == "text" else data for main, data in found]


def holds(message: EmailMessage, letter: Letter) -> bool:
    """Whether it has the subject and each part of a letter, octet by octet."""
    found = contents(message)
    return "Grüße" in message["subject"] and all(part in found or part.rstrip(b"\n") in found for part in letter.parts)


def check_form(form: Form, message: bytes, reader: MemberKey) -> None:
    """A message has the form that it is to have."""
    binary = dearmor(armored(message))
    names = [pkesk_recipient(packet) for packet in walk(binary) if packet.tag == Tag.PKESK]
    assert len(names) == (3 if form.several else 1)
    assert (set(names) == {NOBODY}) == form.hidden
    if form.compressed is None and form.text_mode is None:
        return
    opened = Message.from_bytes(binary).decrypt(None, SignedSecretKey.from_bytes(reader.secret))
    assert form.compressed in {None, opened.is_compressed}
    (signature,) = opened.signatures()
    assert form.text_mode in {None, signature.typ() == "text"}


@pytest.mark.parametrize(("program", "form"), _params(written()))
def test_list_reads_what_a_program_writes(club: Club, friend: MemberKey, program: str, form: str) -> None:
    """It is posted as its author's, with a good signature, its subject and each octet of its parts."""
    member, wanted = club.member(program), WRITTEN[form]
    options = wanted.options.get(program, [])
    assert isinstance(options, list)
    others = [member.certificate, friend.certificate] if wanted.several else []
    if wanted.detached:
        text = "Zwölf Kästchen\r\n".encode()
        message = member.program.write(member.signed_inside(text), *others, club.list.certificate, sign=False)
        posted = accepted(club, member, message, "; but it does not say for whom it was written")
        assert text.strip() in contents(posted)
        return
    letter = wanted.content(member.person)

    def write(to: bytes) -> bytes:
        return member.program.encrypt(letter.content, *others, to, options=[*member.program.signing(), *options])

    if wanted.several:
        check_form(wanted, write(club.list.certificate), friend)
    else:
        check_form(wanted, write(friend.certificate), friend)
    assert holds(accepted(club, member, write(club.list.certificate)), letter)


@pytest.mark.parametrize(("program", "form"), _params(read()))
def test_program_reads_what_the_list_sends(club: Club, program: str, form: str) -> None:
    """It opens the post, finds the list's signature good and no other, and each octet is as it was written."""
    member, anne = club.member(program), club.author
    letter = CONTENTS["ASCII text" if form == SIGNED_BY_ITS_AUTHOR else form](anne)
    message = anne.envelope(anne.key.write(letter.content, club.list.certificate))
    kept = next_mail(member.person.address, club, lambda: anne.send(message))
    assert holds(member.read(kept), letter)
    assert not member.open(kept, anne.key.certificate).good
    if form == SIGNED_BY_ITS_AUTHOR:
        found = inner(member.open(kept).content)
        assert found is not None
        assert found.content == letter.content
        assert member.program.verifies(found.content, found.signature, anne.key.certificate)
        assert not member.program.verifies(found.content + b"x", found.signature, anne.key.certificate)


@pytest.mark.peer
@pytest.mark.parametrize("list_is_hidden", [False, True])
def test_hidden_recipient_of_gpg(club: Club, friend: MemberKey, *, list_is_hidden: bool) -> None:
    """The list opens what names it beside somebody hidden, and what hides it beside somebody named (`gpg -R`)."""
    member = club.member("gpg")
    assert isinstance(member.program, Gpg)
    hidden, named = (club.list.certificate, friend.certificate)[:: 1 if list_is_hidden else -1]
    fingerprint = member.program.known(hidden)
    options = ["--sign", "--hidden-recipient", fingerprint]
    message = member.program.encrypt(member.person.payload(), named, options=options)
    names = [pkesk_recipient(packet) for packet in walk(message) if packet.tag == Tag.PKESK]
    assert (len(names), names.count(NOBODY)) == (2, 1)
    accepted(club, member, message)


def test_documented() -> None:
    """The manual shows the table, and the table has all programs."""
    assert set(NAMES) == set(PROGRAMS)
    assert table() in POSTS.read_text(encoding="utf-8")
