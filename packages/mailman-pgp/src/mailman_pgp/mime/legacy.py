"""Legacy display elements: copies of hidden header fields within the text, for programs that know no other place (RFC 9788).

A program that does know hides them: above plain text they are lines up to the first empty one, in HTML a `div` of a class. The
older scheme (protected-headers="v1") had a part of its own for them.
"""

import binascii
import re
from collections.abc import Mapping
from itertools import islice

from mailman_pgp.mime import bodies, lines, transfer, words
from mailman_pgp.mime import entity as entities
from mailman_pgp.mime.display import one_line
from mailman_pgp.mime.entity import Entity

PARAMETER = "hp-legacy-display"

# What people look at (RFC 9787 §1.1.2) and what the list hides; the date outside is the same moment.
_HIDDEN = ("Subject", "From", "To", "Cc")
_COPIES = rb"(?:Subject|From|To|Cc|Date|Reply-To|Followup-To|Sender|Resent-(?:From|To|Cc|Date|Sender))"
_LINES = rb"(?:" + _COPIES + rb":[^\r\n]*\r?\n(?:[ \t]+[^\s][^\r\n]*\r?\n){0,50}){1,50}"
_PLAIN = re.compile(_LINES + rb"\r?\n", re.IGNORECASE)
_ONLY = re.compile(_LINES + rb"\s{0,9}", re.IGNORECASE)
_OLDER_PARTS = frozenset({"text/plain", "text/rfc822-headers"})
_HTML = re.compile(
    rb'<div class="?header-protection-legacy-display"?>\s{0,9}<pre>[^<]{0,20000}</pre>\s{0,9}</div>\s{0,9}',
    re.IGNORECASE,
)


def element(inside: Mapping[str, str], outside: Mapping[str, str]) -> str:
    """The element for plain text (§5.2.2) without its empty line: each field that stands otherwise outside, decoded.

    inside, outside: the values of fields as they are written; the empty string where nothing is hidden.
    """
    hidden = [name for name in _HIDDEN if name in inside and inside[name] != outside.get(name)]
    return "\n".join(f"{name}: {one_line(words.decode(inside[name]))}" for name in hidden)


def without(body: Entity) -> Entity:
    """A cryptographic payload without the elements of its author's program (§4.5.3); the same object where there are none.

    The list composes anew what they are copies of. Lines that are no copy of a header field are text, whatever they are marked
    as, and stay.
    """
    if body.content_type.parameter("hp") == "cipher":
        return _without_elements(body)
    if body.content_type.parameter("protected-headers") == "v1" and body.content_type.kind == "multipart/mixed":
        return _without_part(body)
    return body


def _without_part(body: Entity) -> Entity:
    """The same without the part that the older scheme has for them; it is the first, and says so."""
    pair = list(islice(entities.parts(body), 2))
    if len(pair) < 2 or pair[0].content_type.kind not in _OLDER_PARTS:  # noqa: PLR2004 - without it another one is left
        return body
    first, second = pair
    if first.content_type.parameter("protected-headers") != "v1" or not _ONLY.fullmatch(first.body_bytes + b"\r\n"):
        return body
    return entities.read(body.source[body.start : first.start] + body.source[second.start : body.end])


def _without_elements(body: Entity) -> Entity:
    found = bodies.first(body)
    marked = [part for part in (found.plain, found.html) if part and part.content_type.parameter(PARAMETER) == "1"]
    source = body.source[body.start : body.end]
    # From the end, so that the places of those before stay.
    for part in sorted(marked, key=lambda part: -part.start):
        mended = _without(part)
        if mended is not None:
            source = source[: part.start - body.start] + mended + source[part.end - body.start :]
    return entities.read(source) if source != body.source[body.start : body.end] else body


def _without(part: Entity) -> bytes | None:
    """A leaf without its element, None where it has none."""
    try:
        text = transfer.decode(part.body_bytes, part.encoding)
    except ValueError:
        return None
    found = _PLAIN.match(text) if part.content_type.kind == "text/plain" else _HTML.search(text)
    if found is None:
        return None
    rest = text[: found.start()] + text[found.end() :]
    if part.encoding == "base64":
        rest = transfer.base64_lines(rest)
    elif part.encoding == "quoted-printable":
        rest = lines.canonical(binascii.b2a_qp(rest, istext=True))
    kept = [field.raw for field in part.fields if field.name != "content-type"]
    kind = b"Content-Type: " + part.content_type.without(frozenset({PARAMETER})).encode()
    return b"".join(raw + b"\r\n" for raw in (*kept, kind)) + b"\r\n" + rest
