"""Kinds of list keys: the usual one, and two by choice that are experimental, since not every program can deal with them.

What a list has is read from its certificate, so a key that was brought is told as one that was made here.
"""

import enum
from collections.abc import Iterable
from typing import Protocol, TypeVar

from mailman_pgp.openpgp.errors import PacketError
from mailman_pgp.openpgp.key_packets import KEY_TAGS
from mailman_pgp.openpgp.packets import ALGORITHM_AT, walk

_V6 = 6
_ML_KEM = "ML-KEM"
_ML_KEM_NUMBERS = frozenset({35, 36})  # RFC 9980 §2.2
_OTHERS_THAT_ENCRYPT = frozenset({1, 2, 16, 18, 25, 26})  # RFC 9580 §9.1


class Profile(enum.StrEnum):
    """What kind of key a list has.

    USUAL is of version 4, with Ed25519 and X25519: every program of the last ten years reads what it signs, and can write to it.
    V6 is the same of version 6 (RFC 9580).  POST_QUANTUM is of version 4 and signs by Ed25519, and is encrypted to by ML-KEM-768 and
    X25519 together (RFC 9980), so that nobody who keeps mail to the list today can read it once there are quantum computers.
    """

    USUAL = "usual"
    V6 = "v6"
    POST_QUANTUM = "post-quantum"

    @property
    def experimental(self) -> bool:
        """Whether programs that people use can't deal with such a key."""
        return self is not Profile.USUAL


class Kind(Protocol):
    """What a certificate is: its version, and the names of its algorithms (`algorithms.name`)."""

    @property
    def version(self) -> int:
        """See `mailman_pgp.openpgp.Certificate`."""

    @property
    def algorithm(self) -> str:
        """See `mailman_pgp.openpgp.Certificate`."""


_K = TypeVar("_K", bound=Kind)


def profile_of(certificate: bytes) -> Profile:
    """The kind of a list's key, by its binary certificate or secret key; version 6 where it is both.

    It is POST_QUANTUM only if it has no other part that encrypts: programs encrypt to all, and the weakest decides.  Never raises: what is damaged is USUAL here, and found where it is used.
    """
    bodies = _bodies(certificate)
    if bodies and bodies[0][:1] == bytes([_V6]):
        return Profile.V6
    return Profile.POST_QUANTUM if is_post_quantum(certificate) else Profile.USUAL


def is_post_quantum(certificate: bytes) -> bool:
    """Whether all that is encrypted to a list's key, of either version, is by ML-KEM; as in `profile_of`."""
    numbers = _numbers(_bodies(certificate))
    return not numbers.isdisjoint(_ML_KEM_NUMBERS) and numbers.isdisjoint(_OTHERS_THAT_ENCRYPT)


def has_ml_kem(certificate: bytes) -> bool:
    """Whether a list's key, by its binary certificate or secret key, has a part of ML-KEM, whatever kind it is of.  Never raises."""
    return not _numbers(_bodies(certificate)).isdisjoint(_ML_KEM_NUMBERS)


def _bodies(certificate: bytes) -> list[bytes]:
    try:
        return [one.body for one in walk(certificate) if one.tag in KEY_TAGS]
    except PacketError:
        return []


def _numbers(bodies: Iterable[bytes]) -> set[int]:
    return {body[ALGORITHM_AT] for body in bodies if len(body) > ALGORITHM_AT}


def without(profile: Profile, people: Iterable[_K]) -> list[_K]:
    """Those of these certificates that do not tell of a program that can deal with such a key of a list."""
    match profile:
        case Profile.V6:
            return [one for one in people if one.version != _V6]
        case Profile.POST_QUANTUM:
            return [one for one in people if _ML_KEM not in one.algorithm]
        case Profile.USUAL:
            return []
