"""A digest: the posts that have come since the last one, as messages in a message, or as one text (RFC 1153).

Made of payloads that we have composed, so what is read here was checked when it came, and stands in tidy lines.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mailman_pgp.mime import bodies, fields, flowed, hypertext, words
from mailman_pgp.mime import entity as entities
from mailman_pgp.mime.body import PAYLOAD_MARKS
from mailman_pgp.mime.display import one_line, paragraphs, visible
from mailman_pgp.mime.outer import new_boundary

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from mailman_pgp.mime.entity import Entity
    from mailman_pgp.mime.quotation import Line

_BETWEEN = "-" * 30
_BEFORE = "-" * 70
_SHOWN = ("Date", "From", "Subject", "Message-ID")
# Much more than anybody reads in one text; the rest is in the other form.
_MOST_CHARS = 256 * 1024
# Ten dashes of any kind, or anything else of which somebody can make a line: what follows could pass for another's post.
_SEPARATOR_WIDTH = 10
_STUFFED = "- "
_WIDE = {"\u2e3a": 2, "\u2e3b": 3}
# Of a field in a text: fits in one line with characters of four bytes, so that no author makes two of it.
_FIELD_CHARS = 200
#: The text in front of a part that a text can't hold: its name, and its type.
NOT_SHOWN = "[ {name} ({kind}) ]"


@dataclass(frozen=True, slots=True, repr=False)
class DigestPost:
    """A post of a digest: the cryptographic payload as a regular member gets it."""

    payload: bytes

    @property
    def subject(self) -> str:
        """The subject with the list's prefix, in one line."""
        return self._text("subject")

    @property
    def author(self) -> str:
        """The author's name as it stands in From, before that of the list, with the word that nobody has authenticated them."""
        return self._text("from").partition(" via ")[0].strip('"')

    @property
    def _root(self) -> Entity:
        return entities.read(self.payload)

    def _text(self, name: str) -> str:
        return one_line(words.decode(self._root.value(name) or ""), limit=_FIELD_CHARS)

    def message(self) -> bytes:
        """It as a message of its own (CRLF): without what would mark it as a cryptographic payload, which the digest is."""
        root = self._root
        kept = [field.raw for field in root.fields if field.name not in {"hp-outer", "content-type"}]
        kind = b"Content-Type: " + root.content_type.without(PAYLOAD_MARKS).encode()
        return b"\r\n".join([*kept, kind, b"", b""]) + root.body_bytes

    def text(self) -> str:
        """It as a text: some header fields, then what can be read of it; lines parted by line feeds."""
        root = self._root
        head = [f"{name}: {self._text('author' if name == 'From' else name.lower())}" for name in _SHOWN]
        found = "\n\n".join(part.strip("\n") for part in _texts(root) if part.strip())
        # Broken first: a piece of a long line is a line of its own.
        room = _LINE_BYTES - len(_STUFFED)
        lines = (piece for line in paragraphs(found[:_MOST_CHARS]).split("\n") for piece in _fitting(line, room))
        return "\n".join(head) + "\n\n" + "\n".join(map(_stuffed, lines)) + "\n"


def mime_digest(subject: str, posts: Sequence[DigestPost]) -> bytes:
    """All posts, each as a message (RFC 2046 §5.1.5): an entity with its subject, CRLF."""
    boundary = new_boundary()
    delimiter = b"--" + boundary.encode("ascii")
    out = [
        fields.field("Subject", fields.text(subject)),
        b'Content-Type: multipart/digest; boundary="' + boundary.encode("ascii") + b'"\r\n',
    ]
    for post in posts:
        out += [b"\r\n" + delimiter + b"\r\nContent-Type: message/rfc822\r\nContent-Transfer-Encoding: 8bit\r\n\r\n"]
        out += [post.message()]
    out += [b"\r\n" + delimiter + b"--\r\n"]
    return b"".join(out)


def plain_digest(subject: str, before: str, posts: Sequence[DigestPost], after: str, end: str) -> bytes:
    """All posts as one text (RFC 1153): an entity with its subject, CRLF.

    :param before: What stands in front of the posts.
    :param after: What stands behind them, may be empty.
    :param end: The line that ends it.
    """
    sections = [f"Message: {number}\n{post.text()}" for number, post in enumerate(posts, 1)]
    if after.strip():
        sections.append(after.strip("\n") + "\n")
    text = f"{before.strip()}\n\n{_BEFORE}\n\n" + f"\n{_BETWEEN}\n\n".join(sections)
    text += f"\n{_BETWEEN}\n\n{end}\n{'*' * len(end)}\n"
    # 8-bit as other text of ours in a payload; a line that is too long for mail is broken where it must be.
    lines = [
        piece.encode("utf-8", "replace")
        for line in paragraphs(text).split("\n")
        for piece in _fitting(line, _LINE_BYTES)
    ]
    head = fields.field("Subject", fields.text(subject))
    return (
        head
        + b'Content-Type: text/plain; charset="utf-8"\r\nContent-Transfer-Encoding: 8bit\r\n\r\n'
        + b"\r\n".join(lines)
    )


def topics(posts: Sequence[DigestPost]) -> str:
    """A line for each post: number, subject, author."""
    return "\n".join(f"{number:4}. {post.subject} ({post.author})" for number, post in enumerate(posts, 1))


def _texts(entity: Entity) -> Iterator[str]:
    """The texts of a message in their order; what is no text is named.  Calls itself, to the depth that was checked."""
    kind = entity.content_type
    if kind.main == "multipart":
        if kind.kind == "multipart/alternative":
            found = bodies.first(entity)
            chosen = found.plain or found.html
            if chosen is not None:
                yield from _texts(chosen)
            return
        for part in entities.parts(entity):
            yield from _texts(part)
    elif kind.kind == "text/plain" and not bodies.is_attachment(entity):
        yield flowed.shown(bodies.text(entity, _MOST_CHARS), kind)
    elif kind.kind == "text/html" and not bodies.is_attachment(entity):
        page = hypertext.read(bodies.text(entity, hypertext.MAX_CHARS))
        yield "\n".join(map(_shown, page.lines))
    else:
        name = one_line(bodies.file_name(entity))
        yield NOT_SHOWN.format(name=name or "-", kind=one_line(kind.kind))


def _shown(line: Line) -> str:
    return f"> {line.text}" if line.quoted else line.text


def _stuffed(line: str) -> str:
    """A line of a post's text, that can't be taken for the one which ends it (RFC 934)."""
    return f"{_STUFFED}{line}" if _is_like_a_separator(line) else line


def _is_like_a_separator(line: str) -> bool:
    """Whether a line shows no letter and no digit, or one and the same character again and again."""
    shown = visible(line)
    if sum(_WIDE.get(character, 1) for character in shown) < _SEPARATOR_WIDTH:
        return False
    return len(set(shown)) == 1 or not any(unicodedata.category(character)[0] in "LN" for character in set(shown))


def _fitting(line: str, room: int) -> list[str]:
    """A line that is longer than so many bytes in pieces."""
    if len(line.encode("utf-8", "replace")) <= room:
        return [line]
    return [line[at : at + _LINE_CHARS] for at in range(0, len(line), _LINE_CHARS)]


# RFC 5322 §2.1.1, with characters of four bytes.
_LINE_BYTES = 998
_LINE_CHARS = (_LINE_BYTES - len(_STUFFED)) // 4
