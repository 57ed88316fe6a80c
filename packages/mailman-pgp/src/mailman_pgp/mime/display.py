"""Text of strangers made fit to stand in a header, a status line or a display name."""

import re
import unicodedata

# Overrides, embeddings and isolates turn the reading order of what follows; they have no place in one line.
_BIDI_CONTROLS = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
# Marks that some scripts need within a word (Persian, Indic scripts).
_JOINERS = frozenset("\u200c\u200d")
# Letters and marks that show nothing.
_INVISIBLE = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0")
_BLANKS = re.compile(r"\s+")
_MARKS_IN_A_ROW = 4

MAX_NAME_CHARS = 64
MAX_LINE_CHARS = 1000


def one_line(text: str, *, limit: int = MAX_LINE_CHARS) -> str:
    """One line: control characters, line ends and runs of blanks become one blank, bidi controls go."""
    if not (text.isascii() and text.isprintable()):
        text = "".join(map(_line_character, text[: 4 * limit]))
    return _BLANKS.sub(" ", text).strip()[:limit].rstrip()


def display_name(text: str, *, limit: int = MAX_NAME_CHARS) -> str:
    """A person's or list's name: one line, nothing invisible; empty when it could be taken for an address.

    A name that holds "@", in any of its forms, is dropped whole: what is left of it would still mislead.
    """
    text = one_line(text[: 4 * limit], limit=limit)
    if "@" in unicodedata.normalize("NFKC", text):
        return ""
    out: list[str] = []
    marks = 0
    for character in text:
        category = unicodedata.category(character)
        if character in '<>"\\' or character in _INVISIBLE or (category == "Cf" and character not in _JOINERS):
            continue
        marks = marks + 1 if category in {"Mn", "Me"} else 0
        if marks <= _MARKS_IN_A_ROW:
            out.append(character)
    return _BLANKS.sub(" ", "".join(out)).strip(" \u200c\u200d")


def visible(text: str) -> str:
    """What shows something of itself: no blanks, no controls, no marks on other characters."""
    return "".join(c for c in text if unicodedata.category(c)[0] not in "ZCM" and c not in _INVISIBLE)


def paragraphs(text: str) -> str:
    r"""Several lines, parted by "\n": control characters but the tab are dropped, bidi controls too."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    return "\n".join(
        "".join(c for c in map(_line_character, line.replace("\t", "    ")) if c).rstrip() for line in lines
    )


def _line_character(character: str) -> str:
    if character in _BIDI_CONTROLS:
        return ""
    match unicodedata.category(character):
        case "Cc" | "Zl" | "Zp":
            return " "
        case "Cs":
            return "\ufffd"
    return character
