"""The packets of one key, sorted: the primary key, its user IDs and its subkeys, each with the signatures behind it.

Sorting proves nothing.  What counts is decided by pysequoia; this is for the questions its wrapper does not answer.
"""

from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime

from pysequoia.packet import Packet as TypedPacket
from pysequoia.packet import PacketPile, SignatureType

from mailman_pgp.openpgp.errors import PacketError
from mailman_pgp.openpgp.packets import Packet, Tag, walk

#: A certificate with all the signatures of a busy key signer has a few thousand packets.
MAX_PACKETS = 20_000
PRIMARY_TAGS = frozenset({Tag.PUBLIC_KEY, Tag.SECRET_KEY})
SUBKEY_TAGS = frozenset({Tag.PUBLIC_SUBKEY, Tag.SECRET_SUBKEY})
KEY_TAGS = PRIMARY_TAGS | SUBKEY_TAGS
SECRET_TAGS = frozenset({Tag.SECRET_KEY, Tag.SECRET_SUBKEY})
#: In the first octet of a key (RFC 9580 §5.5.2, §5.5.3; 2 and 5 are of others).
_VERSIONS = frozenset({b"\x02", b"\x03", b"\x04", b"\x05", b"\x06"})
#: What may stand in a key (RFC 9580 §10.1).  Above all nothing compressed, which could expand without bound.
ALLOWED_TAGS = KEY_TAGS | {
    Tag.SIGNATURE,
    Tag.USER_ID,
    Tag.USER_ATTRIBUTE,
    Tag.TRUST,
    Tag.MARKER,
    Tag.PADDING,
}
_IGNORED_TAGS = frozenset({Tag.TRUST, Tag.MARKER, Tag.PADDING})
_SECTION_TAGS = KEY_TAGS | {Tag.USER_ID, Tag.USER_ATTRIBUTE}


def naive_utc(time: datetime) -> datetime:
    """Return an aware datetime as naive UTC, the form of every time in this package."""
    return time.astimezone(UTC).replace(tzinfo=None)


def split(data: bytes, *, limit: int = MAX_PACKETS) -> list[list[Packet]]:
    """Cut binary `data`, of at most `limit` packets, into one list of packets for each key in it.

    Raises PacketError when it is not a sequence of keys (packets that belong to no key, or to something else).
    """
    keys: list[list[Packet]] = []
    for packet in walk(data, limit=limit):
        if packet.tag not in ALLOWED_TAGS:
            raise PacketError("There is a packet that does not belong into a key.")
        if packet.tag in PRIMARY_TAGS:
            keys.append([])
        elif not keys:
            if packet.tag in _IGNORED_TAGS:
                continue
            raise PacketError("The key does not begin with its primary key.")
        keys[-1].append(packet)
    return keys


def holds_secret(data: bytes) -> bool:
    """Tell whether there is a secret key in binary `data`, before the point where it becomes unreadable."""
    try:
        return any(map(is_secret, walk(data)))
    except PacketError:
        return False


def is_secret(packet: Packet) -> bool:
    """Tell whether a packet is a secret key, of a version that there is: octets that are read out of step are taken for one else."""
    return packet.tag in SECRET_TAGS and packet.body[:1] in _VERSIONS


@dataclass(frozen=True, slots=True)
class Signed:
    """A packet of a key with the signatures that follow it; `raw` and `raw_signatures` are the whole packets, binary."""

    packet: TypedPacket
    raw: bytes
    signatures: list[TypedPacket] = field(default_factory=list)
    raw_signatures: list[bytes] = field(default_factory=list)

    @property
    def binary(self) -> bytes:
        """The packet and its signatures."""
        return self.raw + b"".join(self.raw_signatures)

    def expires(self, binding: TypedPacket) -> datetime | None:
        """When this key ends according to one of its signatures; naive UTC, None for never."""
        created, validity = self.packet.key_created, binding.key_validity_period
        return None if created is None or validity is None else naive_utc(created + validity)

    @property
    def fingerprint(self) -> str:
        """The fingerprint of this key in upper-case hexadecimal."""
        return (self.packet.fingerprint or "").upper()

    @property
    def key_id(self) -> str:
        """The key ID of this key: 16 upper-case hexadecimal digits."""
        return (self.packet.key_id or "").upper()


@dataclass(frozen=True, slots=True)
class KeyParts:
    """One key, sorted."""

    primary: Signed
    user_ids: list[Signed]
    subkeys: list[Signed]

    @property
    def keys(self) -> list[Signed]:
        """The primary key and the subkeys."""
        return [self.primary, *self.subkeys]

    @property
    def self_signatures(self) -> Iterator[TypedPacket]:
        """The signatures on the primary key and the user IDs."""
        for signed in (self.primary, *self.user_ids):
            yield from signed.signatures

    @property
    def binary(self) -> bytes:
        """The whole key."""
        return b"".join(part.binary for part in (self.primary, *self.user_ids, *self.subkeys))

    def only(self, subkey: Signed | None, *signatures: bytes) -> bytes:
        """Return this key, binary, with no other subkey than `subkey`; with `signatures` if any, else with its own."""
        kept = [part.binary for part in (self.primary, *self.user_ids)]
        if subkey is not None:
            kept.append(subkey.raw + b"".join(signatures) if signatures else subkey.binary)
        return b"".join(kept)


def sort(data: bytes) -> KeyParts:
    """Sort the packets of exactly one key, public or secret, binary.

    Raises PacketError for anything else, and whatever the library raises for packets it cannot read.
    """
    keys = split(data)
    if len(keys) != 1:
        raise PacketError("There is not exactly one key.")
    typed = list(PacketPile.from_bytes(data))
    packets = keys[0]
    if len(typed) != len(packets):
        raise PacketError("The packets of a key are not read the same way by everybody.")
    sections: list[tuple[int, Signed]] = []
    for raw, packet in zip(packets, typed, strict=True):
        binary = data[raw.start : raw.end]
        if raw.tag in _SECTION_TAGS:
            sections.append((raw.tag, Signed(packet, binary)))
        elif raw.tag == Tag.SIGNATURE:
            sections[-1][1].signatures.append(packet)
            sections[-1][1].raw_signatures.append(binary)
    return KeyParts(
        primary=sections[0][1],
        user_ids=[signed for tag, signed in sections if tag in {Tag.USER_ID, Tag.USER_ATTRIBUTE}],
        subkeys=[signed for tag, signed in sections if tag in SUBKEY_TAGS],
    )


def newest(signed: Signed, kinds: Collection[SignatureType], now: datetime) -> list[int]:
    """Return the positions of the signatures of some kinds on `signed` that have begun by `now`, the newest first."""
    made = [
        (naive_utc(signature.signature_created), position)
        for position, signature in enumerate(signed.signatures)
        if signature.signature_type in kinds and signature.signature_created is not None
    ]
    return [position for created, position in sorted(made, reverse=True) if created <= now]
