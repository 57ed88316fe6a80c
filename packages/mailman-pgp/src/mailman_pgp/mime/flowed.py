"""Plain text as lines: quotation marks counted, flowed lines joined (RFC 3676)."""

from collections.abc import Iterator

from mailman_pgp.mime.content_type import ContentType
from mailman_pgp.mime.quotation import Line

_SIGNATURE = "-- "
_MARK = ">"


def lines(text: str, kind: ContentType) -> Iterator[Line]:
    """The lines of a text of this Content-Type, without line ends.

    Only LF and CRLF end lines: at any other character the program that quoted the text set no mark.
    """
    raw = (line.removesuffix("\r") for line in text.split("\n"))
    if (kind.parameter("format") or "").lower() == "flowed":
        return _joined(raw, delsp=(kind.parameter("delsp") or "").lower() == "yes")
    return (Line(line, quoted=line.startswith(_MARK)) for line in raw)


def shown(text: str, kind: ContentType) -> str:
    """The same as one text, in which a mark stands before what is quoted; a text that is not flowed stays as it is."""
    if (kind.parameter("format") or "").lower() != "flowed":
        return text
    return "\n".join(f"{_MARK} {line.text}" if line.quoted else line.text for line in lines(text, kind))


def _joined(raw: Iterator[str], *, delsp: bool) -> Iterator[Line]:
    paragraph: list[str] = []
    depth = 0
    for line in raw:
        content = line.lstrip(_MARK)
        marks = len(line) - len(content)
        content = content.removeprefix(" ")  # RFC 3676 §4.4: stuffed with a blank
        if paragraph and (marks != depth or content == _SIGNATURE):
            # RFC 3676 §4.5: a paragraph ends where the depth changes.
            yield Line("".join(paragraph), quoted=depth > 0)
            paragraph = []
        depth = marks
        is_flowed = content.endswith(" ") and content != _SIGNATURE  # RFC 3676 §4.3
        paragraph.append(content[:-1] if is_flowed and delsp else content)
        if not is_flowed:
            yield Line("".join(paragraph), quoted=depth > 0)
            paragraph = []
    if paragraph:
        yield Line("".join(paragraph), quoted=depth > 0)
