"""Session keys that are encrypted by ML-KEM-768 and X25519 together: found only by the whole key, whatever is put in their place."""

from __future__ import annotations

from typing import TYPE_CHECKING

import messages
import pysequoia
import pytest
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from hypothesis import given, settings
from hypothesis import strategies as st
from keys import forge_usable, packet
from others import LIST_ADDRESSES
from workshops import BOUNDS, scripted

from mailman_pgp import openpgp
from mailman_pgp.openpgp import (
    CANNOT_OPEN,
    NewListKey,
    OpeningError,
    OpeningProblem,
    Profile,
    Status,
    WorkshopError,
    hybrid,
    worker,
)
from mailman_pgp.openpgp.memberkeys import KeyKind, MemberKey
from mailman_pgp.openpgp.packets import Tag, walk

if TYPE_CHECKING:
    from collections.abc import Callable

CONTENT = b"The bridge is up.\r\n" * 40
# Where the parts of a PKESK of version 3 begin: RFC 9580 §5.1.1, RFC 9980 §4.3.1.
ALGORITHM, SHARE, LATTICE, LENGTH, CIPHER, WRAPPED = 9, 10, 42, 1130, 1131, 1132


@pytest.fixture(scope="module")
def key() -> NewListKey:
    """The list's."""
    return openpgp.generate("Ants", LIST_ADDRESSES, profile=Profile.POST_QUANTUM)


@pytest.fixture(scope="module")
def usual() -> NewListKey:
    """The one that it had before."""
    return openpgp.generate("Ants", LIST_ADDRESSES)


@pytest.fixture(scope="module")
def anne() -> MemberKey:
    """Who writes."""
    return MemberKey.generate("Anne <anne@example.com>")


@pytest.fixture(scope="module")
def post(key: NewListKey, anne: MemberKey) -> bytes:
    """What she has written, binary."""
    return openpgp.dearmor(anne.write(CONTENT, key.certificate.data))


def own(key: NewListKey) -> hybrid.HybridKey:
    """Both halves of what opens mail to the list."""
    return hybrid.HybridKey.of([one.body for one in walk(key.secret) if one.tag == Tag.SECRET_SUBKEY][-1])


def parts(message: bytes) -> tuple[bytes, bytes]:
    """The body of the one PKESK, and the encrypted packet."""
    first, second = walk(message)
    assert (first.tag, second.tag) == (Tag.PKESK, Tag.SEIPD)
    return first.body, message[second.start : second.end]


def refusal(message: bytes, *secrets: bytes) -> OpeningProblem:
    """Why it is not opened; its sender is told one sentence."""
    with pytest.raises(OpeningError) as caught:
        openpgp.open_message(message, secrets, [])
    assert str(caught.value) == CANNOT_OPEN
    assert caught.value.__cause__ is None
    return caught.value.problem


def flipped(body: bytes, at: int) -> bytes:
    """One bit is another one."""
    return body[:at] + bytes([body[at] ^ 1]) + body[at + 1 :]


def test_what_another_program_encrypts(key: NewListKey, anne: MemberKey, post: bytes) -> None:
    """It is of version 3, as for any key of version 4; the session key opens it, with its signature."""
    body, _ = parts(post)
    assert (body[0], body[ALGORITHM], body[LENGTH], body[CIPHER]) == (3, hybrid.ALGORITHM, 41, 9)
    found = own(key).session_key(body)
    assert found is not None
    assert (len(found.key), found.cipher) == (32, "aes256")
    opened = openpgp.open_message(post, [key.secret], [anne.certificate])
    assert opened.content == CONTENT
    assert [one.status for one in opened.signatures] == [Status.GOOD]


def test_what_is_made_here_another_program_opens(key: NewListKey, post: bytes) -> None:
    """The pair of keys is one also for it."""
    assert pysequoia.decrypt(post, pysequoia.Tsk.from_bytes(key.secret).decryptor()).bytes == CONTENT


def test_compressed_and_signed(key: NewListKey, post: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    """What only one library opens with its signature keeps it, too."""
    body, _ = parts(post)
    found = own(key).session_key(body)
    assert found is not None
    monkeypatch.setattr(messages, "SESSION_KEY", found.key)
    writer = forge_usable("Bart <bart@example.com>")
    data = messages.encrypted(messages.compressed(messages.signed(CONTENT, writer.primary)))
    opened = openpgp.open_message(packet(Tag.PKESK, body) + data, [key.secret], [writer.public])
    assert (opened.content, [one.status for one in opened.signatures]) == (CONTENT, [Status.GOOD])


def certificate(key: NewListKey) -> pysequoia.Cert:
    """As the library has it."""
    return pysequoia.Cert.from_bytes(key.certificate.data)


@pytest.mark.parametrize("version_6", [KeyKind.V6, KeyKind.POST_QUANTUM], ids=lambda kind: kind.name)
def test_version_6(version_6: KeyKind) -> None:
    """A key of version 6 has it in PKESKs of version 6, for SEIPDv2, which says the cipher itself."""
    drawn = MemberKey.generate("Ants <ants@example.com>", KeyKind.POST_QUANTUM)
    writer = MemberKey.generate("Anne <anne@example.com>", version_6)
    message = writer.write(CONTENT, drawn.certificate)
    body, _ = parts(openpgp.dearmor(message))
    assert body[0] == 6
    subkey = next(one.body for one in walk(drawn.secret) if one.tag == Tag.SECRET_SUBKEY and hybrid.is_hybrid(one.body))
    found = hybrid.HybridKey.of(subkey).session_key(body)
    assert found is not None
    assert found.cipher is None
    opened = openpgp.open_message(message, [drawn.secret], [writer.certificate])
    assert (opened.content, [one.status for one in opened.signatures]) == (CONTENT, [Status.GOOD])


def test_for_nobody_named(key: NewListKey, post: bytes) -> None:
    """A key that is not named is tried; of one for somebody else beside it nothing is opened."""
    body, data = parts(post)
    stranger = openpgp.generate("Bees", ["bees@example.com"], profile=Profile.POST_QUANTUM)
    other, _ = parts(pysequoia.encrypt(b"", [certificate(stranger)], armor=False))
    hidden = [packet(Tag.PKESK, one[:1] + bytes(8) + one[9:]) for one in (other, body)]
    assert openpgp.open_message(b"".join(hidden) + data, [key.secret], []).content == CONTENT
    assert refusal(hidden[0] + data, key.secret) is OpeningProblem.NOT_FOR_LIST


def test_to_both_keys_of_a_list(key: NewListKey, usual: NewListKey, anne: MemberKey) -> None:
    """While one key follows another, each of them opens what was encrypted to both, or to it alone; in any order."""
    both = anne.write(CONTENT, key.certificate.data, usual.certificate.data)
    for message, secrets in (
        (both, [key.secret, usual.secret]),
        (both, [usual.secret, key.secret]),
        (both, [key.secret]),
        (both, [usual.secret]),
        (anne.write(CONTENT, usual.certificate.data), [key.secret, usual.secret]),
        (anne.write(CONTENT, key.certificate.data), [usual.secret, key.secret]),
    ):
        opened = openpgp.open_message(message, secrets, [anne.certificate])
        assert (opened.content, [one.status for one in opened.signatures]) == (CONTENT, [Status.GOOD])


BROKEN: dict[str, Callable[[bytes], bytes]] = {
    "share": lambda body: flipped(body, SHARE),
    "share of no secret": lambda body: body[:SHARE] + bytes(32) + body[LATTICE:],
    "lattice, first": lambda body: flipped(body, LATTICE),
    "lattice, last": lambda body: flipped(body, LENGTH - 1),
    "lattice of zeros": lambda body: body[:LATTICE] + bytes(1088) + body[LENGTH:],
    "length": lambda body: flipped(body, LENGTH),
    "no length": lambda body: body[:LENGTH] + b"\0" + body[CIPHER:],
    "cipher": lambda body: body[:CIPHER] + b"\x07" + body[WRAPPED:],
    "unknown cipher": lambda body: body[:CIPHER] + b"\x63" + body[WRAPPED:],
    "wrapped, first": lambda body: flipped(body, WRAPPED),
    "wrapped, last": lambda body: flipped(body, len(body) - 1),
    "algorithm": lambda body: body[:ALGORITHM] + b"\x24" + body[SHARE:],
    "other algorithm": lambda body: body[:ALGORITHM] + b"\x12" + body[SHARE:],
    **{
        f"cut off at {at}": (lambda body, at=at: body[:at])  # type: ignore[misc] # a default binds the loop's value
        for at in (9, 10, 41, 42, 1129, 1130, 1131, 1132, 1170)
    },
}


@pytest.mark.parametrize("change", BROKEN.values(), ids=BROKEN)
def test_each_part_broken(key: NewListKey, usual: NewListKey, post: bytes, change: Callable[[bytes], bytes]) -> None:
    """Is one and the same failure, which is that of a damaged message to any other key; no other key of the list opens it either."""
    body, data = parts(post)
    assert own(key).session_key(change(body)) is None
    message = packet(Tag.PKESK, change(body)) + data
    assert refusal(message, key.secret) is OpeningProblem.DAMAGED
    assert refusal(message, key.secret, usual.secret) is OpeningProblem.DAMAGED


def test_more_than_a_session_key(key: NewListKey, post: bytes) -> None:
    """An octet behind it, which the one library passes over, is refused by us."""
    body, data = parts(post)
    assert own(key).session_key(body + b"\0") is None
    assert refusal(packet(Tag.PKESK, body + b"\0") + data, key.secret) is OpeningProblem.STRUCTURE


def test_the_encrypted_data_broken(key: NewListKey, post: bytes) -> None:
    """What is encrypted is not shown, and the reason is the same, where one bit of it is another one."""
    body, data = parts(post)
    for at in (20, len(data) // 2, len(data) - 1):
        assert refusal(packet(Tag.PKESK, body) + flipped(data, at), key.secret) is OpeningProblem.DAMAGED


def test_by_half_of_the_key(key: NewListKey, post: bytes) -> None:
    """Who has one of the halves finds nothing: neither alone decides."""
    body, _ = parts(post)
    whole, other = own(key), own(openpgp.generate("Bees", ["bees@example.com"], profile=Profile.POST_QUANTUM))
    assert whole.session_key(body)
    assert hybrid.HybridKey(whole.curve, other.lattice).session_key(body) is None
    assert hybrid.HybridKey(other.curve, whole.lattice).session_key(body) is None


def test_another_list_s_key(usual: NewListKey, post: bytes) -> None:
    """Opens nothing, and says what it says of any mail to somebody else."""
    other = openpgp.generate("Bees", ["bees@example.com"], profile=Profile.POST_QUANTUM)
    assert refusal(post, other.secret) is OpeningProblem.NOT_FOR_LIST
    assert refusal(post, other.secret, usual.secret) is OpeningProblem.NOT_FOR_LIST


def test_a_share_of_somebody_else(key: NewListKey, post: bytes) -> None:
    """The share of the curve is bound into what wraps: none in its place goes unnoticed."""
    body, _ = parts(post)
    foreign = X25519PrivateKey.generate().public_key().public_bytes_raw()
    assert own(key).session_key(body[:SHARE] + foreign + body[LATTICE:]) is None


class Without:
    """What is there of ML-KEM where `cryptography` is built upon an older OpenSSL."""

    @staticmethod
    def from_seed_bytes(_seed: bytes) -> None:
        """As it does there."""
        raise UnsupportedAlgorithm("ML-KEM-768 is not supported by this backend.")


def test_without_ml_kem(
    key: NewListKey, usual: NewListKey, anne: MemberKey, post: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where `cryptography` has none, mail to the other keys of the list is opened; mail to this one is kept, and not called damaged."""
    monkeypatch.setattr(hybrid, "MLKEM768PrivateKey", Without)
    keys = [key.secret, usual.secret]
    header = {"operation": "open", "secrets": 2, "pkesks": 9, "wildcards": 1, "content_bytes": len(CONTENT)}
    answer, blobs = worker.answer(header, [anne.write(CONTENT, usual.certificate.data), *keys, anne.certificate])
    assert (blobs[0], [one["status"] for one in answer["signatures"]]) == (CONTENT, [Status.GOOD])
    assert worker.answer(header, [post, *keys]) == ({"failed": "no-lattice"}, [])
    shop = scripted('request(); write({"failed": "no-lattice"})')
    with pytest.raises(WorkshopError, match="no ML-KEM"):
        shop.request("open", header, [post, *keys], bounds=BOUNDS)


@given(st.binary(max_size=1300))
@settings(max_examples=60, deadline=None)
def test_any_octets(octets: bytes) -> None:
    """No session key is found in what is none, and nothing else happens."""
    one = own(_KEY)
    assert one.session_key(octets) is None
    assert one.session_key(b"\x03" + bytes(8) + b"\x23" + octets) is None
    assert one.session_key(b"\x06\x00\x23" + octets) is None


_KEY = openpgp.generate("Ants", LIST_ADDRESSES, profile=Profile.POST_QUANTUM)


def test_nothing_is_shown(key: NewListKey, post: bytes) -> None:
    """A repr tells neither the key nor what it has found."""
    one = own(key)
    found = one.session_key(parts(post)[0])
    assert found is not None
    for shown in (repr(one), repr(found)):
        assert "at 0x" in shown
        assert found.key.hex() not in shown
        assert repr(found.key) not in shown
