"""The author's entity as a part of the list's message: byte for byte where that is possible.

What mail forbids (lines over 998 bytes, NUL, lone CR, bare LF) is mended part by part: line ends become CRLF, and a leaf
that cannot be written in lines is written as base64 of the same content. Everything else stays as its author wrote it.
"""

import re
from collections.abc import Iterator

from mailman_pgp.mime import entity as entities
from mailman_pgp.mime import lines, transfer
from mailman_pgp.mime.entity import Entity, Field

# These mark a cryptographic payload; on a part below ours they would mislead (RFC 9788 §2.1.1).
PAYLOAD_MARKS = frozenset({"hp", "protected-headers"})
# What describes a part (RFC 2045, 2183, 2557, 3282); all else in the author's header is not for a part to say.
_PART_FIELDS = frozenset(
    "content-" + name
    for name in ("type", "transfer-encoding", "disposition", "id", "description", "language", "location")
)
_CONTROLS = re.compile(rb"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]|\r(?!\n)")
_ENCODED = frozenset({"base64", "quoted-printable"})


def as_part(body: Entity) -> Iterator[bytes | memoryview]:
    """The pieces of the author's entity as a MIME part, with those header fields only that describe a part, all lines CRLF.

    Large ranges are views into the source, not copies.
    """
    fields = [field for field in body.fields if field.name in _PART_FIELDS]
    if not any(field.name == "content-type" for field in fields):
        fields.append(_declared(body))
    yield from _entity(body, [_unmarked(body, field) for field in fields])


def _declared(body: Entity) -> Field:
    """A Content-Type for text that came without: UTF-8 when it is."""
    charset = "us-ascii"
    try:
        text = transfer.decode(body.body_bytes, body.encoding)
        if not text.isascii():
            text.decode()
            charset = "utf-8"
    except ValueError:  # UnicodeDecodeError is one
        charset = "unknown-8bit"  # RFC 1428 §3
    return Field("content-type", b'Content-Type: text/plain; charset="' + charset.encode() + b'"')


def _unmarked(body: Entity, field: Field) -> Field:
    if field.name == "content-type" and any(key in PAYLOAD_MARKS for key, _ in body.content_type.parameters):
        return _rewritten(body)
    return field


def _rewritten(entity: Entity) -> Field:
    """The Content-Type with each parameter on a line of its own."""
    return Field("content-type", b"Content-Type: " + entity.content_type.without(PAYLOAD_MARKS).encode())


def _entity(entity: Entity, fields: list[Field]) -> Iterator[bytes | memoryview]:
    """An entity with these fields; calls itself for parts, whose depth was checked when the payload was read."""
    source, start, end = entity.source, entity.body, entity.end
    fields = [_rewritten(entity) if f.name == "content-type" and _is_overlong(f.raw) else f for f in fields]
    if lines.is_tidy(source, start, end):
        yield _header(fields)
        yield memoryview(source)[start:end]
    elif entity.boundary is not None:
        yield _header(fields)
        yield from _multipart(entity, entity.boundary)
    else:
        yield from _leaf(entity, fields)


def _multipart(entity: Entity, boundary: bytes) -> Iterator[bytes | memoryview]:
    """The parts one by one; the text around them, which nobody sees, is left out."""
    for part in entities.parts(entity):
        yield b"\r\n--" + boundary + b"\r\n"
        yield from _entity(part, list(part.fields))
    yield b"\r\n--" + boundary + b"--\r\n"


def _leaf(entity: Entity, fields: list[Field]) -> Iterator[bytes]:
    data, encoding = entity.body_bytes, entity.encoding
    binary = encoding == "binary" and entity.content_type.main != "message"
    mended = lines.canonical(data)
    if not binary and lines.is_tidy(mended, 0, len(mended)):
        yield _header(fields)
        yield mended
        return
    if encoding == "base64":
        yield _header(fields)
        yield transfer.rewrapped_base64(data)
        return
    if entity.content_type.main in {"message", "multipart"}:
        # RFC 2046 §5.2.1 forbids base64 for these: as a file it keeps its bytes.
        kind = b'Content-Type: application/octet-stream; name="message.eml"'
        fields = [f for f in fields if f.name != "content-type"] + [Field("content-type", kind)]
    # Text is mended before it is encoded: base64 of text has CRLF line ends (RFC 2045 §6.8).
    content = transfer.decode(data, encoding) if encoding in _ENCODED else (data if binary else mended)
    fields = [f for f in fields if f.name != "content-transfer-encoding"]
    fields.append(Field("content-transfer-encoding", b"Content-Transfer-Encoding: base64"))
    yield _header(fields)
    yield transfer.base64_lines(content)


def _header(fields: list[Field]) -> bytes:
    """Fields as they came, and the empty line; a control character becomes a blank, an overlong line is dropped."""
    raws = [_CONTROLS.sub(b" ", lines.canonical(field.raw)) for field in fields]
    return b"".join(raw + b"\r\n" for raw in raws if not _is_overlong(raw)) + b"\r\n"


def _is_overlong(raw: bytes) -> bool:
    return lines.has_long_line(raw, 0, len(raw))
