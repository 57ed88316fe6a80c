"""Addresses in headers, read strictly: what is ambiguous is refused, never guessed (RFC 5322 §3.4).

The value is parsed before its encoded words are decoded, so that no encoded word can change an address.
"""

import re
from contextlib import suppress
from dataclasses import dataclass, field

from mailman_pgp.mime import words
from mailman_pgp.mime.display import display_name

_TOKEN = re.compile(
    r'(?P<blank>\s+)|"(?P<quoted>[^"\\]*(?:\\.[^"\\]*)*)"|(?P<special>[<>,:;()"\\\[\]])|(?P<atom>[^\s"<>,:;()\\\[\]]+)',
    re.DOTALL,
)
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)
_COMMENT_MARK = re.compile(r"\\.|[()]", re.DOTALL)
ADDRESS = re.compile(
    r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~.-]{1,64}@[A-Za-z0-9](?:[A-Za-z0-9.-]{0,252}[A-Za-z0-9])?",
)
# RFC 2047 §5 forbids it there.  Core decodes before it reads, and finds another address, maybe a member's, by whom nothing is held.
_ENCODED_WORD = re.compile(r"=\?[^?]*\?[bq]\?.*\?=", re.IGNORECASE)

MAX_VALUE_CHARS = 65536
MAX_MAILBOXES = 500


class MailboxError(ValueError):
    """The value is no list of addresses that everybody reads alike."""


@dataclass(frozen=True, slots=True)
class Mailbox:
    """One address, in lower case, and the name that goes with it, fit for display (may be empty)."""

    name: str
    address: str

    def __str__(self) -> str:
        r"""Readable form, `"Name" <address>`, which `parse` reads back."""
        return f'"{self.name}" <{self.address}>' if self.name else self.address


@dataclass(slots=True)
class _Reader:
    """The mailbox that is being read."""

    found: list[Mailbox] = field(default_factory=list)
    text: list[str] = field(default_factory=list)
    comment: str = ""
    angle: str | None = None
    group: bool = False
    grouped: bool = False  # there was a group, ended or not
    quotes: bool = False
    at_sign: bool = False  # seen outside quotes and angle brackets

    def finish(self) -> None:
        """Take the mailbox that ends here, if there is one."""
        text = "".join(self.text).strip()
        if self.angle is None and not text:
            self.comment = ""
            return
        address = text if self.angle is None else self.angle
        if self.angle is None and self.quotes:
            raise MailboxError("An address stands in quotation marks.")
        if self.angle is not None and self.at_sign and text.strip("' ").lower() != address.lower():
            # "bob@example.com <anne@example.com>": some programs read the one, some the other.
            raise MailboxError("An address has another one for its name.")
        if not ADDRESS.fullmatch(address) or _ENCODED_WORD.search(address) or len(self.found) >= MAX_MAILBOXES:
            raise MailboxError("An address cannot be read.")
        name = self.comment if self.angle is None else text
        self.found.append(Mailbox(display_name(words.decode(name)), address.lower()))
        self.text, self.comment, self.angle = [], "", None
        self.quotes = self.at_sign = False


def parse(value: str) -> tuple[Mailbox, ...]:
    """Read an unfolded value of To or Cc (text, encoded words not yet decoded).

    Raises MailboxError for anything that two programs could read in two ways.
    """
    return tuple(_read(value).found)


def single(value: str) -> Mailbox:
    """Read an unfolded value of From, in which there is one mailbox and nothing else.

    Raises MailboxError as `parse` does; for none, or several; and for a group (RFC 6854), whose name a program may show in the
    place of the author's.
    """
    reader = _read(value)
    if reader.grouped or len(reader.found) != 1:
        raise MailboxError("This is not one author.")
    return reader.found[0]


def _read(value: str) -> _Reader:
    if len(value) > MAX_VALUE_CHARS:
        raise MailboxError("The list of addresses is too long.")
    reader = _Reader()
    position = 0
    while position < len(value):
        token = _TOKEN.match(value, position)
        if token is None:  # pragma: no cover - the token pattern matches any character
            raise MailboxError("An address cannot be read.")
        position = token.end()
        match token.lastgroup:
            case "special":
                position = _special(reader, value, token[0], position)
            case "quoted":
                _word(reader, _ESCAPED.sub(r"\1", token["quoted"]), in_quotes=True)
            case "blank":
                reader.text.append(" ")
            case _:
                _word(reader, token[0], in_quotes=False)
    if reader.group:
        raise MailboxError("A group of addresses does not end.")
    reader.finish()
    return reader


def addresses(value: str) -> tuple[str, ...]:
    """The addresses in a field that nobody vouches for: where it can't be read as a whole, those of its pieces that can."""
    try:
        return tuple(mailbox.address for mailbox in parse(value))
    except MailboxError:
        pieces = value[:MAX_VALUE_CHARS].split(",") if "," in value else []
    found: list[str] = []
    for piece in pieces:
        with suppress(MailboxError):
            found += (mailbox.address for mailbox in parse(piece))
    return tuple(found[:MAX_MAILBOXES])


def _word(reader: _Reader, text: str, *, in_quotes: bool) -> None:
    if reader.angle is not None:
        raise MailboxError("Text follows an address.")
    reader.quotes = reader.quotes or in_quotes
    reader.at_sign = reader.at_sign or ("@" in text and not in_quotes)
    reader.text.append(text)


def _special(reader: _Reader, value: str, mark: str, position: int) -> int:
    """Deal with one special character; returns where to go on."""
    match mark:
        case "<" if reader.angle is None:
            end = value.find(">", position)
            reader.angle = value[position:end].strip() if end >= 0 else ""
            return end + 1 if end >= 0 else len(value)
        case "(":
            end = _comment_end(value, position)
            reader.comment = reader.comment or value[position : end - 1]
            return end
        case ",":
            reader.finish()
        case ":" if not reader.group and reader.angle is None and not reader.at_sign:
            reader.group = reader.grouped = True
            reader.text, reader.comment, reader.quotes = [], "", False
        case ";" if reader.group:
            reader.finish()
            reader.group = False
        case _:
            raise MailboxError("An address cannot be read.")
    return position


def _comment_end(value: str, position: int) -> int:
    depth = 1
    for mark in _COMMENT_MARK.finditer(value, position):
        depth += {"(": 1, ")": -1}.get(mark[0], 0)
        if not depth:
            return mark.end()
    raise MailboxError("A comment does not end.")
