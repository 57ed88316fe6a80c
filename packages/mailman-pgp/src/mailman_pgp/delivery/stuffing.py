"""The message as SMTP's DATA wants it: CRLF lines, dots doubled, the end marked (RFC 5321 §4.5.2)."""

import re

_LINE_END = re.compile(rb"\r\n|\r|\n")
_END_OF_DATA = b".\r\n"


class Stuffer:
    """Prepares messages that are given in parts, and looks at a shared part once.

    It remembers, for each place in the tuple, the last part that stood there: copies of one post share their tail as
    one object, so a long tail costs nothing from the second copy on.
    """

    __slots__ = ("_seen",)

    def __init__(self) -> None:
        self._seen: list[tuple[bytes, bytes | None]] = []  # by place: the part, and its stuffed form

    def prepare(self, parts: tuple[bytes, ...]) -> tuple[bytes, ...]:
        """`parts` ready to be written after a 354, with the end of data as the last part.

        Line ends other than CRLF become CRLF: a bare CR or LF before a dot would let some servers see a second
        message (SMTP smuggling).
        """
        ready = self._stuffed(parts)
        if ready is None:
            whole = _LINE_END.sub(b"\r\n", b"".join(parts))
            ready = [_doubled(whole, at_line_start=True)]
        ends_line = next((part.endswith(b"\r\n") for part in reversed(ready) if part), True)
        ready.append(_END_OF_DATA if ends_line else b"\r\n" + _END_OF_DATA)
        return tuple(ready)

    def _stuffed(self, parts: tuple[bytes, ...]) -> list[bytes] | None:
        """The parts with their dots doubled, or None when a line end is irregular or split between two parts."""
        ready: list[bytes] = []
        at_line_start = True
        for place, part in enumerate(parts):
            if place < len(self._seen) and self._seen[place][0] is part:
                stuffed = self._seen[place][1]
            else:
                stuffed = _doubled(part) if _regular(part) else None
                self._seen[place : place + 1] = [(part, stuffed)]
            if stuffed is None:
                return None
            if at_line_start and stuffed.startswith(b"."):
                stuffed = b"." + stuffed
            if stuffed:
                at_line_start = stuffed.endswith(b"\r\n")
                ready.append(stuffed)
        return ready


def _regular(part: bytes) -> bool:
    """Each CR and each LF of the part belongs to a CRLF within it."""
    pairs = part.count(b"\r\n")
    return pairs == part.count(b"\n") == part.count(b"\r")


def _doubled(part: bytes, *, at_line_start: bool = False) -> bytes:
    """Double the dots that begin a line inside the part; at the part's own beginning only when told so."""
    if b"\r\n." in part:
        part = part.replace(b"\r\n.", b"\r\n..")
    return b"." + part if at_line_start and part.startswith(b".") else part
