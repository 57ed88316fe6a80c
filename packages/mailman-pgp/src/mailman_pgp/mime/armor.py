"""Armored blocks among the lines of a text (RFC 9580 §6.2): found, not decoded."""

import re
from collections.abc import Iterator

# A clearsigned text has a dash and a blank before lines that begin with a dash (RFC 9580 §7.2).
_MARK = re.compile(r"(?:- )?-----(BEGIN|END) PGP ([A-Z0-9][A-Z0-9 ,/]{0,60}?)-----")
_KEYS = frozenset({"PUBLIC KEY BLOCK", "PRIVATE KEY BLOCK"})
# What text that holds a block of keys must hold.
KEY_MARK = "-----BEGIN PGP P"

_BEGIN = "BEGIN"


def begins(line: str) -> bool:
    """Whether a line, stripped, begins an armored block of any kind."""
    match = _MARK.fullmatch(line)
    return match is not None and match[1] == _BEGIN


def ends(line: str) -> bool:
    """Whether a line, stripped, ends an armored block of any kind."""
    match = _MARK.fullmatch(line)
    return match is not None and match[1] != _BEGIN


def key_blocks(text: str) -> Iterator[str]:
    """Each whole block of public or secret keys, as lines without blanks around them, parted by line feeds.

    A block in a marked quotation ("> ") is left out: it is somebody else's.
    """
    if KEY_MARK not in text:
        return
    block: list[str] = []
    kind = ""
    for raw in text.split("\n"):
        line = raw.strip()
        match = _MARK.fullmatch(line)
        if match is None:
            if line.startswith(">"):
                kind = ""  # a block that a quotation interrupts is none
            elif kind:
                block.append(line)
        elif match[1] == _BEGIN:
            kind = match[2] if match[2] in _KEYS else ""
            block = [line.removeprefix("- ")]
        else:
            if kind and match[2] == kind:
                yield "\n".join([*block, line.removeprefix("- "), ""])
            kind = ""
