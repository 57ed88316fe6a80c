"""What is tried with changed messages: the way of a post as far as no database is needed, and what must hold of it whatever comes."""

from __future__ import annotations

import email
from typing import TYPE_CHECKING

from corpus import ANNE, ENTITIES, INNER, LIST, MAIL, MESSAGES, SIGNED, WORDS
from hypothesis import strategies as st
from messages import encrypted, session_key

from mailman_pgp import openpgp
from mailman_pgp.mime import (
    Author,
    Outward,
    PayloadError,
    Structure,
    compose_payload,
    examine,
    flat,
    holds_encrypted,
    inline_message,
    is_automatic,
    message_id,
    offered,
    read_payload,
    said,
    single_address,
)
from mailman_pgp.openpgp import Limits, OpeningError, OpeningProblem

if TYPE_CHECKING:
    from collections.abc import Callable
    from email.message import Message

_MIB = 1 << 20
_LIMITS = Limits(message_bytes=_MIB, content_bytes=4 * _MIB, seconds=120)
_AUTHOR = Author("anne@example.com", "Anne", "not signed: anybody may have written this")
_OUTWARD = Outward("ants@example.com", "Ants", "ants.example.com", "<1@x>", "Sat, 28 Nov 2026 12:00:00 +0000")
_KEY = session_key(LIST)


@st.composite
def changed(draw: st.DrawFn, corpus: list[bytes]) -> bytes:
    """One of the corpus with some pieces changed, cut out, doubled, or taken from another one."""
    data = bytearray(draw(st.sampled_from(corpus)))
    for _ in range(draw(st.integers(1, 6))):
        start = draw(st.integers(0, len(data)))
        end = min(len(data), start + draw(st.one_of(st.integers(0, 4), st.integers(0, 300))))
        match draw(st.integers(0, 3)):
            case 0:
                data[start:end] = draw(st.binary(max_size=4))
            case 1:
                data[start:start] = draw(st.sampled_from(WORDS))
            case 2:
                data[start:start] = data[start:end]
            case _:
                other = draw(st.sampled_from(corpus))
                cut = draw(st.integers(0, len(other)))
                data[start:end] = other[cut : cut + draw(st.integers(0, 300))]
    return bytes(data)


def opening(data: bytes) -> None:
    """A message is opened, or refused by a named reason; a good signature is over what its maker has signed, and nothing else."""
    try:
        found = openpgp.open_message(data, [LIST.secret], [ANNE.public], limits=_LIMITS)
    except OpeningError as error:
        assert error.problem is not OpeningProblem.WORKER_DIED  # noqa: PT017 - both ways are right
        return
    if any(verdict.good for verdict in found.signatures):
        assert found.content in SIGNED


def opening_inner(data: bytes) -> None:
    """The same of packets inside an encryption that is as it should be."""
    opening(_KEY + encrypted(data))


def structure(data: bytes) -> None:
    """A mail is one of four kinds, by its root alone; whatever it is, looking at it raises nothing."""
    message = email.message_from_bytes(data)
    incoming = examine(message)
    assert (incoming.ciphertext is not None) == (incoming.structure is Structure.ENCRYPTED)
    if incoming.structure is Structure.ENCRYPTED:
        assert message.get_content_maintype() == "multipart"
    is_automatic(message)
    message_id(message)
    inline_message(message)
    author = single_address(message)
    assert author is None or author.isascii()
    try:
        content = flat(message)
    except PayloadError:
        return
    payload(content, message)


def payload(data: bytes, outer: Message | None = None) -> None:
    """What was inside is refused by a sentence, or carried on: below our own line, in lines that mail allows, as one part."""
    try:
        read = read_payload(data, outer)
        said(read)
        offered(read, outer, "anne@example.com")
        nested = holds_encrypted(read)
    except PayloadError:
        return
    if read.signed_part is not None:
        assert read.root.content_type.kind == "multipart/signed"
        openpgp_free = read.signed_part[0]
        assert openpgp_free.count(b"\n") == openpgp_free.count(b"\r\n")
    composed = compose_payload(read, _AUTHOR, _OUTWARD, boundary="=_ours")
    assert b"\0" not in composed
    assert composed.count(b"\r\n") == composed.count(b"\n") == composed.count(b"\r")
    assert max(map(len, composed.split(b"\r\n"))) <= 998
    again = read_payload(composed)
    assert again.author_address == "ants@example.com"
    first, second, *rest = _parts(again)
    assert b'Written by "Anne" <anne@example.com>; not signed' in first
    assert not rest
    assert second
    assert nested or not holds_encrypted(again)


def _parts(read: object) -> list[bytes]:
    from mailman_pgp.mime import entity  # noqa: PLC0415 - beside its only use

    body = read.body  # type: ignore[attr-defined]  # a payload
    return [part.source[part.start : part.end] or b"\r\n" for part in entity.parts(body)]


TARGETS: dict[str, tuple[Callable[[bytes], None], list[bytes]]] = {
    "structure": (structure, MAIL),
    "payload": (payload, ENTITIES),
    "opening": (opening, MESSAGES),
    "opening-inner": (opening_inner, INNER),
}
"""Each target with the corpus that it starts from."""
