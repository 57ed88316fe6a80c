"""The outside of an encrypted message: session keys, one encrypted packet, nothing else (RFC 9580 §10.3)."""

from dataclasses import dataclass, field

from mailman_pgp.openpgp.errors import OpeningError, OpeningProblem, PacketError
from mailman_pgp.openpgp.packets import Packet, Tag, pkesk_recipient, walk

#: The names of recipients who do not want to be named.
ANONYMOUS = frozenset({"", "0" * 16})
#: RFC 9580 §5.8 and §5.14: to be ignored wherever they stand.
IGNORED_TAGS = frozenset({Tag.MARKER, Tag.PADDING})
_SESSION_KEYS = frozenset({Tag.PKESK, Tag.SKESK})
#: What may begin a message that is not encrypted, and GnuPG's own way to encrypt, which no list key asks for.
_OTHER_MESSAGES = frozenset({Tag.SIGNATURE, Tag.ONE_PASS_SIGNATURE, Tag.COMPRESSED, Tag.LITERAL, Tag.GNUPG_AEAD})


@dataclass(frozen=True, slots=True)
class Envelope:
    """`session_keys` are the recipients and their PKESKs, `data` is the encrypted packet; all of them whole packets."""

    session_keys: tuple[tuple[str, bytes], ...]
    data: bytes

    def session_keys_for(self, names: frozenset[str]) -> list[bytes]:
        """Return the PKESKs for a recipient of one of these names."""
        return [raw for recipient, raw in self.session_keys if recipient in names]


@dataclass(slots=True)
class _Reader:
    """The envelope as far as it has been read."""

    binary: bytes
    max_session_keys: int
    session_keys: list[tuple[str, bytes]] = field(default_factory=list)
    count: int = 0
    data: bytes | None = None

    def take(self, packet: Packet) -> None:
        if self.data is not None:
            raise OpeningError(OpeningProblem.TRAILING)
        raw = self.binary[packet.start : packet.end]
        if packet.tag in _SESSION_KEYS:
            self.count += 1
            if self.count > self.max_session_keys:
                raise OpeningError(OpeningProblem.TOO_MANY_KEYS)
            if packet.tag == Tag.PKESK:
                self._take_session_key(packet, raw)
        elif packet.tag == Tag.SEIPD:
            self.data = raw
        elif packet.tag not in IGNORED_TAGS:
            raise OpeningError(_wrong(packet.tag))

    def _take_session_key(self, packet: Packet, raw: bytes) -> None:
        try:
            self.session_keys.append((pkesk_recipient(packet), raw))
        except PacketError:
            return  # a version we do not know, so it cannot be meant for us

    def damage(self) -> OpeningProblem:
        """Return what it means that the next packet is none."""
        if self.data is not None:
            return OpeningProblem.TRAILING
        if self.count:
            return OpeningProblem.DAMAGED
        match _first_tag(self.binary):
            case Tag.PKESK | Tag.SKESK | Tag.SEIPD:
                return OpeningProblem.DAMAGED
            case Tag.SED:
                return OpeningProblem.NO_INTEGRITY
        return OpeningProblem.NOT_OPENPGP


def read_envelope(binary: bytes, *, pkesks: int, wildcards: int) -> Envelope:
    """Return the envelope of a binary message with at most so many session keys, and such for anonymous recipients.

    Raises OpeningError for every other structure.
    """
    reader = _Reader(binary, pkesks)
    try:
        for packet in walk(binary):
            reader.take(packet)
    except PacketError:
        raise OpeningError(reader.damage()) from None
    if reader.data is None:
        raise OpeningError(OpeningProblem.DAMAGED if reader.count else OpeningProblem.NOT_OPENPGP)
    envelope = Envelope(tuple(reader.session_keys), reader.data)
    if len(envelope.session_keys_for(ANONYMOUS)) > wildcards:
        raise OpeningError(OpeningProblem.TOO_MANY_KEYS)
    return envelope


def _wrong(tag: int) -> OpeningProblem:
    if tag == Tag.SED:
        return OpeningProblem.NO_INTEGRITY
    return OpeningProblem.STRUCTURE if tag in _OTHER_MESSAGES else OpeningProblem.NOT_OPENPGP


def _first_tag(binary: bytes) -> int:
    """Return the packet type in the first octet (RFC 9580 §4.2), 0 where there is none."""
    if not binary or not binary[0] & 0x80:
        return 0
    return binary[0] & 0x3F if binary[0] & 0x40 else binary[0] >> 2 & 0x0F
