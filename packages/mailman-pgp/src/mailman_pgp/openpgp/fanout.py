"""One post to many members: signed once, encrypted once, and cut into one complete message for each of them.

`encrypt()` for n certificates writes their encrypted session keys (PKESK) and one encrypted data packet (SEIPD).
All PKESKs of one recipient and that SEIPD are a complete message (RFC 9580 §10.3) that tells of nobody else.  What
the library writes is trusted no further than it is checked here: which key each PKESK is for, how many there are,
and that exactly one SEIPD follows.
"""

import binascii
import functools
import hashlib
import threading
from collections import Counter, OrderedDict, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import pysequoia

from mailman_pgp.openpgp import armor
from mailman_pgp.openpgp.certificates import inspect
from mailman_pgp.openpgp.errors import FanOutError, OpenPGPError
from mailman_pgp.openpgp.listkeys import ListSecretKey
from mailman_pgp.openpgp.packets import Tag, pkesk_recipient, walk

_BEGIN = b"-----BEGIN PGP MESSAGE-----\r\n\r\n"
_END = b"-----END PGP MESSAGE-----\r\n"
#: Parsed certificates kept by a process: at 20 kB each, some 160 MB at the very worst.
_CACHED_CERTIFICATES = 8192


@dataclass(frozen=True, slots=True)
class Recipient:
    """A member's address and the certificate chosen for it, as stored.

    `certificate` is binary, `fingerprint` that of its primary key.  `recipients` and `seipd` are what was true when it
    was stored; subkeys expire in between, so what is true now is found out here and they only document the choice.
    """

    address: str
    certificate: bytes
    recipients: tuple[str, ...]
    seipd: int
    fingerprint: str


@dataclass(frozen=True, slots=True, repr=False)
class Copy:
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
    """A parsed certificate, and what is known of it until `until` (naive UTC)."""

    cert: pysequoia.Cert
    fingerprint: str
    usable: bool
    until: datetime | None
    seipd: int
    ids: frozenset[str]


@dataclass(frozen=True, slots=True, repr=False)
class _Sealed:
    """One encrypted post: the raw PKESK packets by recipient ID, and the raw SEIPD packet."""

    members: Sequence[tuple[str, _Target]]
    keys: dict[str, list[bytes]]
    seipd: bytes


def fan_out(payload: bytes, recipients: Sequence[Recipient], signer: ListSecretKey) -> Iterator[Copy]:
    """Sign and encrypt `payload`, and return an iterator over one copy for each of `recipients`, in any order.

    Everything that can fail happens before this returns.  Raises FanOutError when the certificate of a recipient is
    broken, expired, revoked or without a living encryption key, or not the one chosen; ListKeyError when the list's
    own key may not sign.
    """
    library_signer = signer.usable_signer()
    # Recipients who take SEIPDv2 and those who do not get separate calls, and so never share a session key: one that
    # served both would let the old cipher mode be played against the new one.
    sealed = [_seal(payload, members, library_signer) for members in _feature_groups(recipients)]
    return _copies(sealed)


def _feature_groups(recipients: Sequence[Recipient]) -> list[list[tuple[str, _Target]]]:
    now = datetime.now(UTC).replace(tzinfo=None)
    groups: dict[int, list[tuple[str, _Target]]] = defaultdict(list)
    refused: list[str] = []
    for recipient in recipients:
        target = _targets.get(recipient.certificate, now)
        # The library would encrypt to expired and revoked certificates without a word.
        if target is None or not target.usable or target.fingerprint != recipient.fingerprint:
            refused.append(recipient.address)
        else:
            groups[target.seipd].append((recipient.address, target))
    if refused:
        raise FanOutError(*refused)
    return list(groups.values())


def _seal(payload: bytes, members: Sequence[tuple[str, _Target]], signer: pysequoia.PySigner) -> _Sealed:
    """Encrypt `payload` to all of one feature group, and check the outcome packet by packet."""
    targets = list({id(target): target for _address, target in members}.values())
    try:
        message = pysequoia.encrypt(payload, [target.cert for target in targets], signer=signer, armor=False)
    except Exception:  # noqa: BLE001 - the library's errors have no common type, and texts that must not pass
        raise _blame(members) from None
    keys: dict[str, list[bytes]] = defaultdict(list)
    end = 0
    for packet in walk(message):
        end = packet.end
        if packet.tag != Tag.PKESK:
            break
        # By key ID and never by position: a certificate with two encryption subkeys gets two of them.
        keys[pkesk_recipient(packet)].append(message[packet.start : packet.end])
    expected = Counter(key_id for target in targets for key_id in target.ids)
    version = packet.body[0] if packet.tag == Tag.SEIPD else 0
    if (
        end != len(message)
        or {target.seipd for target in targets} != {version}
        # Two certificates may carry the same subkey; more than expected is a subkey that is dead to us.
        or any(len(keys[key_id]) < count for key_id, count in expected.items())
    ):
        raise _blame(members)
    return _Sealed(members, keys, message[packet.start :])


def _blame(members: Sequence[tuple[str, _Target]]) -> OpenPGPError:
    """Return the error for a group that could not be encrypted as expected, naming whose certificates are the cause."""
    refused = [address for address, target in members if not _delivers(target)]
    if refused:
        return FanOutError(*refused)
    return OpenPGPError("The post could not be encrypted to its recipients.")


def _delivers(target: _Target) -> bool:
    """Whether the library encrypts to this certificate alone as we expect."""
    try:
        packets = list(walk(pysequoia.encrypt(b"", [target.cert], armor=False)))
    except Exception:  # noqa: BLE001 - as in _seal
        return False
    found = {pkesk_recipient(packet) for packet in packets[:-1]}
    return target.ids <= found and packets[-1].body[0] == target.seipd


def _copies(sealed: Sequence[_Sealed]) -> Iterator[Copy]:
    for group in sealed:
        tail_of = functools.cache(functools.partial(_tail, group.seipd))
        for address, target in group.members:
            keys = b"".join([packet for key_id in sorted(target.ids) for packet in group.keys[key_id]])
            if target.seipd == 1:
                keys = _padded(keys, len(group.seipd))
            # So much of the SEIPD goes into the head that the tail begins a line of its own.
            borrowed = -len(keys) % armor.LINE_BYTES
            head = _BEGIN + _lines(keys + group.seipd[:borrowed])
            yield Copy(address, head, tail_of(borrowed))


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
    columns = armor.COLUMNS
    return b"".join([text[start : start + columns] + b"\r\n" for start in range(0, len(text), columns)])


class _TargetCache:
    """Parsed certificates of this process, the least recently used dropped first.

    Parsing and judging one costs more than encrypting to it.  The key is a digest of the certificate's own bytes, so
    no stale or foreign entry can ever be met.
    """

    def __init__(self, size: int) -> None:
        self._size = size
        self._entries: OrderedDict[bytes, _Target] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, data: bytes, now: datetime) -> _Target | None:
        """Return the target of the binary certificate `data`, judged for `now`; None when it is broken."""
        digest = hashlib.sha256(data).digest()
        with self._lock:
            target = self._entries.get(digest)
            if target is not None and (target.until is None or now < target.until):
                self._entries.move_to_end(digest)
                return target
        target = _read(data)
        if target is not None:
            with self._lock:
                self._entries[digest] = target
                self._entries.move_to_end(digest)
                while len(self._entries) > self._size:
                    self._entries.popitem(last=False)
        return target


def _read(data: bytes) -> _Target | None:
    try:
        certificate = inspect(data)
        cert = pysequoia.Cert.from_bytes(data)
    except Exception:  # noqa: BLE001 - as in _seal
        return None
    usability = certificate.usability
    return _Target(
        cert,
        certificate.fingerprint,
        usability.usable and bool(usability.recipients),
        usability.until,
        usability.seipd,
        frozenset(usability.recipients),
    )


_targets = _TargetCache(_CACHED_CERTIFICATES)
