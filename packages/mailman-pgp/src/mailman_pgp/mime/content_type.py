"""Content-Type values: the type and its parameters, in linear time."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

_SPECIAL = re.compile(r'[\\";]')
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)
_TYPE = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+/[!#$%&'*+.^_`|~0-9A-Za-z-]+")

MAX_VALUE_CHARS = 8192


@dataclass(frozen=True, slots=True)
class ContentType:
    """A media type: `kind` is "type/subtype" in lower case, `parameters` are (name, text as written)."""

    kind: str
    parameters: tuple[tuple[str, str], ...] = ()

    @property
    def main(self) -> str:
        """The part before the slash."""
        return self.kind.partition("/")[0]

    def parameter(self, name: str) -> str | None:
        """The unquoted value of the first parameter of this lower-case name, or None."""
        for key, raw in self.parameters:
            if key == name:
                return unquote(raw)
        return None

    def without(self, names: frozenset[str]) -> str:
        """The value written again, each parameter on a line of its own, less the parameters named."""
        kept = [f"{key}={raw}" for key, raw in self.parameters if key not in names]
        return ";\r\n ".join([self.kind, *kept])


TEXT_PLAIN = ContentType("text/plain")
MESSAGE_RFC822 = ContentType("message/rfc822")


def unquote(raw: str) -> str:
    """A parameter's value without its quotation marks and escapes."""
    if len(raw) > 1 and raw.startswith('"') and raw.endswith('"'):
        return _ESCAPED.sub(r"\1", raw[1:-1])
    return raw


def parse(value: str | None, default: ContentType = TEXT_PLAIN) -> ContentType:
    """Read an unfolded Content-Type value; what cannot be read is text/plain (RFC 2045 §5.2).

    Raises ValueError for a value longer than MAX_VALUE_CHARS: no program writes one.
    """
    if value is None:
        return default
    if len(value) > MAX_VALUE_CHARS:
        raise ValueError("The Content-Type is too long.")
    kind, found = parameters(value)
    return ContentType(kind, found) if _TYPE.fullmatch(kind) else TEXT_PLAIN


def parameters(value: str) -> tuple[str, tuple[tuple[str, str], ...]]:
    """Cut an unfolded structured value: what stands before the first semicolon, and the parameters, as written.

    What comes first, and the names, are in lower case.
    """
    pieces = _split(value)
    first = next(pieces).strip().lower()
    found = []
    for piece in pieces:
        name, equals, raw = piece.partition("=")
        if equals:
            found.append((name.strip().lower(), raw.strip()))
    return first, tuple(found)


def _split(value: str) -> Iterator[str]:
    """Cut at the semicolons that stand outside quotation marks."""
    start = 0
    quoted = False
    skip = -1
    for match in _SPECIAL.finditer(value):
        if match.start() == skip:
            continue
        if match[0] == '"':
            quoted = not quoted
        elif match[0] == "\\":
            if quoted:
                skip = match.end()
        elif not quoted:
            yield value[start : match.start()]
            start = match.end()
    yield value[start:]
