"""Encrypted messages that a list can't open, each made of a good one with a canary in it; and the reason that owners see."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING

from messages import bomb, encrypted, encrypted_without_integrity, literal
from refusals import armored

if TYPE_CHECKING:
    from collections.abc import Callable

    from people import Person
    from refusals import Guarded

GIGABYTE = 1000 << 20


@functools.cache
def _bomb() -> bytes:
    """It takes seconds to make."""
    return encrypted(bomb(GIGABYTE))


def to_somebody_else(guarded: Guarded, author: Person) -> bytes:
    return author.key.write(guarded.inside(author), guarded.bart.key.certificate)


def cut_off(guarded: Guarded, author: Person) -> bytes:
    return armored(guarded.encrypted(author)[:-100])


def cut_in_the_armor(guarded: Guarded, author: Person) -> bytes:
    whole = armored(guarded.encrypted(author))
    return whole[: len(whole) // 2]


def changed(guarded: Guarded, author: Person) -> bytes:
    whole = bytearray(guarded.encrypted(author))
    whole[-40] ^= 1
    return armored(bytes(whole))


def changed_session_key(guarded: Guarded, author: Person) -> bytes:
    whole = bytearray(guarded.encrypted(author))
    whole[60] ^= 1
    return armored(bytes(whole))


def without_integrity(guarded: Guarded, author: Person) -> bytes:
    return armored(guarded.session_key + encrypted_without_integrity(literal(guarded.inside(author))))


def to_a_thousand(guarded: Guarded, author: Person) -> bytes:
    return armored(guarded.session_key * 1000 + encrypted(literal(guarded.inside(author))))


def a_bomb(guarded: Guarded, author: Person) -> bytes:  # noqa: ARG001 - it has no room for words
    return armored(guarded.session_key + _bomb())


def with_more_behind(guarded: Guarded, author: Person) -> bytes:
    return armored(guarded.encrypted(author) + literal(guarded.inside(author)))


def signed_only(guarded: Guarded, author: Person) -> bytes:
    return armored(literal(guarded.inside(author)))


def rubbish(guarded: Guarded, author: Person) -> bytes:  # noqa: ARG001 - it has no room for words
    return armored(b"These are no packets of OpenPGP. " * 30)


UNOPENED: dict[str, tuple[Callable[[Guarded, Person], bytes], str]] = {
    "to-somebody-else": (to_somebody_else, "not-for-this-list"),
    "cut-off": (cut_off, "damaged"),
    "cut-in-the-armor": (cut_in_the_armor, "damaged"),
    "changed": (changed, "damaged"),
    "changed-session-key": (changed_session_key, "damaged"),
    "without-integrity": (without_integrity, "no-integrity-protection"),
    "to-a-thousand": (to_a_thousand, "too-many-recipients"),
    "bomb": (a_bomb, "too-large"),
    "more-behind": (with_more_behind, "trailing-data"),
    "signed-only": (signed_only, "structure"),
    "rubbish": (rubbish, "not-openpgp"),
}
