"""Posts by members that are not authenticated, each for one reason; by the reason that the owners see."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from keys import BINARY, DAY, RETIRED, SIGN, Forged, Key, forge_usable, now, signature, signature_lifetime
from messages import encrypted, literal, made_by, one_pass
from refusals import armored

from mailman_pgp.openpgp.memberkeys import MemberKey

if TYPE_CHECKING:
    from collections.abc import Callable

    from people import Person
    from refusals import Guarded


@dataclass(frozen=True)
class Doubtful:
    """A post and its author, whose words are those of the list's canary.

    :ivar setting: The list's setting that says what becomes of it.
    :ivar status: A part of what its readers are told of its signature.
    """

    author: Person
    message: bytes
    setting: str
    status: str


def _joined(guarded: Guarded, key: Callable[[str], Forged]) -> tuple[Person, Forged]:
    """A member with a key that was made by hand."""
    person = guarded.list.person("Cris")
    forged = key(f"<{person.address}>")
    person = replace(person, key=MemberKey(forged.secret))
    guarded.list.join(person)
    return person, forged


def _usual(user_id: str) -> Forged:
    return forge_usable(user_id)


def _packed(guarded: Guarded, author: Person, content: bytes, signer: Key, packet: bytes) -> bytes:
    """A message with this signature packet, encrypted to the list."""
    packets = one_pass(signer) + literal(content) + packet
    return author.envelope(armored(guarded.session_key + encrypted(packets)))


def unsigned(guarded: Guarded) -> Doubtful:
    anne = guarded.anne
    message = anne.envelope(anne.key.write(guarded.inside(anne), guarded.list.certificate, sign=False))
    return Doubtful(anne, message, "on_unsigned", "not signed: anybody may have written this")


def in_the_clear(guarded: Guarded) -> Doubtful:
    message = guarded.canary.plain(guarded.anne, guarded.list.address)
    return Doubtful(
        guarded.anne, message, "on_not_encrypted", "anybody may have written this; but it came in the clear"
    )


def inline(guarded: Guarded) -> Doubtful:
    anne, canary = guarded.anne, guarded.canary
    words = " ".join(canary.words).encode()
    head = (
        f'From: "{canary.name}" <{anne.address}>\nTo: {guarded.list.address}\nSubject: {canary.subject}\n'
        "Message-ID: <inline@x>\n\n"
    )
    message = head.encode() + anne.key.write(words, guarded.list.certificate)
    return Doubtful(anne, message, "on_inline_pgp", "that counts for this address on this list; but only its text")


def by_a_stranger(guarded: Guarded) -> Doubtful:
    stranger = guarded.list.person("Stan")
    message = guarded.canary.protected(stranger)
    return Doubtful(stranger, message, "on_stranger", "not authenticated (unknown key)")


def by_another_key(guarded: Guarded) -> Doubtful:
    anne, other = guarded.anne, guarded.list.person("Stan")
    message = anne.envelope(other.key.write(guarded.inside(anne), guarded.list.certificate))
    return Doubtful(anne, message, "on_other_key", "not authenticated (unknown key)")


def by_another_member(guarded: Guarded) -> Doubtful:
    _, key = _joined(guarded, _usual)
    inside = guarded.inside(guarded.anne)
    message = _packed(guarded, guarded.anne, inside, key.primary, made_by(key.primary, inside))
    return Doubtful(guarded.anne, message, "on_other_key", "not authenticated (unknown key)")


def changed(guarded: Guarded) -> Doubtful:
    cris, key = _joined(guarded, _usual)
    inside = guarded.inside(cris)
    message = _packed(guarded, cris, inside, key.primary, made_by(key.primary, inside + b" "))
    return Doubtful(cris, message, "on_bad_signature", "not authenticated (bad)")


def weak(guarded: Guarded) -> Doubtful:
    cris, key = _joined(guarded, _usual)
    inside = guarded.inside(cris)
    message = _packed(guarded, cris, inside, key.primary, made_by(key.primary, inside, digest="sha1"))
    return Doubtful(cris, message, "on_weak_signature", "not authenticated (weak hash)")


def from_the_future(guarded: Guarded) -> Doubtful:
    cris, key = _joined(guarded, _usual)
    inside = guarded.inside(cris)
    message = _packed(guarded, cris, inside, key.primary, made_by(key.primary, inside, at=now() + DAY))
    return Doubtful(cris, message, "on_signature_from_the_future", "not authenticated (from the future)")


def expired(guarded: Guarded) -> Doubtful:
    cris, key = _joined(guarded, _usual)
    inside = guarded.inside(cris)
    made = signature(key.primary, BINARY, inside, at=now() - 120, extra=signature_lifetime(60))
    message = _packed(guarded, cris, inside, key.primary, made)
    return Doubtful(cris, message, "on_signature_expired", "not authenticated (signature expired)")


def _with_subkey(
    guarded: Guarded, *, usage: int = SIGN, lifetime: int | None = None, retired: int | None = None
) -> tuple[Person, Key]:
    """A member with a subkey of its own sort, made ten days ago, beside a key that is as it should be."""
    subkey = Key.signing(now() - 10 * DAY)

    def key(user_id: str) -> Forged:
        made = forge_usable(user_id)
        made.bind(subkey, usage, lifetime=lifetime)
        if retired is not None:
            made.revoke_subkey(subkey, at=retired, code=RETIRED)
        return made

    return _joined(guarded, key)[0], subkey


def key_expired_since(guarded: Guarded) -> Doubtful:
    cris, subkey = _with_subkey(guarded, lifetime=9 * DAY)
    inside = guarded.inside(cris)
    message = _packed(guarded, cris, inside, subkey, made_by(subkey, inside, at=now() - 2 * DAY))
    return Doubtful(cris, message, "on_key_expired_since", "not authenticated (good key expired since)")


def key_expired(guarded: Guarded) -> Doubtful:
    cris, subkey = _with_subkey(guarded, lifetime=9 * DAY)
    inside = guarded.inside(cris)
    message = _packed(guarded, cris, inside, subkey, made_by(subkey, inside))
    return Doubtful(cris, message, "on_key_expired", "not authenticated (key expired)")


def key_revoked_since(guarded: Guarded) -> Doubtful:
    cris, subkey = _with_subkey(guarded, retired=now() - DAY)
    inside = guarded.inside(cris)
    message = _packed(guarded, cris, inside, subkey, made_by(subkey, inside, at=now() - 2 * DAY))
    return Doubtful(cris, message, "on_key_revoked_since", "not authenticated (good key revoked since)")


def key_revoked(guarded: Guarded) -> Doubtful:
    cris, subkey = _with_subkey(guarded, retired=now() - DAY)
    inside = guarded.inside(cris)
    message = _packed(guarded, cris, inside, subkey, made_by(subkey, inside))
    return Doubtful(cris, message, "on_key_revoked", "not authenticated (key revoked)")


def key_not_for_signing(guarded: Guarded) -> Doubtful:
    cris, subkey = _with_subkey(guarded, usage=0x20)  # for authentication
    inside = guarded.inside(cris)
    message = _packed(guarded, cris, inside, subkey, made_by(subkey, inside))
    return Doubtful(cris, message, "on_key_not_for_signing", "not authenticated (key may not sign)")


def to_another_address(guarded: Guarded) -> Doubtful:
    message = guarded.canary.protected(guarded.anne, guarded.bart.address)
    return Doubtful(guarded.anne, message, "on_not_addressed", "on this list; but it was written for another address")


def to_nobody(guarded: Guarded) -> Doubtful:
    message = guarded.canary.outside(guarded.anne)
    return Doubtful(guarded.anne, message, "on_unbound", "on this list; but it does not say for whom")


def stale(guarded: Guarded) -> Doubtful:
    cris, key = _joined(guarded, _usual)
    inside = guarded.inside(cris)
    message = _packed(guarded, cris, inside, key.primary, made_by(key.primary, inside, at=now() - 50 * DAY))
    return Doubtful(cris, message, "on_stale", "on this list; but it is old, and may have come before")


DOUBTS: dict[str, Callable[[Guarded], Doubtful]] = {
    "not-encrypted": in_the_clear,
    "inline-pgp": inline,
    "unsigned": unsigned,
    "no-certificate-for-author": by_a_stranger,
    "unknown-key": by_another_key,
    "signed-by-somebody-else": by_another_member,
    "bad": changed,
    "key-expired": key_expired,
    "good-key-expired-since": key_expired_since,
    "key-revoked": key_revoked,
    "good-key-revoked-since": key_revoked_since,
    "signature-expired": expired,
    "from-the-future": from_the_future,
    "weak-hash": weak,
    "key-may-not-sign": key_not_for_signing,
    "meant-for-another-address": to_another_address,
    "meant-for-no-address": to_nobody,
    "signature-too-old": stale,
}
