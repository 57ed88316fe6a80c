"""What it will do to give a list a key of an experimental kind: for whoever is about to decide it.  Nothing is changed."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from public import public

from mailman_pgp.keys import registry, vault
from mailman_pgp.openpgp import Profile, has_ml_kem, is_post_quantum, profile_of, without
from mailman_plugin_kit.texts import count

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_NAMED = 5

#: What a kind is, as the end of a sentence.
WORDS = {
    Profile.USUAL: "version 4, which every program can deal with",
    Profile.V6: "experimental: version 6 (RFC 9580)",
    Profile.POST_QUANTUM: "experimental: post-quantum (ML-KEM-768 with X25519, RFC 9980)",
}
_EFFECTS = {
    Profile.V6: [
        (
            "Programs that do not know version 6 can't write to the list, nor find its signatures good. GnuPG 2.2 and RNP (Thunderbird) show "
            "nothing at all of a message with such a signature: whoever uses them can read no post, and can't answer the questions by which "
            "people join, leave and change their key."
        ),
    ],
    Profile.POST_QUANTUM: [
        (
            "Only programs that know ML-KEM-768 with X25519 can write to the list: GnuPG and RNP (Thunderbird), as Debian 12 has them, can't. "
            "So whoever uses them can't post, and can't join or answer questions of the list encrypted."
        ),
        "What the list sends is read as before. But RNP does not take the list's certificate, so it can't find its signatures good.",
    ],
}
_NONE = {Profile.V6: "none of version 6", Profile.POST_QUANTUM: "no post-quantum one"}


@public
@dataclass(frozen=True, slots=True)
class Effects:
    """What comes of it.

    :ivar sentences: For the list's owners.
    :ivar without: The addresses whose certificates do not tell that their programs can deal with it.
    """

    sentences: Sequence[str]
    without: Sequence[str]


@public
def effects(mlist: Any, profile: Profile) -> Effects:
    """What it will do to give a list, which may be a plain one, a key of a kind; nothing for the usual one."""
    if not profile.experimental:
        return Effects((), ())
    known = [one for one in registry.for_list(mlist.list_id) if one.choice.counts]
    others = [one.choice.address for one in without(profile, known)]
    return Effects((*_EFFECTS[profile], _about_people(profile, len(known), others)), others)


@public
def effects_of_brought(mlist: Any, certificate: bytes) -> Effects:
    """What it will do to give an encrypted list a key from elsewhere, by its binary certificate: also where it protects less than it seems to."""
    kind = profile_of(certificate)
    found = effects(mlist, kind)
    by_ml_kem = _EFFECTS[Profile.POST_QUANTUM][:1] if kind is Profile.V6 and is_post_quantum(certificate) else []
    return replace(found, sentences=(*_protects_less(mlist, certificate), *by_ml_kem, *found.sentences))


def _protects_less(mlist: Any, certificate: bytes) -> Iterator[str]:
    if is_post_quantum(certificate):
        return
    if has_ml_kem(certificate):
        yield (
            "This is no post-quantum key, though it has a part of ML-KEM: programs encrypt to all of its parts, and mail to the list is as safe "
            "as the weakest. Yet RNP (Thunderbird) does not take a certificate with such a part."
        )
    elif is_post_quantum(vault.certificate(mlist.list_id).certificate):
        yield (
            "The key of now is post-quantum, and this one is not: who keeps mail that is encrypted to it can read that once there are quantum "
            "computers."
        )


def _about_people(profile: Profile, known: int, others: Sequence[str]) -> str:
    if not known:
        return "The list knows no certificate of anybody yet, so nobody can say whose programs can deal with it."
    if not others:
        return f"The list knows {count(known, 'certificate')}, and each tells of a program that can deal with it."
    named = ", ".join(others[:_NAMED]) + (f", and {len(others) - _NAMED} more" if len(others) > _NAMED else "")
    people = "person has" if len(others) == 1 else "people have"
    return (
        f"Of those whose certificate the list knows ({known}), {len(others)} {people} {_NONE[profile]}, and may have no program that can "
        f"deal with it: {named}."
    )
