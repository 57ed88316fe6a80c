"""What is left of a certificate when all is gone that its own key has not signed.

Anybody can put user IDs, subkeys and signatures into a copy of somebody's certificate, in its owner's name too, and a
signature has a part that it does not sign.  Copies are merged, so such junk would stay, and leave no room for a revocation.
Nor may it say anything: when a certificate ends, say, or what its owner's program reads.

What a key has signed is pysequoia's judgement, without its policy: what is too weak, too old or too new to count stays, since
the reason is told to people, and the day may come.
"""

import contextlib
from collections.abc import Iterator

from pysequoia import Cert

from mailman_pgp.openpgp.errors import PacketError
from mailman_pgp.openpgp.key_packets import KeyParts, Signed, sort
from mailman_pgp.openpgp.packets import Tag, packet, walk
from mailman_pgp.openpgp.subpackets import Areas, SignatureKind, Subpacket, subpackets

# pysequoia writes the signatures that it could not verify behind all else, also behind a subkey that it does not know, as
# this one of version 99.
_MARK = packet(Tag.PUBLIC_SUBKEY, b"\x63What follows is not verified.")
#: A subkey that signs has one signature of its own on its binding (RFC 9580 §5.2.1.9).
_MAX_EMBEDDED = 16
#: The longest are those of SLH-DSA, with 30 kB; an unhashed area takes 64 KiB.
_MAX_EMBEDDED_BYTES = 32 * 1024
_REVOCATIONS = frozenset(
    {SignatureKind.KEY_REVOCATION, SignatureKind.SUBKEY_REVOCATION, SignatureKind.CERTIFICATION_REVOCATION}
)
_V3 = 3
#: How many signatures of a kind stay on each part where a certificate has to be shortened: the newest may be refused by policy.
_KEPT = 3


def clean(data: bytes) -> bytes:
    """Return one binary certificate with the user IDs and subkeys that its primary key has signed, and with its signatures.

    Raises PacketError, and whatever the library raises for packets that it cannot read.
    """
    parts = sort(data)
    verified = sort(verify(b"".join(_part(parts, signed) for signed in _all(parts) if _is_known(signed))))
    signed = [part for part in (*verified.user_ids, *verified.subkeys) if part.signatures]
    return b"".join(part.binary for part in (verified.primary, *signed))


def verify(data: bytes) -> bytes:
    """Return one binary certificate without the signatures that somebody else than its primary key has made in its name."""
    written = bytes(Cert.from_bytes(data + _MARK))
    end = written.find(_MARK)
    if end < 0:
        raise PacketError("The library did not tell which signatures it has verified.")
    return written[:end]


def shorten(data: bytes, wanted: bytes) -> bytes:
    """Return the clean certificate `data` without what is superseded, in favour of `wanted`, a clean copy of the same one.

    All revocations stay.  Of other signatures the newest few stay, on the parts that `wanted` has or that are revoked: these
    must not come back to life with a copy that does not know better.
    """
    parts, raw = sort(data), {part.raw for part in _all(sort(wanted))}
    kept = []
    for part in _all(parts):
        positions = sorted(range(len(part.signatures)), key=lambda position: _newest_first(part, position))
        revocations = [position for position in positions if _kind(part, position) in _REVOCATIONS]
        if part is parts.primary or part.raw in raw or revocations:
            others = [position for position in positions if position not in revocations]
            kept += [part.raw, *(part.raw_signatures[position] for position in (*revocations, *others[:_KEPT]))]
    return b"".join(kept)


def _newest_first(part: Signed, position: int) -> float:
    created = part.signatures[position].signature_created
    return 0.0 if created is None else -created.timestamp()


def _kind(part: Signed, position: int) -> int:
    body = next(walk(part.raw_signatures[position])).body
    return body[2] if body[0] == _V3 else body[1]


def _all(parts: KeyParts) -> Iterator[Signed]:
    yield from (parts.primary, *parts.user_ids, *parts.subkeys)


def _is_known(signed: Signed) -> bool:
    """Whether it is no picture, and no key of a version that nobody knows."""
    return signed.packet.user_id is not None or signed.packet.fingerprint is not None


def _part(parts: KeyParts, signed: Signed) -> bytes:
    """Return a part of a key with the signatures that name the primary key as their issuer, or nobody."""
    mine = {parts.primary.fingerprint, parts.primary.key_id}
    kept = [signed.raw]
    for signature, raw in zip(signed.signatures, signed.raw_signatures, strict=True):
        issuers = {name.upper() for name in (signature.issuer_fingerprint, signature.issuer_key_id) if name}
        if not issuers or issuers & mine:
            kept += _signature(parts, signed, next(walk(raw)).body)
    return b"".join(kept)


def _signature(parts: KeyParts, signed: Signed, body: bytes) -> list[bytes]:
    """Return a signature packet without what anybody could have added to it; none when it is no true one anyway."""
    if body[:1] == bytes([_V3]):  # it has nothing that it does not sign
        return [packet(Tag.SIGNATURE, body)]
    try:
        areas = Areas.of(body)
    except PacketError:
        return []
    issuers = _issuers(areas, parts.primary)
    bare = packet(Tag.SIGNATURE, areas.with_unhashed(*issuers).body)
    embedded = list(_embedded(areas, signed)) if body[1] == SignatureKind.SUBKEY_BINDING else []
    if not embedded:
        return [bare]
    # GnuPG writes the signature of a subkey that signs where anybody could put another one.  Without a true one the
    # binding does not count; where it counts without, none is needed.
    candidates = [
        packet(Tag.SIGNATURE, areas.with_unhashed(*issuers, (Subpacket.EMBEDDED_SIGNATURE, one)).body)
        for one in embedded
    ]
    for candidate in (bare, *candidates):
        found = verify(parts.primary.raw + signed.raw + candidate)
        if any(one.tag == Tag.SIGNATURE for one in walk(found)):
            return [candidate]
    return []


def _issuers(areas: Areas, key: Signed) -> list[tuple[int, bytes]]:
    """Return the unhashed subpackets that name `key` as the issuer."""
    return [
        (kind, content)
        for kind, content in dict.fromkeys(subpackets(areas.unhashed))
        if (kind == Subpacket.ISSUER and content.hex().upper() == key.key_id)
        or (kind == Subpacket.ISSUER_FINGERPRINT and content[1:].hex().upper() == key.fingerprint)
    ]


def _embedded(areas: Areas, subkey: Signed) -> Iterator[bytes]:
    """Yield the bodies of the first few unhashed signatures that `subkey` may have made, without what they do not sign."""
    found = [content for kind, content in subpackets(areas.unhashed) if kind == Subpacket.EMBEDDED_SIGNATURE]
    for body in found[:_MAX_EMBEDDED]:
        with contextlib.suppress(PacketError):
            inner = Areas.of(body)
            bare = inner.with_unhashed(*_issuers(inner, subkey)).body
            if len(bare) <= _MAX_EMBEDDED_BYTES:
                yield bare
