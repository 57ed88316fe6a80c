"""The message as SMTP's DATA wants it: CRLF lines, dots doubled, the end marked (RFC 5321 §4.5.2)."""

import re

_LINE_END = re.compile(rb"\r\n|\r|\n")
_END_OF_DATA = b".\r\n"

# A message to be written after a 354, its last part being the end of data; its size in bytes as it was given; whether
# it is ASCII.  A plain tuple: this is made for each copy.
Prepared = tuple[tuple[bytes, ...], int, bool]


class _Look:
    """What is known about the part that stood last at one place of the tuple."""

    __slots__ = ("ascii_only", "begins_with_dot", "ends_line", "part", "plain", "regular", "size", "stuffed")

    def __init__(self) -> None:
        self.at(b"")

    def at(self, part: bytes) -> None:
        self.part = part
        self.size = len(part)
        self.ascii_only = part.isascii()
        pairs = part.count(b"\r\n")
        # Each CR and each LF belongs to a CRLF within the part.
        self.regular = pairs == part.count(b"\n") == part.count(b"\r")
        self.stuffed = part.replace(b"\r\n.", b"\r\n..") if b"\r\n." in part else part
        self.begins_with_dot = part[:1] == b"."
        self.ends_line = part[-1:] == b"\n"
        # Nothing to mind, whatever stands before it.
        self.plain = self.regular and self.ascii_only and not self.begins_with_dot and part != b""


class Stuffer:
    """Prepares messages that are given in parts, and looks at a shared part once.

    It remembers, for each place in the tuple, the last part that stood there: copies of one post share their tail as
    one object, so a long tail costs nothing from the second copy on.
    """

    __slots__ = ("_looks",)

    def __init__(self) -> None:
        self._looks: list[_Look] = []

    def prepare(self, parts: tuple[bytes, ...]) -> Prepared:
        """Double the dots that begin a line, and mark the end.

        Line ends other than CRLF become CRLF: a bare CR or LF before a dot would let some servers see a second
        message (SMTP smuggling).
        """
        looks = self._looks
        while len(looks) < len(parts):
            looks.append(_Look())
        ready = []
        size = 0
        plain = ends_line = True
        for part, look in zip(parts, looks, strict=False):
            if part is not look.part:
                look.at(part)
            if look.plain:
                ready.append(look.stuffed)
                size += look.size
                ends_line = look.ends_line
            else:
                plain = False
        if not plain:
            return _carefully(parts, looks)
        ready.append(_END_OF_DATA if ends_line else b"\r\n" + _END_OF_DATA)
        return tuple(ready), size, True


def _carefully(parts: tuple[bytes, ...], looks: list[_Look]) -> Prepared:
    """The same for parts that are empty, begin with a dot, go beyond ASCII, or have odd line ends."""
    used = [look for look in looks[: len(parts)] if look.part]
    if not all(look.regular for look in used):
        # Also a CRLF that is split between two parts.
        return Stuffer().prepare((_LINE_END.sub(b"\r\n", b"".join(parts)),))
    ready = []
    at_line_start = True
    for look in used:
        ready.append(b"." + look.stuffed if at_line_start and look.begins_with_dot else look.stuffed)
        at_line_start = look.ends_line
    ready.append(_END_OF_DATA if at_line_start else b"\r\n" + _END_OF_DATA)
    return tuple(ready), sum(look.size for look in used), all(look.ascii_only for look in used)
