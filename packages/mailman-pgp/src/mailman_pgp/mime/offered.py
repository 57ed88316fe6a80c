"""Which keys a mail brings: attached, in its text, or in its header."""

from __future__ import annotations

import codecs
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mailman_pgp.mime import armor, autocrypt, bodies, charsets, hypertext, transfer, words
from mailman_pgp.mime import entity as entities
from mailman_pgp.mime.errors import PayloadError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from email.message import Message

    from mailman_pgp.mime.entity import Entity
    from mailman_pgp.mime.protected import Payload

MAX_BLOCKS = 10
MAX_BYTES = 4 * 1024 * 1024

_SUFFIXES = (".asc", ".pgp", ".gpg", ".key")
_DAMAGED = "A key attached to the message is damaged. Attach it again and send the message anew."
# RFC 9580 §4.2, §5: the first octet of a public or secret key packet, in the old and the new form.
_KEY_OCTETS = frozenset({*range(0x94, 0x9C), 0xC5, 0xC6})
_UTF16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


@dataclass(frozen=True, slots=True, repr=False)
class Offered:
    """The keys in a mail, none of them verified or even parsed.

    blocks: armored or binary, transfer encoding undone, in the order of the mail; secret keys may be among them.
    autocrypt: the certificate (binary) in the one valid Autocrypt field, or None.
    """

    blocks: tuple[bytes, ...]
    autocrypt: bytes | None

    def __repr__(self) -> str:
        """Numbers only: a secret key may be among them."""
        return f"<Offered: {len(self.blocks)} blocks, Autocrypt: {self.autocrypt is not None}>"


def offered(payload: Payload, outer: Message | None, author: str) -> Offered:
    """Find the keys in what a message says, and the Autocrypt field there or, failing that, in the message around it.

    `outer` is the message around it; None for one that came encrypted, whose header anybody on the way can have written: a key from
    there would read what the encryption hides. `author` is the address in From, in lower case. A forwarded message's keys are
    somebody else's.
    Raises PayloadError when there are more than MAX_BLOCKS blocks or MAX_BYTES bytes, or an attached key is damaged.
    """
    blocks: list[bytes] = []
    size = 0
    for block in _blocks(payload.body):
        size += len(block)
        if len(blocks) >= MAX_BLOCKS:
            raise PayloadError(f"The message holds more than {MAX_BLOCKS} keys. Send it with your own key only.")
        if size > MAX_BYTES:
            raise PayloadError("The keys in the message are too large. Send it with your own key only, exported anew.")
        blocks.append(block)
    return Offered(tuple(blocks), _autocrypt(payload, outer, author))


def _leaves(root: Entity) -> Iterator[Entity]:
    """The parts that have no parts, in order; forwarded messages are left out."""
    waiting = [root]
    while waiting:
        entity = waiting.pop()
        if entity.content_type.main == "multipart":
            waiting += reversed(list(entities.parts(entity)))
        elif entity.content_type.main != "message":
            yield entity


def _blocks(root: Entity) -> Iterator[bytes]:
    found = False
    for leaf in _leaves(root):
        for block in _of_leaf(leaf):
            found = True
            yield block
    page = bodies.first(root).html
    # HTML mostly says again what the plain text said.
    if page is not None and not found:
        yield from _of_html(page)


def _of_leaf(leaf: Entity) -> Iterator[bytes]:
    if leaf.content_type.kind == "text/html":
        return
    is_key = leaf.content_type.kind == "application/pgp-keys"
    is_named = any(words.decode(name).lower().endswith(_SUFFIXES) for name in bodies.file_names(leaf))
    try:
        data = transfer.decode(leaf.body_bytes, leaf.encoding)
    except ValueError:
        if is_key or is_named:
            raise PayloadError(_DAMAGED) from None
        return
    armored = [block.encode("utf-8", "replace") for block in armor.key_blocks(_text(leaf, data))]
    if armored:
        yield from armored
    elif data.strip() and (is_key or (is_named and data[0] in _KEY_OCTETS)):
        yield data


def _text(leaf: Entity, data: bytes) -> str:
    """The text of a part that may hold a block of keys, or nothing: no large attachment is decoded in vain."""
    charset = (leaf.content_type.parameter("charset") or "utf-8").lower()
    if data.startswith(_UTF16):
        # A shell of Windows writes what programs print to a file in this way.
        charset = "utf-16"
    elif not charset.startswith(("utf-16", "utf-32")) and armor.KEY_MARK.encode() not in data:
        return ""
    return charsets.decode(data, charset)


def _of_html(body: Entity) -> Iterator[bytes]:
    page = hypertext.read(bodies.text(body, hypertext.MAX_CHARS))
    shown = "\n".join(">" if line.quoted else line.text for line in page.lines)
    for block in armor.key_blocks(shown):
        yield block.encode("utf-8", "replace")


def _autocrypt(payload: Payload, outer: Message | None, author: str) -> bytes | None:
    inside = payload.body.values("autocrypt")
    if any(autocrypt.keydata([value], author) for value in inside):
        return autocrypt.keydata(inside, author)
    if outer is None:
        return None
    around = [str(value) for name, value in outer.raw_items() if name.lower() == "autocrypt"]
    return autocrypt.keydata([value.replace("\r", "").replace("\n", "") for value in around], author)
