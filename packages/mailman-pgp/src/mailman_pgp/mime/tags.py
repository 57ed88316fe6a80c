"""HTML cut into text and tags, in linear time.

The standard library's parser takes time by the square of what a stranger leaves unclosed (60 kB of "<a <a": 40 s), and
can fail with an assertion. This one follows the HTML standard's tokenizer as far as text and attributes are concerned.
"""

import html
import re
from collections.abc import Generator, Iterator, Mapping
from dataclasses import dataclass, field

_NAME = re.compile(r"[A-Za-z][^\s/>]*")
_GAP = re.compile(r"[\s/]*")
_ATTRIBUTE = re.compile(r"=?[^\s/>=]*")
_EQUALS = re.compile(r"\s*=\s*")
_BARE_VALUE = re.compile(r"[^\s>]*")
_COMMENT_END = re.compile(r"--!?>")
# No character has a number of eight digits; the standard library fails on thousands of them.
_ABSURD = re.compile(r"&#[xX]?[0-9A-Fa-f]{8,};?")
# The content of these holds no tags; it ends at their end tag only.
_RAW = {
    name: re.compile(rf"</{name}(?=[\s/>])", re.IGNORECASE)
    for name in ("script", "style", "title", "textarea", "xmp", "iframe", "noembed", "noframes")
}


@dataclass(frozen=True, slots=True)
class Tag:
    """A start or an end tag; names are in lower case, of attributes of one name the first counts."""

    name: str
    attributes: Mapping[str, str] = field(default_factory=dict)
    is_end: bool = False


def tokens(page: str) -> Iterator[str | Tag]:
    """The texts (character references decoded, blanks as they are) and tags of a page, in order; no comments.

    What is not closed at the end of the page (a tag, a comment, a script) is not there, as in a browser.
    """
    position = 0
    while (start := page.find("<", position)) >= 0:
        if start > position:
            yield decoded(page[position:start])
        is_end = page.startswith("/", start + 1)
        name = _NAME.match(page, start + 1 + is_end)
        if name is None:
            after = _after_other(page, start)
            if after == start + 1:
                yield "<"
        else:
            tag, after = _tag(page, name[0].lower(), name.end(), is_end=is_end)
            if tag is not None:
                yield tag
                after = yield from _raw_content(page, tag, after)
        if after < 0:
            return
        position = after
    yield decoded(page[position:])


def decoded(text: str) -> str:
    """Text with its character references replaced."""
    return html.unescape(_ABSURD.sub("\ufffd", text)) if "&" in text else text


def _after_other(page: str, start: int) -> int:
    """Where what begins with "<" and is no tag ends: a comment, a declaration, or the mark itself; -1 for nowhere."""
    if page.startswith("<!--", start):
        # "<!-->" is a whole comment.
        match = _COMMENT_END.search(page, start + 2)
        return match.end() if match else -1
    if page.startswith(("<!", "<?", "</"), start):
        return page.find(">", start) + 1 or -1
    return start + 1


def _tag(page: str, name: str, position: int, *, is_end: bool) -> tuple[Tag | None, int]:
    """The tag whose attributes begin at `position`, and where it ends; -1 when it does not end."""
    attributes: dict[str, str] = {}
    while True:
        position = _end(_GAP, page, position)
        if position >= len(page):
            return None, -1
        if page[position] == ">":
            return Tag(name, attributes, is_end), position + 1
        key_end = _end(_ATTRIBUTE, page, position)
        key = page[position:key_end].lower()
        value, position = _value(page, key_end)
        if position < 0:
            return None, -1
        attributes.setdefault(key, decoded(value))


def _value(page: str, position: int) -> tuple[str, int]:
    """The value after an attribute's name, and where it ends; -1 when it does not end."""
    equals = _EQUALS.match(page, position)
    if equals is None:
        return "", position
    position = equals.end()
    quote = page[position : position + 1]
    if quote and quote in "\"'":
        end = page.find(quote, position + 1)
        return (page[position + 1 : end], end + 1) if end >= 0 else ("", -1)
    end = _end(_BARE_VALUE, page, position)
    return page[position:end], end


def _raw_content(page: str, tag: Tag, position: int) -> Generator[str, None, int]:
    """The content of an element without tags in it; returns where to go on, -1 when it does not end."""
    pattern = _RAW.get(tag.name)
    if pattern is None or tag.is_end:
        return position
    match = pattern.search(page, position)
    if match is None:
        return -1
    yield page[position : match.start()]
    return match.start()


def _end(pattern: re.Pattern[str], page: str, position: int) -> int:
    match = pattern.match(page, position)
    return match.end() if match else position
