"""Whether a person says yes or no to a question."""

import re
import unicodedata
from enum import Enum

from mailman_pgp.mime.said import Said

_ENGLISH = frozenset({"yes", "ok", "okay", "confirm", "confirmed"})
_YES = _ENGLISH | {"ja", "oui", "si", "sí", "sim", "tak", "да", "はい", "是"}
_NO = frozenset({"no", "nein", "non", "nao", "não", "nie", "нет", "cancel", "stop"})
# What people and their programs put around a word; a question mark is not among it: "yes?" is none.
_AROUND = " \t.,!;:*_\u2026\u3001\u3002\uff01\uff0c\u200b\u200e\u200f\ufeff"
_CODE = re.compile(r"[a-z0-9]{20,200}")
# A longer line holds more than a word and a code.
_MAX_CHARS = 300


class _Answer(Enum):
    YES = "yes"
    NO = "no"


def is_yes(said: Said) -> bool:
    """Whether the author affirms: the first of their own lines that is a word of answer is an affirmative one.

    Such a line holds the word alone, or the word and one code ("confirm 0123456789abcdefghij").
    """
    return _answer(said) is _Answer.YES


def is_no(said: Said) -> bool:
    """Whether the author declines, in the same form. A mail can say neither yes nor no, and never both."""
    return _answer(said) is _Answer.NO


def _answer(said: Said) -> _Answer | None:
    return next((answer for line in said.own if (answer := _of_line(line))), None)


def _of_line(line: str) -> _Answer | None:
    if len(line) > _MAX_CHARS:
        return None
    words = unicodedata.normalize("NFC", line).casefold().strip(_AROUND).split()
    match words:
        case [word]:
            pass
        case [word, code] if _CODE.fullmatch(code):
            pass
        case _:
            return None
    word = word.strip(_AROUND)
    if word in _YES:
        return _Answer.YES
    return _Answer.NO if word in _NO else None
