"""Which lines of a mail its author wrote, and which are somebody else's.

In doubt a line is somebody else's: what a person is taken to have said may change a key.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from mailman_pgp.mime import armor

MAX_LINES = 2000
# Attributions, headers and rulers are short; a longer line is none, and costs no time.
_MAX_CHARS = 500
_MAX_WRAPS = 2
_HEADER_LINES = 6

# Emacs, mutt and others know "|" as a mark too.
_MARKS = (">", "|")
# Marks of direction that programs put around attributions, and what shows nothing.
_UNSEEN = " \u200b\u200e\u200f\u2060\ufeff"
_COLONS = (":", "\uff1a")
_RULER = re.compile(r"_{5,}")
# "-----Original Message-----" in any language.
_NAMED_RULER = re.compile(r"-{3,}\s{0,9}[^\s-].{0,80}[^\s-]\s{0,9}-{3,}")
_FROM = re.compile(
    r"[*_]{0,2}(?:from|von|de|da|od|van|från|fra|feladó|gönderen|kimden|lähettäjä|από|от|від"
    r"|发件人|寄件者|差出人|보낸 사람)\s?[:\uff1a]",
    re.IGNORECASE,
)
_FIELD = re.compile(r"[*_]{0,2}[^\W\d_][^:\uff1a]{0,24}[:\uff1a]")
# How attributions begin where they tell the day first.
_DAY = re.compile(r"(?:on|am|le|el|il|op|em|den|på|w dniu|dnia|dne|pe|в|на)\s", re.IGNORECASE)
_DIGIT = re.compile(r"\d")
# A year or a time of day.
_DATE = re.compile(r"\b(?:19|20)\d\d\b|\b\d{1,2}[:.h]\d\d\b")


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a text as it is shown, without a quotation's marks; `quoted` where it is known to be a quotation."""

    text: str
    quoted: bool = False


def own_lines(lines: Sequence[Line]) -> tuple[str, ...]:
    """The lines that the author wrote: single blanks between words, none around them, no empty line, in order.

    Left out are quotations and what announces them, what follows a separator of an unmarked quotation or of a
    signature, and armored blocks. Looks at the first MAX_LINES lines.
    """
    lines = lines[:MAX_LINES]
    out: list[str] = []
    quoted = armored = False
    for number, line in enumerate(lines):
        text = " ".join(line.text.split()).strip(_UNSEEN)
        if line.quoted or text.startswith(_MARKS):
            if not quoted:
                _drop_announcement(out)
            quoted = True
        elif armored:
            armored = not armor.ends(text)
        elif armor.begins(text):
            armored = True
        elif line.text.rstrip() == "--":
            break
        elif _begins_unmarked(lines, number, text):
            _drop_announcement(out)
            break
        else:
            out.append(text)
            quoted = quoted and not text
    return tuple(text for text in out if text)


def _begins_unmarked(lines: Sequence[Line], number: int, text: str) -> bool:
    """Whether the rest of the mail is a quotation: after a ruler with words in it, or a block of header fields."""
    if len(text) > _MAX_CHARS:
        return False
    if _NAMED_RULER.fullmatch(text):
        return True
    if not _FROM.match(text):
        return False
    following = lines[number + 1 : number + 1 + _HEADER_LINES]
    return sum(_FIELD.match(line.text[:_MAX_CHARS].strip().strip(_UNSEEN)) is not None for line in following) > 1


def _drop_announcement(out: list[str]) -> None:
    """Take away the attribution before a quotation ("On … wrote:"), in one line or wrapped, or the ruler."""
    while out and not out[-1]:
        out.pop()
    if out and _RULER.fullmatch(out[-1]):
        out.pop()
        return
    if not out or len(out[-1]) > _MAX_CHARS or not out[-1].endswith(_COLONS):
        return
    last = out.pop()
    if _DAY.match(last):
        return
    before = [text for text in out[-_MAX_WRAPS:] if len(text) <= _MAX_CHARS]
    if "" in before:
        before = before[len(before) - before[::-1].index("") :]
    for back, text in enumerate(reversed(before), 1):
        begins = _DAY.match(text) and _DIGIT.search(text)
        if begins or (back == 1 and _DATE.search(text)):
            del out[-back:]
            return
