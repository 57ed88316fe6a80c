"""Other OpenPGP programs on an encrypted list: they open and verify what it sends, and it takes what they write."""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING

import pytest
from correspondents import GPG_KEYS, Club, Correspondent
from people import EncryptedList
from programs import PROGRAMS, Gpg, armored

from mailman_pgp.openpgp import dearmor, grouped
from mailman_pgp.openpgp.memberkeys import KeyKind
from mailman_pgp.openpgp.packets import Tag, walk

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from email.message import EmailMessage

    from mailman_pgp.sandbox import Kept, Sandbox

pytestmark = pytest.mark.peer

_CHECKSUM = re.compile(rb"\r?\n=[A-Za-z0-9+/]{4}(?=\r?\n-----END)")


@pytest.fixture(scope="module")
def club(sandbox: Sandbox, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Club]:
    """A list whose author is Anne; the members with other programs come as tests ask for them."""
    made = Club(EncryptedList.make(sandbox), lambda: tmp_path_factory.mktemp("p"))
    made.list.take_unbound()  # signed inside as Thunderbird and Mutt did before they protected To
    yield made
    sandbox.wait_until_idle()
    made.close()


@pytest.fixture(params=sorted(PROGRAMS))
def member(request: pytest.FixtureRequest, club: Club) -> Correspondent:
    """A member with each of the programs, their key made by it."""
    return club.member(request.param)


def text_of(message: EmailMessage) -> str:
    """The author's part: the first one after the list's line."""
    parts = list(message.iter_parts())
    return str(parts[1].get_content())


def first_line(message: EmailMessage) -> str:
    """The list's own line on who wrote it."""
    return str(next(message.iter_parts()).get_content()).strip()


def next_mail(address: str, club: Club, act: Callable[[], None]) -> Kept:
    """The one message that an address gets when `act` is done."""
    box = club.list.sandbox.mailbox
    before = box.count(address)
    act()
    *_, last = club.list.sandbox.mail_for(address, before + 1)
    club.list.sandbox.wait_until_idle()
    assert box.count(address) == before + 1
    return last


def accepted(club: Club, author: Correspondent, message: bytes, but: str = "") -> EmailMessage:
    """What Anne reads when a member posts this message; the list says that the member's signature was good, and what else."""
    kept = next_mail(club.author.address, club, lambda: author.post(message))
    read = club.author.open(kept)
    good = f"signature good, by the key {grouped(author.fingerprint)} that counts for this address on this list"
    assert first_line(read) == f'Written by "{author.person.name}" <{author.person.address}>; {good}{but}'
    return read


def refused(club: Club, author: Correspondent, message: bytes) -> str:
    """Why the list does not take a message, in the words of its status."""
    before = {found["reason"]: found["number"] for found in club.list.happened()["refused"]}
    next_mail(author.person.address, club, lambda: author.post(message))
    after = {found["reason"]: found["number"] for found in club.list.happened()["refused"]}
    (reason,) = [name for name, number in after.items() if number != before.get(name, 0)]
    return str(reason)


def test_what_we_send_is_opened_and_verified(club: Club, member: Correspondent) -> None:
    """Each program opens what its member receives, and finds a good signature by the list's certificate and no other."""
    other = EncryptedList.make(club.list.sandbox).certificate
    kept = next_mail(
        member.person.address, club, lambda: club.author.post("Zwölf Kästchen", subject="For " + member.person.name)
    )
    assert not member.open(kept, other).good
    read = member.read(kept)
    assert read["subject"] == f"[Ants{club.list.number}] For {member.person.name}"
    assert text_of(read).strip() == "Zwölf Kästchen"


def test_default_output_is_posted(club: Club, member: Correspondent) -> None:
    """What each program writes by default, signed and compressed as it likes, is posted as the member's own."""
    payload = member.person.payload("Grüße", "As it comes")
    read = accepted(club, member, member.program.write(payload, club.list.certificate))
    assert read["subject"] == f"[Ants{club.list.number}] As it comes"
    assert text_of(read).strip() == "Grüße"


def test_exported_certificate_can_be_written_to(club: Club, member: Correspondent) -> None:
    """Each program encrypts to the file that `list-key export` prints, just as it is."""
    exported = club.list.pgp("list-key", "export", club.list.address).encode()
    accepted(club, member, member.program.write(member.person.payload(), exported))


def test_detached_signature_must_fit(club: Club, member: Correspondent) -> None:
    """A multipart/signed whose text was changed is refused as a bad signature."""
    content = member.signed_inside(b"Pay tenfold.\r\n").replace(b"tenfold", b"twofold")
    assert refused(club, member, member.program.write(content, club.list.certificate, sign=False)) == "bad"


def test_unsigned_output_is_refused(club: Club, member: Correspondent) -> None:
    """What a program encrypts without signing is refused as unsigned."""
    message = member.program.write(member.person.payload(), club.list.certificate, sign=False)
    assert refused(club, member, message) == "unsigned"


def test_another_members_signature_is_refused(club: Club, member: Correspondent) -> None:
    """What the member signs in Anne's name is refused as somebody else's."""
    message = member.program.write(club.author.payload(), club.list.certificate)
    before = club.list.sandbox.mailbox.count(member.person.address)

    def refused_so_far() -> Counter[str]:
        return Counter({found["reason"]: found["number"] for found in club.list.happened()["refused"]})

    earlier = refused_so_far()
    next_mail(
        club.author.address,
        club,
        lambda: club.author.send(club.author.envelope(armored(message))),
    )
    assert refused_so_far() - earlier == Counter({"signed-by-somebody-else": 1})
    assert club.list.sandbox.mailbox.count(member.person.address) == before


def test_output_to_somebody_else_is_refused(club: Club, member: Correspondent) -> None:
    """What is encrypted to the author alone is refused."""
    message = member.program.write(member.person.payload(), member.certificate)
    assert refused(club, member, message) == "not-for-this-list"


@pytest.mark.parametrize("form", ["with-checksum", "without-checksum", "with-comments", "crlf"])
def test_forms_of_armor(club: Club, form: str) -> None:
    """Armor is read with and without a checksum, with comments, and with either line end."""
    member = club.member("gpg")
    message = armored(member.program.write(member.person.payload(), club.list.certificate))
    bare = _CHECKSUM.sub(b"", message)
    assert bare != message
    forms = {
        "with-checksum": message,
        "without-checksum": bare,
        "with-comments": message.replace(b"\n\n", "\nVersion: ünïcode 1\nComment: a: b\nComment: c\n\n".encode(), 1),
        "crlf": message.replace(b"\n", b"\r\n"),
    }
    envelope = member.person.envelope(b"HERE").replace(b"HERE", forms[form])
    read = club.author.open(next_mail(club.author.address, club, lambda: member.person.send(envelope)))
    assert "signature good" in first_line(read)


@pytest.mark.parametrize(
    "options",
    [
        ["--armor", "--comment", "Hello", "--emit-version"],
        ["--digest-algo", "SHA256", "--cipher-algo", "AES128"],
        ["--for-your-eyes-only"],
    ],
    ids=lambda options: options[0].strip("-"),
)
def test_gpg_options(club: Club, options: list[str]) -> None:
    """What gpg writes with more of its options is posted; the usual ones are in the matrix."""
    member = club.member("gpg")
    message = member.program.encrypt(member.person.payload(), club.list.certificate, options=["--sign", *options])
    accepted(club, member, message)


def test_members_of_all_kinds_at_once(club: Club) -> None:
    """Members with keys of every kind and program are on one list: each reads the post, and nobody another's copy.

    It is encrypted once for all who read SEIPDv2, and once for all others.
    """
    members = [club.member(name) for name in (*PROGRAMS, *GPG_KEYS)]
    natives = [club.list.member(f"Native{number}", kind) for number, kind in enumerate(KeyKind)]
    everybody = [member.person.address for member in members] + [native.address for native in natives]
    box = club.list.sandbox.mailbox
    before = {address: box.count(address) for address in everybody}
    club.author.post("To all of you")
    club.list.sandbox.wait_until_idle()
    assert {address: box.count(address) - before[address] for address in everybody} == dict.fromkeys(everybody, 1)
    for member in members:
        assert text_of(member.read(box.messages(member.person.address)[-1])).strip() == "To all of you"
    for native in natives:
        kept = box.messages(native.address)[-1]
        assert text_of(native.open(kept)).strip() == "To all of you"
        with pytest.raises(ValueError, match="can't be opened"):
            club.author.open(kept)
    data = {body_of(box.messages(address)[-1]) for address in everybody}
    assert sorted(body[0] for body in data) == [1, 2]


@pytest.mark.deep
@pytest.mark.parametrize("kind", KeyKind)
def test_members_of_each_kind_post(club: Club, kind: KeyKind) -> None:
    """What a member signs with a key of any kind is posted as theirs."""
    writer = club.list.member(f"Writer{list(KeyKind).index(kind)}", kind)
    read = club.author.open(next_mail(club.author.address, club, lambda: writer.post("With my key")))
    assert first_line(read).startswith(f'Written by "{writer.name}" <{writer.address}>; signature good, by the key')
    assert grouped(writer.key.fingerprint) in first_line(read).replace("\n", " ")


def body_of(kept: Kept) -> bytes:
    """The encrypted data that all copies of a feature group share: the body of the SEIPD packet, which begins with its version."""
    packets = list(walk(dearmor(kept.message.get_payload(1).get_content())))  # type: ignore[union-attr]  # PGP/MIME has two parts
    return packets[-1].body


def test_preferences_without_aes_256(club: Club) -> None:
    """The list writes AES-256, also to who prefers other ciphers: gpg notices, opens it, and finds the signature good."""
    member = club.member("gpg")
    assert isinstance(member.program, Gpg)
    chosen = b"setpref AES SHA256 ZIP\ny\nsave\n"
    member.program("--command-fd", "0", "--edit-key", member.fingerprint, data=chosen)
    club.list.certify(member.person, member.program("--export", member.fingerprint).stdout)
    club.list.wait_until_told()
    kept = next_mail(member.person.address, club, lambda: club.author.post("In AES-256"))
    assert text_of(member.read(kept)).strip() == "In AES-256"
    said = member.program("--decrypt", data=kept.message.get_payload(1).get_content()).stderr  # type: ignore[union-attr]  # as above
    assert b"AES256 not found in recipient preferences" in said


def test_certificate_that_says_nothing_gets_the_old_form(club: Club) -> None:
    """To certificates without a Features subpacket, as rnp makes them, the list writes what everybody can read."""
    member = club.member("rnp")
    kept = next_mail(member.person.address, club, club.author.post)
    binary = dearmor(kept.message.get_payload(1).get_content())  # type: ignore[union-attr]  # PGP/MIME has two parts
    assert [(packet.tag, packet.body[0]) for packet in walk(binary)] == [(Tag.PKESK, 3), (Tag.SEIPD, 1)]
