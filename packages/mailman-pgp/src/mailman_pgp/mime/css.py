"""What a style makes invisible, and what it sets apart: as far as mail programs and those who hide words go."""

import re

_INVISIBLE = re.compile(
    r"(?<![\w-])(?:display:none|visibility:(?:hidden|collapse)|mso-hide:all"
    r"|(?:font|font-size|opacity|max-height|max-width):(?:0+(?:\.0*)?|\.0+)(?![.\d]))"
)
# Outlook draws this line above the message that is answered.
_SEPARATOR = re.compile(r"border:none;border-top:solid#?\w{3,12}1(?:\.0)?pt")
_PREFORMATTED = re.compile(r"white-space:(?:pre|break-spaces)")
_SELECTOR = re.compile(r"[.#]([\w-]{1,100})")
_BLANKS = re.compile(r"\s+")

MAX_STYLE_CHARS = 4000


def is_invisible(style: str) -> bool:
    """Whether declarations hide what they apply to. So do those longer than any program writes."""
    return len(style) > MAX_STYLE_CHARS or _INVISIBLE.search(_plain(style)) is not None


def is_separator(style: str) -> bool:
    """Whether declarations are those of the line that Outlook draws above the message that is answered."""
    return _SEPARATOR.search(_plain(style)) is not None


def keeps_lines(style: str) -> bool:
    """Whether line ends in the text are shown as such."""
    return _PREFORMATTED.search(_plain(style)) is not None


def hidden_names(sheet: str) -> frozenset[str]:
    """The classes and ids that a style sheet hides, in lower case."""
    names: set[str] = set()
    for rule in sheet.split("}"):
        selectors, _, declarations = rule.rpartition("{")
        if is_invisible(declarations):
            names.update(name.lower() for name in _SELECTOR.findall(selectors))
    return frozenset(names)


def _plain(style: str) -> str:
    """Declarations in lower case without blanks and comments."""
    if not style:
        return ""
    text = style[:MAX_STYLE_CHARS]
    while (start := text.find("/*")) >= 0:
        end = text.find("*/", start + 2)
        text = text[:start] + (text[end + 2 :] if end >= 0 else "")
    return _BLANKS.sub("", text).lower()
