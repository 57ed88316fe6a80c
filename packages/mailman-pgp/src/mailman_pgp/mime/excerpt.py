"""What can be shown of a post on a page, where no mail program reads it: text, names and numbers, all of them bounded.

Nothing of a post is left out without a word: a part is shown as text, or it is named.  So nobody is shown one text to decide about while
members' programs show another one that is not even mentioned.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mailman_pgp.mime import bodies, flowed, hypertext, transfer
from mailman_pgp.mime import entity as entities
from mailman_pgp.mime.display import one_line, paragraphs
from mailman_pgp.mime.quotation import MAX_LINES

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mailman_pgp.mime.entity import Entity
    from mailman_pgp.mime.protected import Payload

#: Of the text: many pages of a book.
MAX_CHARS = 100_000
#: Parts that are named.
MAX_NAMED = 100
# Of a file's name, and of a type.
_NAME_CHARS = 120
# Of HTML, of which the most is no text.
_PAGE_CHARS = 2 * MAX_CHARS

_SHOWN = frozenset({"From", "Subject", "Date"})
_TEXTS = frozenset({"text/plain", "text/html"})
_BETWEEN = "\n\n"
_EMPTY_LINES = re.compile(r"\n{3,}")


@dataclass(frozen=True, slots=True, repr=False)
class Attached:
    """A part that is not shown.  name: of its file, in one line, may be empty. kind: its type, in lower case. size: in bytes, decoded."""

    name: str
    kind: str
    size: int


@dataclass(frozen=True, slots=True, repr=False)
class Excerpt:
    """What can be shown of a post.

    author: the name that its author gave, no proof of anything. subject, date: as its author wrote them, in one line. unprotected: which
    of From, Subject and Date stood outside the encryption only, where anybody on the way can write. text: lines parted by line feeds;
    is_html: whether some of it was HTML. complete: whether that is all of the text. attachments: the first MAX_NAMED parts that are not
    shown; more_attachments: how many there are beside these.
    """

    author: str
    subject: str
    date: str
    unprotected: tuple[str, ...]
    text: str
    is_html: bool
    complete: bool
    attachments: tuple[Attached, ...]
    more_attachments: int

    def __repr__(self) -> str:
        """Numbers only: what was decrypted is not for logs."""
        return f"<Excerpt: {len(self.text)} characters, {len(self.attachments)} attachments>"


def excerpt(payload: Payload) -> Excerpt:
    """What can be shown of a payload that was read."""
    shown: list[str] = []
    named: list[Attached] = []
    left, more, is_html, complete = MAX_CHARS, 0, False, True
    for part, is_shown in _leaves(payload.body):
        if not is_shown:
            more += len(named) == MAX_NAMED
            named += [_attached(part)] if len(named) < MAX_NAMED else []
        elif left > 0:
            text, whole = _text(part)
            is_html = is_html or part.content_type.kind == "text/html"
            complete = complete and whole and len(text) <= left
            if text := text[:left].rstrip():
                shown.append(text)
                left -= len(text) + len(_BETWEEN)
        else:
            complete = False
    return Excerpt(
        author=payload.author_name,
        subject=payload.subject,
        date=payload.headers.get("Date", ""),
        unprotected=tuple(sorted(_SHOWN & payload.outside)),
        text=_BETWEEN.join(shown),
        is_html=is_html,
        complete=complete,
        attachments=tuple(named),
        more_attachments=more,
    )


def _leaves(entity: Entity, chosen: Entity | None = None) -> Iterator[tuple[Entity, bool]]:
    """The parts that have none, in their order, and whether each is shown as text.

    Of alternatives one is, which is `chosen` for all of them, and what is in them, at once.  Calls itself, to the depth that was checked
    when the payload was read.
    """
    parts = list(entities.parts(entity)) if entity.content_type.main == "multipart" else []
    if not parts:
        is_text = entity.content_type.kind in _TEXTS and not bodies.is_attachment(entity)
        yield entity, is_text and (chosen is None or entity.start == chosen.start)
        return
    if chosen is None and entity.content_type.kind == "multipart/alternative":
        found = bodies.first(entity)
        chosen = found.plain or found.html
    for part in parts:
        yield from _leaves(part, chosen)


def _text(leaf: Entity) -> tuple[str, bool]:
    """The text of a part, and whether that is all of it."""
    kind = leaf.content_type
    if kind.kind == "text/plain":
        text = bodies.text(leaf, MAX_CHARS + 1)
        return paragraphs(flowed.shown(text, kind)), len(text) <= MAX_CHARS
    page = hypertext.read(bodies.text(leaf, _PAGE_CHARS + 1))
    # All of it, and not what a program shows: that is another one's guess, and a moderator is to see what somebody else may.
    lines = [" ".join(line.split()) for line in page.everything.split("\n")]
    text = _EMPTY_LINES.sub("\n\n", paragraphs("\n".join(lines))).strip("\n")
    return text, leaf.end - leaf.body <= _PAGE_CHARS and len(page.lines) <= MAX_LINES


def _attached(part: Entity) -> Attached:
    try:
        size = len(transfer.decode(part.body_bytes, part.encoding))
    except ValueError:  # damaged
        size = part.end - part.body
    name = one_line(bodies.file_name(part), limit=_NAME_CHARS)
    return Attached(name, one_line(part.content_type.kind, limit=_NAME_CHARS), size)
