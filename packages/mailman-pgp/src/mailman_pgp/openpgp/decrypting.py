"""Opening messages: our own walk over the envelope, two libraries, one answer (in the worker process).

rPGP reads every structure that programs write and hands over the signatures; pysequoia, where it can, must have found
the same content with its stricter rules.  Neither gets to see anything but the session keys meant for us and one
encrypted packet.  rPGP does not know ML-KEM, so it is given the session key that `hybrid` finds.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from openpgp.composed import DecryptedMessage, Message, SignedSecretKey
from pysequoia import Tsk, decrypt

from mailman_pgp.openpgp.armor import MESSAGE, dearmor
from mailman_pgp.openpgp.envelopes import ANONYMOUS, IGNORED_TAGS, Envelope, read_envelope
from mailman_pgp.openpgp.errors import OpeningError, OpeningProblem, PacketError
from mailman_pgp.openpgp.hybrid import HybridKey, is_hybrid
from mailman_pgp.openpgp.judgement import Content, Signers, judge
from mailman_pgp.openpgp.key_history import LIBRARY_ERRORS
from mailman_pgp.openpgp.key_packets import sort
from mailman_pgp.openpgp.packets import Tag, walk
from mailman_pgp.openpgp.signatures import SignatureVerdict

#: Nobody's message has more signatures; each costs a verification.
MAX_SIGNATURES = 16
#: pysequoia's words for refusals that say nothing against the message's integrity: keys that have expired, ciphers and
#: compression that it does not have.  Its version is pinned, and a test holds each of these words.
_NO_OBJECTION = ("No suitable decryption subkey", "Policy rejected symmetric encryption algorithm", "Malformed Message")


#: rPGP's words for a message that is not encrypted to the key.
_MISSING = "missing key"


@dataclass(frozen=True, slots=True, repr=False)
class _OwnKey:
    """One encryption key of ours: its names, a transferable secret key that holds it alone, and its packet's body where it is of ML-KEM.

    That is read only where a message is to be opened by it: what keeps this one from being read must not keep mail to others closed.
    """

    names: frozenset[str]
    secret: bytes
    hybrid: bytes | None = None


def _own_keys(secrets: Sequence[bytes]) -> Iterator[_OwnKey]:
    """Yield each key that may open messages, also those that have expired since."""
    for secret in secrets:
        parts = sort(secret)
        for subkey in parts.subkeys:
            body = next(walk(subkey.raw)).body
            hybrid = body if is_hybrid(body) else None
            yield _OwnKey(frozenset({subkey.fingerprint, subkey.key_id}), parts.only(subkey), hybrid)
        yield _OwnKey(frozenset({parts.primary.fingerprint, parts.primary.key_id}), parts.only(None))


@dataclass(frozen=True, slots=True, repr=False)
class Decrypted:
    """Content whose integrity is proven, and the bodies of the signature packets that came with it."""

    content: bytes
    signatures: tuple[bytes, ...]


def open_envelope(envelope: Envelope, secrets: Sequence[bytes], *, content_bytes: int) -> Decrypted:
    """Decrypt with the first of our keys that fits; raises OpeningError, and NoLatticeError where it needs ML-KEM and there is none."""
    keys = list(_own_keys(secrets))
    wildcards = envelope.session_keys_for(ANONYMOUS)
    problem = OpeningProblem.NOT_FOR_LIST
    for key in keys:
        named = envelope.session_keys_for(key.names)
        if len(named) > MAX_SIGNATURES:
            raise OpeningError(OpeningProblem.TOO_MANY_KEYS)
        for packets in (named, wildcards):
            if not packets:
                continue
            decrypted = _decrypt(packets, envelope.data, key, content_bytes)
            if isinstance(decrypted, Decrypted):
                return decrypted
            if packets is named or decrypted is not OpeningProblem.NOT_FOR_LIST:
                problem = OpeningProblem.DAMAGED if decrypted is OpeningProblem.NOT_FOR_LIST else decrypted
    raise OpeningError(problem)


def _decrypt(packets: list[bytes], data: bytes, key: _OwnKey, content_bytes: int) -> Decrypted | OpeningProblem:
    """Try one key of ours on some session keys; raises OpeningError where another key could not do better."""
    message = b"".join(packets) + data
    strict = _strictly(message, key.secret)
    if isinstance(strict, OpeningProblem):
        return strict
    if strict is not None and len(strict) > content_bytes:
        raise OpeningError(OpeningProblem.TOO_LARGE)
    try:
        opened = _tolerantly(message, key.secret) if key.hybrid is None else _hybridly(packets, data, key.hybrid)
        content = opened.as_data_vec()
        bodies = _signatures(opened)
    except MemoryError:
        raise OpeningError(OpeningProblem.TOO_LARGE) from None
    except (*LIBRARY_ERRORS, PacketError) as error:
        if strict is None:
            # rPGP is alone here.  Its words decide only between two reasons to refuse.
            return OpeningProblem.NOT_FOR_LIST if str(error) == _MISSING else OpeningProblem.DAMAGED
        raise OpeningError(OpeningProblem.STRUCTURE) from None
    if len(content) > content_bytes:
        raise OpeningError(OpeningProblem.TOO_LARGE)
    # Without a literal mode the content is some other packet's raw body.
    if opened.literal_mode() is None or (strict is not None and strict != content):
        raise OpeningError(OpeningProblem.STRUCTURE)
    return Decrypted(content, bodies)


def _strictly(message: bytes, secret: bytes) -> bytes | OpeningProblem | None:
    """Return what pysequoia decrypts; None where it has no objection but cannot."""
    try:
        return decrypt(message, Tsk.from_bytes(secret).decryptor()).bytes or b""
    except MemoryError:
        raise OpeningError(OpeningProblem.TOO_LARGE) from None
    except LIBRARY_ERRORS as error:
        words = str(error)
    if words.startswith(_NO_OBJECTION):
        return None
    return OpeningProblem.NOT_FOR_LIST if words.startswith("No key to decrypt") else OpeningProblem.DAMAGED


def _tolerantly(message: bytes, secret: bytes) -> DecryptedMessage:
    return Message.from_bytes(message).decrypt(None, SignedSecretKey.from_bytes(secret))


def _hybridly(packets: list[bytes], data: bytes, body: bytes) -> DecryptedMessage:
    """Open by the first session key that is encrypted to the key of this packet; of several that are, no program has more to say."""
    key = HybridKey.of(body)
    found = (key.session_key(next(walk(one)).body) for one in packets)
    session_key = next((one for one in found if one is not None), None)
    if session_key is None:
        raise ValueError(_MISSING)
    return Message.from_bytes(data).decrypt_with_session_key(session_key.key, session_key.cipher)


def _signatures(opened: DecryptedMessage) -> tuple[bytes, ...]:
    if opened.signature_count() > MAX_SIGNATURES:
        raise OpeningError(OpeningProblem.STRUCTURE)
    return tuple(signature.to_bytes() for signature in opened.signatures())


def open_message(
    ciphertext: bytes,
    secrets: Sequence[bytes],
    signers: Sequence[bytes],
    *,
    pkesks: int,
    wildcards: int,
    content_bytes: int,
) -> tuple[bytes, list[SignatureVerdict]]:
    """Return content and verdicts of an armored or binary message; raises OpeningError."""
    try:
        binary = dearmor(ciphertext, kinds={MESSAGE})
    except PacketError:
        begins = f"-----BEGIN {MESSAGE}-----".encode() in ciphertext
        raise OpeningError(OpeningProblem.DAMAGED if begins else OpeningProblem.NOT_OPENPGP) from None
    envelope = read_envelope(binary, pkesks=pkesks, wildcards=wildcards)
    decrypted = open_envelope(envelope, secrets, content_bytes=content_bytes)
    content, known = Content(decrypted.content), Signers(signers)
    return decrypted.content, [judge(content, body, known) for body in decrypted.signatures]


def verify_detached(content: bytes, signature: bytes, signers: Sequence[bytes]) -> list[SignatureVerdict]:
    """Return the verdict on each detached signature packet, armored or binary; BAD for what is none."""
    judged, known = Content(content), Signers(signers)
    try:
        packets = list(walk(dearmor(signature), limit=MAX_SIGNATURES))
        bodies = [
            packet.body if packet.tag == Tag.SIGNATURE else b"" for packet in packets if packet.tag not in IGNORED_TAGS
        ]
    except PacketError:
        bodies = [b""]
    return [judge(judged, body, known) for body in bodies]
