"""One post to many members: signed once, encrypted once, and cut into one complete message for each of them.

`encrypt()` for n certificates writes their encrypted session keys (PKESK) and one encrypted data packet (SEIPD).
All PKESKs of one recipient and that SEIPD are a complete message (RFC 9580 §10.3) that tells of nobody else.  What
the library writes is trusted no further than it is checked here: which key each PKESK is for, how many there are,
and that exactly one SEIPD follows.
"""

import binascii
import functools
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import NamedTuple

import pysequoia

from mailman_pgp.openpgp.armor import COLUMNS, LINE_BYTES
from mailman_pgp.openpgp.errors import FanOutError, OpenPGPError
from mailman_pgp.openpgp.kept import Kept
from mailman_pgp.openpgp.listkeys import MAX_VALIDITY_DAYS, ListSecretKey, generate
from mailman_pgp.openpgp.packets import Tag, pkesk_recipient, walk
from mailman_pgp.openpgp.usability import encryptable

_BEGIN = b"-----BEGIN PGP MESSAGE-----\r\n\r\n"
_END = b"-----END PGP MESSAGE-----\r\n"
#: What the parsed certificates kept by a process may take: some 12,000 of the usual ones in compact form, and fewer large ones.
_CACHED_BYTES = 144 * 2**20
_PACKET_COST = 2800
_BYTE_COST = 2
#: Before any time that the clock of a server may show, and a century before the library counts it as expired.
_ANCHOR_CREATED = datetime(2000, 1, 1, tzinfo=UTC)
_CLOCK = "Nothing can be encrypted at present. See that the clock of this machine is right, then run `mailman unshunt`."


class Recipient(NamedTuple):
    """A member's address and the certificate chosen for it, as stored, or what encrypting needs of it (`Certificate.compact`).

    `certificate` is binary, `fingerprint` that of its primary key.  `recipients` and `seipd` are what its `Usability`
    says now: whoever keeps them sees to it that they are judged again when their time (`until`) is over.
    """

    address: str
    certificate: bytes
    recipients: tuple[str, ...]
    seipd: int
    fingerprint: str


class Copy(NamedTuple):
    """One member's message: `head + tail` is one armored PGP MESSAGE, its lines of 64 columns end in CRLF.

    Copies whose `tail` is equal share one object, so it can be sent again and again without being copied.
    """

    address: str
    head: bytes
    tail: bytes

    def __repr__(self) -> str:
        """Show the address and sizes only."""
        return f"Copy({self.address!r}, {len(self.head)} + {len(self.tail)} bytes)"


@dataclass(frozen=True, slots=True, repr=False, eq=False)
class _Target:
    """A parsed certificate; `expires` is in naive UTC, `cost` about the memory it takes, in bytes."""

    cert: pysequoia.Cert
    fingerprint: str
    expires: datetime | None
    cost: int


class _Member(NamedTuple):
    """A recipient whose certificate may be encrypted to, and the recipient IDs of the PKESKs to expect for it."""

    address: str
    target: _Target
    ids: tuple[str, ...]


@dataclass(frozen=True, slots=True, repr=False)
class _Sealed:
    """One encrypted post: the raw PKESK packets by recipient ID, and the raw SEIPD packet."""

    members: Sequence[_Member]
    keys: dict[str, list[bytes]]
    seipd: bytes
    version: int


def fan_out(payload: bytes, recipients: Sequence[Recipient], signer: ListSecretKey) -> Iterator[Copy]:
    """Sign and encrypt `payload`, and return an iterator over one copy for each of `recipients`, in any order.

    Everything that can fail happens before this returns.  Raises FanOutError when the certificate of a recipient is
    broken, expired, revoked or without a living encryption key, or not the one chosen; ListKeyError when the list's
    own key may not sign; OpenPGPError when the cause is none of theirs.
    """
    library_signer = signer.usable_signer()
    # Recipients who take SEIPDv2 and those who do not get separate calls, and so never share a session key: one that
    # served both would let the old cipher mode be played against the new one.
    groups = _feature_groups(recipients)
    return _copies([_seal(payload, members, version, library_signer) for version, members in groups.items()])


def encrypt_once(payload: bytes, recipients: Sequence[Recipient], signer: ListSecretKey) -> bytes:
    """Sign and encrypt `payload`, and return one armored message (CRLF) that each of `recipients` opens, and that names them all.

    Raises as `fan_out` does.
    """
    library_signer = signer.usable_signer()
    groups = _feature_groups(recipients)
    version = min(groups)  # the weakest recipient decides
    sealed = _seal(payload, [member for members in groups.values() for member in members], version, library_signer)
    keys = b"".join(packet for found in sealed.keys.values() for packet in found)
    if version == 1:
        keys = _padded(keys, len(sealed.seipd))
    return _BEGIN + _lines(keys + sealed.seipd) + _END


def _feature_groups(recipients: Sequence[Recipient]) -> dict[int, list[_Member]]:
    """Sort the recipients by the version of SEIPD they take; raises FanOutError for those that take nothing now."""
    now = datetime.now(UTC).replace(tzinfo=None)
    groups: dict[int, list[_Member]] = defaultdict(list)
    refused: list[str] = []
    for recipient in recipients:
        target = _targets.get(recipient.fingerprint, recipient.certificate)
        # The library would encrypt to expired and revoked certificates without a word.
        alive = target is not None and (target.expires is None or now < target.expires)
        if target is None or not alive or not recipient.recipients or target.fingerprint != recipient.fingerprint:
            refused.append(recipient.address)
        else:
            groups[recipient.seipd].append(_Member(recipient.address, target, recipient.recipients))
    if refused:
        raise FanOutError(*refused)
    return groups


def _seal(payload: bytes, members: Sequence[_Member], version: int, signer: pysequoia.PySigner) -> _Sealed:
    """Encrypt `payload` to all of one feature group, and check the outcome packet by packet."""
    # One certificate may serve several addresses.
    distinct = {member.target: member.ids for member in members}
    certs = [target.cert for target in distinct]
    try:
        message = pysequoia.encrypt(payload, [*certs, *_anchors(version)], signer=signer, armor=False)
    except Exception:  # noqa: BLE001 - the library's errors have no common type, and texts that must not pass
        raise _blame(members, version) from None
    keys: dict[str, list[bytes]] = defaultdict(list)
    packets = walk(message)
    for last in packets:
        if last.tag != Tag.PKESK:
            break
        # By key ID and never by position: a certificate with two encryption subkeys gets two of them.
        keys[pkesk_recipient(last)].append(message[last.start : last.end])
    for name in _anchor_names(version):
        keys.pop(name, None)
    # Several certificates may carry the same subkey, whose owner can open the PKESK of each of them.
    expected = Counter(key_id for ids in distinct.values() for key_id in ids)
    counts = {key_id: len(found) for key_id, found in keys.items()}
    if counts != expected or last.tag != Tag.SEIPD or last.body[0] != version or last.end != len(message):
        raise _blame(members, version)
    return _Sealed(members, keys, message[last.start :], version)


def _blame(members: Sequence[_Member], version: int) -> OpenPGPError:
    """Return the error for a group that could not be encrypted as expected, naming whose certificates are the cause."""
    if not _encrypts([], (), version):
        # Nobody's certificate is the cause: the library refuses our own, which it does when the clock is wrong.
        return OpenPGPError(_CLOCK)
    refused = [member.address for member in members if not _encrypts([member.target.cert], member.ids, version)]
    if refused:
        return FanOutError(*refused)
    return OpenPGPError("The post could not be encrypted to its recipients.")


def _encrypts(certs: Sequence[pysequoia.Cert], ids: Sequence[str], version: int) -> bool:
    """Whether the library encrypts to these certificates alone as is expected; to none but the anchor, where there is one."""
    certs, expected = [*certs, *_anchors(version)], [*ids, *_anchor_names(version)]
    if not certs:
        return True
    try:
        *keys, seipd = walk(pysequoia.encrypt(b"", certs, armor=False))
    except Exception:  # noqa: BLE001 - as in _seal
        return False
    return sorted(map(pkesk_recipient, keys)) == sorted(expected) and seipd.body[0] == version


@functools.cache
def _anchor() -> tuple[pysequoia.Cert, tuple[str, ...]]:
    """A certificate that nobody has the key of and that takes SEIPDv1 only, and the names of its PKESKs.

    The library writes SEIPDv2 to certificates that don't say what they take.  The weakest recipient decides for all, so
    this one is added where SEIPDv1 is wanted; its PKESK goes into no copy.  It is old on purpose: one made now would be
    refused, and every post with it, once the clock is set back.
    """
    made = generate(
        "", ["nobody@example.invalid"], validity_days=MAX_VALIDITY_DAYS, created=_ANCHOR_CREATED
    ).certificate
    if not made.usability.usable:  # the clock; not to be remembered
        raise OpenPGPError(_CLOCK)
    return pysequoia.Cert.from_bytes(made.data), made.usability.recipients


def _anchors(version: int) -> list[pysequoia.Cert]:
    return [_anchor()[0]] if version == 1 else []


def _anchor_names(version: int) -> tuple[str, ...]:
    return _anchor()[1] if version == 1 else ()


def _copies(sealed: Sequence[_Sealed]) -> Iterator[Copy]:
    for group in sealed:
        # By how much of the SEIPD goes into the head, so that the tail begins a line of its own.  A tail is as large as
        # the post, so there is one at a time.
        alike: dict[int, list[tuple[str, bytes]]] = defaultdict(list)
        for member in group.members:
            keys = b"".join([packet for key_id in member.ids for packet in group.keys[key_id]])
            if group.version == 1:
                keys = _padded(keys, len(group.seipd))
            alike[-len(keys) % LINE_BYTES].append((member.address, keys))
        for borrowed, members in alike.items():
            first, tail = group.seipd[:borrowed], _tail(group.seipd, borrowed)
            for address, keys in members:
                yield Copy(address, _BEGIN + _lines(keys + first), tail)
            del tail  # before the next one is made


def _padded(keys: bytes, following: int) -> bytes:
    """Return the PKESK packets `keys` in such a form that the base64 of the message ends with padding.

    A checksum would differ from copy to copy, and so none could share its tail.  But where base64 without a checksum
    ends without padding, gpg 2.2 takes the END line for more of it.  So the length of the first packet is written in
    more octets than it needs, which RFC 9580 §4.2 allows.
    """
    if (len(keys) + following) % 3:
        return keys
    first = next(walk(keys))
    length = len(first.body).to_bytes(4, "big")
    if first.end - len(first.body) == 2:  # noqa: PLR2004 - a header of two octets becomes one of six
        header = bytes([0xC0 | Tag.PKESK, 0xFF]) + length
    else:  # one of three becomes one of five, in the legacy format (RFC 9580 §4.2.2)
        header = bytes([0x80 | Tag.PKESK << 2 | 2]) + length
    return header + first.body + keys[first.end :]


def _tail(seipd: bytes, borrowed: int) -> bytes:
    """Return the armor from the line on which `seipd[borrowed:]` begins."""
    return _lines(seipd[borrowed:]) + _END


def _lines(data: bytes) -> bytes:
    """Return base64 in lines of 64 columns, each ended by CRLF; nothing for nothing."""
    text = binascii.b2a_base64(data, newline=False)
    return b"".join([text[start : start + COLUMNS] + b"\r\n" for start in range(0, len(text), COLUMNS)])


class _TargetCache:
    """Parsed certificates of this process.

    Parsing and verifying one costs several times as much as encrypting to it.  One version of a certificate is kept, with
    its bytes, so no stale or foreign one can ever be met; who asks with the same object again asks at no cost.
    """

    def __init__(self, most: int) -> None:
        self._kept: Kept[str, tuple[bytes, _Target]] = Kept(most)

    def get(self, fingerprint: str, data: bytes) -> _Target | None:
        """Return the target of the binary certificate `data`; None when it is broken, refused by policy or revoked.

        `fingerprint` is the one that it should have.
        """
        kept = self._kept.get(fingerprint)
        if kept is not None and kept[0] == data:
            return kept[1]
        target = _read(data)
        if target is not None:
            self._kept.put(fingerprint, (data, target), target.cost)
        return target


def _cost(data: bytes) -> int:
    """About what a parsed certificate takes, by measurement of all kinds; the most of it is for each packet."""
    return _PACKET_COST * sum(1 for _ in walk(data)) + _BYTE_COST * len(data)


def _read(data: bytes) -> _Target | None:
    try:
        cert = encryptable(data)
        if cert.is_revoked:
            return None
        expires = cert.expiration
        cost = _cost(data)
    except Exception:  # noqa: BLE001 - as in _seal
        return None
    return _Target(cert, cert.fingerprint.upper(), expires and expires.astimezone(UTC).replace(tzinfo=None), cost)


_targets = _TargetCache(_CACHED_BYTES)
