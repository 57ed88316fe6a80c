"""A signature of somebody's as a file of its own, for a `multipart/signed` (RFC 3156 §5)."""

from dataclasses import dataclass
from typing import Self

from mailman_pgp.openpgp.armor import SIGNATURE, armor
from mailman_pgp.openpgp.errors import PacketError
from mailman_pgp.openpgp.packets import Tag, packet
from mailman_pgp.openpgp.subpackets import Areas

_BINARY, _TEXT = 0x00, 0x01
#: RFC 9580 §9.5, as `micalg` names them.
_HASHES = {8: "sha256", 9: "sha384", 10: "sha512", 11: "sha224", 12: "sha3-256", 14: "sha3-512"}


@dataclass(frozen=True, slots=True)
class Detached:
    """A signature over a document, taken out of the message that it came in.

    In versions 4 and 6 it covers the content of the literal packet and nothing of that packet's own: neither mode nor name nor
    date (RFC 9580 §5.2.4).  So it is the same beside the content; what version 6 hashes first, the salt, is in its own packet.

    :ivar armored: The packet in armor.
    :ivar micalg: The hash, as the parameter of `multipart/signed` names it.
    :ivar text_mode: Whether it sees each line end as CRLF, whatever it is; else it is over the very bytes.
    """

    armored: bytes
    micalg: str
    text_mode: bool

    @classmethod
    def of(cls, body: bytes) -> Self | None:
        """Read the body of a signature packet; None for one that could not stand beside its content."""
        try:
            _, kind, _, hash_algorithm = Areas.of(body).head
        except PacketError:  # other versions; 5 (LibrePGP) covers the literal packet's own fields, too
            return None
        if kind not in {_BINARY, _TEXT} or hash_algorithm not in _HASHES:
            return None
        return cls(armor(packet(Tag.SIGNATURE, body), SIGNATURE), f"pgp-{_HASHES[hash_algorithm]}", kind == _TEXT)
