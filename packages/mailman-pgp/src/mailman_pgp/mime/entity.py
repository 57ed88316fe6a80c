"""MIME entities as ranges of bytes: found without recursion, never copied, never written anew.

The reader is ours and not the standard library's because signed content must be cut out of the bytes as they are, and
because the library's parser recurses once per level and builds an object for each part a stranger cares to begin.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from mailman_pgp.mime import content_type
from mailman_pgp.mime.content_type import ContentType
from mailman_pgp.mime.errors import PayloadError

MAX_PARTS = 1000
MAX_DEPTH = 50
MAX_FIELDS = 1000
MAX_HEADER_BYTES = 256 * 1024
MAX_BOUNDARY_CHARS = 200
# Lines that only begin like a delimiter; each costs a look at each of the levels around it.
MAX_FALSE_DELIMITERS = 10_000

_FIELD = re.compile(rb"([!-9;-~]*)[ \t]*:")
_DELIMITER_END = re.compile(rb"(--)?[ \t]{0,998}\r?(?:\n|\Z)")
_BREAKS = re.compile(r"\r?\n")
# Written as blanks where a part is written anew, so they are read as blanks: nothing may mean one thing to us and another to readers.
_CONTROLS = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]|\r(?!\n)")
_CR, _LF = b"\r\n"
_EMPTY_LINE = re.compile(rb"\n\r?\n")


@dataclass(frozen=True, slots=True, repr=False)
class Field:
    """One header field: its name in lower case and the whole of it as it stood, without the last line end."""

    name: str
    raw: bytes

    @property
    def value(self) -> str:
        """What follows the colon, unfolded, encoded words not decoded; 8-bit text is taken for UTF-8 or Latin-1, controls for blanks."""
        data = self.raw.partition(b":")[2]
        try:
            text = data.decode()
        except UnicodeDecodeError:
            text = data.decode("latin-1")
        return _BREAKS.sub("", _CONTROLS.sub(" ", text)).strip()


@dataclass(frozen=True, slots=True, repr=False)
class Entity:
    """A MIME entity: `source[start:end]`, its header fields, and `source[body:end]` as it stands, not decoded."""

    source: bytes
    start: int
    body: int
    end: int
    fields: tuple[Field, ...]
    content_type: ContentType

    def values(self, name: str) -> list[str]:
        """The values of all fields of this lower-case name."""
        return [field.value for field in self.fields if field.name == name]

    def value(self, name: str) -> str | None:
        """The value of the first field of this lower-case name, or None."""
        return next(iter(self.values(name)), None)

    @property
    def encoding(self) -> str:
        """The Content-Transfer-Encoding in lower case (RFC 2045 §6.1)."""
        return (self.value("content-transfer-encoding") or "7bit").lower()

    @property
    def body_bytes(self) -> bytes:
        """A copy of the body, not decoded."""
        return self.source[self.body : self.end]

    @property
    def boundary(self) -> bytes | None:
        """The delimiter's text when this is a multipart entity that has one."""
        if self.content_type.main != "multipart":
            return None
        boundary = (self.content_type.parameter("boundary") or "").rstrip()
        return boundary.encode("ascii") or None


def read(
    source: bytes, start: int = 0, end: int | None = None, default: ContentType = content_type.TEXT_PLAIN
) -> Entity:
    """Read the header of the entity source[start:end], and nothing below it.

    Raises PayloadError when the header is absurdly large or names a boundary that programs read differently.
    """
    end = len(source) if end is None else end
    fields, body = _header(source, start, end)
    declared = next((field.value for field in fields if field.name == "content-type"), None)
    try:
        kind = content_type.parse(declared, default)
    except ValueError:
        raise PayloadError(
            "The message has a Content-Type that is too long. Send it with another mail program."
        ) from None
    if kind.main == "multipart":
        _check_boundary(kind)
    return Entity(source, start, body, end, fields, kind)


def parts(entity: Entity) -> Iterator[Entity]:
    """The entities one level below, in order; none for a leaf or a multipart without a boundary.

    The text before the first and after the last delimiter is no part (RFC 2046 §5.1.1). A missing last delimiter is
    forgiven. The entity inside message/rfc822 counts as a part.
    """
    boundary = entity.boundary
    if boundary is not None:
        digest = entity.content_type.kind == "multipart/digest"
        default = content_type.MESSAGE_RFC822 if digest else content_type.TEXT_PLAIN
        for start, end in _ranges(entity, b"--" + boundary):
            yield read(entity.source, start, end, default)
    elif entity.content_type.main == "message" and entity.content_type.kind != "message/delivery-status":
        yield read(entity.source, entity.body, entity.end)


def check(root: Entity) -> None:
    """Raise PayloadError when there are more than MAX_PARTS entities or more than MAX_DEPTH levels below root."""
    count = 0
    waiting = [(root, 0)]
    while waiting:
        entity, depth = waiting.pop()
        if entity.content_type.kind == "message/delivery-status":
            # The standard library makes a message of each of its blocks.
            count += sum(1 for _ in _EMPTY_LINE.finditer(entity.source, entity.body, entity.end))
        for part in parts(entity):
            count += 1
            if depth >= MAX_DEPTH:
                raise PayloadError("The message is nested too deeply. Send it without the forwarded messages in it.")
            if count > MAX_PARTS:
                raise PayloadError("The message has too many parts. Send it with fewer attachments.")
            waiting.append((part, depth + 1))
        if count > MAX_PARTS:
            raise PayloadError("The message has too many parts. Send it with fewer attachments.")


def _check_boundary(kind: ContentType) -> None:
    names = [name for name, _ in kind.parameters if name.startswith("boundary")]
    boundary = kind.parameter("boundary") or ""
    if not names:
        return
    plain = boundary.isascii() and boundary.isprintable() and boundary.strip()
    if names != ["boundary"] or not plain or len(boundary) > MAX_BOUNDARY_CHARS:
        # RFC 2231 pieces, two boundaries, an empty or an 8-bit one: each program would see other parts.
        raise PayloadError("The parts of the message cannot be told apart. Send it with another mail program.")


def _header(source: bytes, start: int, end: int) -> tuple[tuple[Field, ...], int]:
    """The fields from `start` on, and where the body begins."""
    fields: list[Field] = []
    name: str | None = None
    begin = position = start
    limit = start + MAX_HEADER_BYTES
    while position < end:
        line_feed = source.find(b"\n", position, min(end, limit))
        if line_feed < 0 and end > limit:
            # A first line that is no field is text, however long; anything else is a header without end.
            if name is None and not _FIELD.match(source, position, limit):
                break
            raise PayloadError("The header of the message is too long. Send it with another mail program.")
        line_end = end if line_feed < 0 else line_feed
        after = end if line_feed < 0 else line_feed + 1
        content_end = line_end - 1 if line_end > position and source[line_end - 1] == _CR else line_end
        if content_end > position and source[position] in b" \t" and name is not None:
            position = after
            continue
        if name is not None:
            fields.append(Field(name, source[begin:position].rstrip(b"\r\n")))
            name = None
        if content_end == position:
            return tuple(fields), after
        match = _FIELD.match(source, position, content_end)
        if match is None:
            break
        if len(fields) >= MAX_FIELDS:
            raise PayloadError("The message has too many header fields. Send it with another mail program.")
        name = match[1].decode("ascii").lower()
        begin = position
        position = after
    if name is not None:
        fields.append(Field(name, source[begin:position].rstrip(b"\r\n")))
    return tuple(fields), position


def _ranges(entity: Entity, delimiter: bytes) -> Iterator[tuple[int, int]]:
    """Where the parts stand; the line end before a delimiter belongs to the delimiter (RFC 2046 §5.1.1)."""
    source, position = entity.source, entity.body
    start: int | None = None
    refused = 0
    while (found := source.find(delimiter, position, entity.end)) >= 0:
        position = found + len(delimiter)
        begins_line = found == entity.body or source[found - 1] == _LF
        match = _DELIMITER_END.match(source, position, entity.end) if begins_line else None
        if match is None:
            refused += 1
            if refused > MAX_FALSE_DELIMITERS:
                raise PayloadError("The parts of the message cannot be told apart. Send it with another mail program.")
            continue
        if start is not None:
            yield start, _before_line_end(source, start, found)
        if match[1]:
            return
        start = position = match.end()
    if start is not None:
        yield start, entity.end


def _before_line_end(source: bytes, start: int, found: int) -> int:
    end = found
    if end > start and source[end - 1] == _LF:
        end -= 1
        if end > start and source[end - 1] == _CR:
            end -= 1
    return end
