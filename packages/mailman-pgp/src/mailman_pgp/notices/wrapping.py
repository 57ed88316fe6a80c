"""Texts in lines that every mail program shows whole, whatever addresses were put into them."""

from __future__ import annotations

import re
import textwrap
from itertools import groupby

from public import public

COLUMNS = 76
_EMPTY = re.compile(r"\n(?:[ \t]*\n){2,}")


@public
def wrapped(text: str) -> str:
    """Fill the paragraphs of a text; a line that begins with a blank stays as it is, for lists, fingerprints and codes.

    Several empty lines become one.  Words are not broken.  A text that was wrapped is not changed by it.
    """
    lines: list[str] = []
    for stays, group in groupby(_EMPTY.sub("\n\n", text).split("\n"), key=lambda line: not line or line[0] == " "):
        if stays:
            lines += (line.rstrip() for line in group)
        else:
            lines += textwrap.wrap(" ".join(group), COLUMNS, break_long_words=False, break_on_hyphens=False)
    return "\n".join(lines)
