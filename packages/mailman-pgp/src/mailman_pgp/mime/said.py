"""What a person said in a mail with commands, or in the reply to a question."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING

from mailman_pgp.mime import bodies, flowed, hypertext, legacy, quotation
from mailman_pgp.mime import subject as subjects

if TYPE_CHECKING:
    from mailman_pgp.mime.entity import Entity
    from mailman_pgp.mime.protected import Payload
    from mailman_pgp.mime.quotation import Line

MAX_CHARS = 256 * 1024


@dataclass(frozen=True, slots=True, repr=False)
class Said:
    """What a mail says.

    subject: the protected one, in one line, without "Re:"; empty when the author's program protects none. own: the
    lines that the author wrote, without blanks around them, none empty, in order. everything: subject and text with
    all that is quoted or can't be seen, of alternatives both.
    """

    subject: str
    own: tuple[str, ...]
    everything: str

    def __repr__(self) -> str:
        """Sizes only: what was decrypted is not for logs."""
        return f"<Said: {len(self.own)} own lines>"


def said(payload: Payload) -> Said:
    """What the first text of a mail says; attachments say nothing.

    Looks at the first MAX_CHARS characters of each alternative and MAX_LINES lines of it. What the HTML alternative
    says counts where the plain one says nothing of the author's own. Raises PayloadError as `read_payload` does.
    """
    # Outside of the encryption and the signature anybody can write a subject.
    subject = "" if "Subject" in payload.outside else payload.subject
    body = legacy.without(payload.body)
    found = bodies.first(body)
    own: tuple[str, ...] = ()
    everything = [subject]
    if body is not payload.body:
        copies = bodies.first(payload.body)
        everything += [bodies.text(part, MAX_CHARS) for part in (copies.plain, copies.html) if part is not None]
    if found.plain is not None:
        lines = _plain_lines(found.plain)
        own = quotation.own_lines(lines)
        everything += (line.text for line in lines)
    if found.html is not None:
        page = hypertext.read(bodies.text(found.html, hypertext.MAX_CHARS))
        own = own or quotation.own_lines(page.lines)
        everything.append(page.everything[:MAX_CHARS])
    return Said(subjects.bare(subject), own, "\n".join(everything))


def _plain_lines(body: Entity) -> list[Line]:
    return list(islice(flowed.lines(bodies.text(body, MAX_CHARS), body.content_type), quotation.MAX_LINES))
