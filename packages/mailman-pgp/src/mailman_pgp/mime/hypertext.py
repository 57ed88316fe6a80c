"""HTML as lines of text: what its author wrote, what is quoted, and what nobody can see."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from mailman_pgp.mime import css, tags
from mailman_pgp.mime.quotation import MAX_LINES, Line
from mailman_pgp.mime.tags import Tag

MAX_CHARS = 512 * 1024

_VOID = frozenset(
    ("area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"),
)
_SECTIONS = (
    "address",
    "article",
    "aside",
    "body",
    "center",
    "fieldset",
    "footer",
    "form",
    "header",
    "main",
    "nav",
    "section",
)
_HEADINGS = ("h1", "h2", "h3", "h4", "h5", "h6")
_BLOCKS = ("blockquote", "dd", "div", "dl", "dt", "hr", "li", "ol", "p", "pre", "ul")
_BREAKING = frozenset((*_SECTIONS, *_HEADINGS, *_BLOCKS, "table", "td", "th", "tr"))
# A second one of these closes the first.
_UNNESTED = frozenset({"dd", "dt", "li", "p", "td", "th", "tr"})
_NO_TEXT = frozenset(
    ("script", "style", "title", "template", "noscript", "iframe", "noembed", "noframes", "object", "svg"),
)
# Thunderbird, Gmail, Proton Mail, Yahoo, Tuta; an outer program may have put "x_" before the name.
_QUOTES = (
    "gmail_quote",
    "moz-cite-prefix",
    "moz-forward-container",
    "protonmail_quote",
    "yahoo_quoted",
    "tutanota_quote",
)
_SIGNATURES = (
    "moz-signature",
    "gmail_signature",
    "gmail_signature_prefix",
    "k9mail-signature",
    "protonmail_signature_block",
)
# RFC 9788 §5.2.3: a copy of the header, not the author's text.
_LEGACY_HEADERS = "header-protection-legacy-display"
# Outlook: what follows these in the page is the message that is answered.
_SEPARATORS = ("divrplyfwdmsg", "appendonsend", "mail-editor-reference-message-container", "olk_src_body_section")


@dataclass(frozen=True, slots=True, repr=False)
class Page:
    """What a page says. lines: what can be seen of it; everything: all of its text, lines parted by line feeds."""

    lines: tuple[Line, ...]
    everything: str


@dataclass(frozen=True, slots=True)
class _Element:
    """An open element, and what holds for the text in it."""

    name: str
    quoted: bool = False
    unsaid: bool = False
    textless: bool = False
    keeps_lines: bool = False


@dataclass(slots=True)
class _Reader:
    """The page so far."""

    lines: list[Line] = field(default_factory=list)
    everything: list[str] = field(default_factory=list)
    pending: list[str] = field(default_factory=list)
    pending_quoted: bool = False
    separated: bool = False
    hidden: set[str] = field(default_factory=set)
    open: list[_Element] = field(default_factory=lambda: [_Element("")])
    count: Counter[str] = field(default_factory=Counter)

    def text(self, data: str) -> None:
        """Take text that stands in the innermost open element."""
        element = self.open[-1]
        if element.name == "style":
            self.hidden.update(css.hidden_names(data))
        if element.textless:
            return
        self.everything.append(data)
        if element.unsaid:
            return
        quoted = element.quoted or self.separated
        if quoted != self.pending_quoted:
            self.break_line()
            self.pending_quoted = quoted
        if not element.keeps_lines:
            self.pending.append(data)
            return
        first, *others = data.split("\n")
        self.pending.append(first)
        for other in others:
            self.break_line(empty=True)
            self.pending.append(other)

    def break_line(self, *, empty: bool = False) -> None:
        """End the line; one without text counts only when it is meant to be `empty`."""
        line = " ".join("".join(self.pending).split())
        self.pending.clear()
        if line or empty:
            self.lines.append(Line(line, self.pending_quoted))

    def start(self, tag: Tag) -> None:
        """Open an element, or do what an empty one does."""
        if tag.name in _BREAKING or tag.name == "br":
            self.everything.append("\n")
            self.break_line(empty=tag.name == "br")
        self.separated = self.separated or _separates(tag)
        if tag.name in _VOID:
            return
        if tag.name in _UNNESTED and self.open[-1].name == tag.name:
            self._pop()
        around = self.open[-1]
        self.count[tag.name] += 1
        self.open.append(
            _Element(
                tag.name,
                quoted=around.quoted or tag.name == "blockquote" or _quotes(tag),
                unsaid=around.unsaid or self._hides(tag),
                textless=around.textless or tag.name in _NO_TEXT,
                keeps_lines=around.keeps_lines or tag.name == "pre" or css.keeps_lines(tag.attributes.get("style", "")),
            ),
        )

    def end(self, name: str) -> None:
        """Close the innermost open element of this name with all in it; an end of none is ignored."""
        if name in _BREAKING:
            self.everything.append("\n")
            self.break_line()
        if self.count[name] > 0:
            while self._pop() != name:
                pass

    def _pop(self) -> str:
        name = self.open.pop().name
        self.count[name] -= 1
        return name

    def _hides(self, tag: Tag) -> bool:
        attributes = tag.attributes
        if not attributes:
            return False
        names = {*_classes(tag), attributes.get("id", "").lower()}
        return (
            "hidden" in attributes
            or css.is_invisible(attributes.get("style", ""))
            or not names.isdisjoint(self.hidden)
            or _any_ends(names, (*_SIGNATURES, _LEGACY_HEADERS))
        )


def read(page: str, *, most_chars: int = MAX_CHARS, most_lines: int = MAX_LINES) -> Page:
    """The text of a page: its first characters, and not more lines of it than somebody looks at."""
    reader = _Reader()
    for token in tags.tokens(page[:most_chars]):
        if isinstance(token, str):
            reader.text(token)
        elif token.is_end:
            reader.end(token.name)
        else:
            reader.start(token)
        if len(reader.lines) > most_lines:
            break
    reader.break_line()
    return Page(tuple(reader.lines), "".join(reader.everything))


def _quotes(tag: Tag) -> bool:
    # GMX and web.de name their quotation.
    return tag.attributes.get("name") == "quote" or _any_ends(_classes(tag), _QUOTES)


def _separates(tag: Tag) -> bool:
    name = tag.attributes.get("id", "").lower()
    return name.endswith(_SEPARATORS) or css.is_separator(tag.attributes.get("style", ""))


def _classes(tag: Tag) -> list[str]:
    return tag.attributes.get("class", "").lower().split()


def _any_ends(names: Iterable[str], known: tuple[str, ...]) -> bool:
    return any(name.endswith(known) for name in names)
