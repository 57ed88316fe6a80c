"""PGP/MIME that was changed on its way: where the encrypted data is, and whether there was any (RFC 3156 §4).

Mail servers are known to change types and order of the two parts, and to put texts without a word beside them.  Nothing else
is put right: words beside the parts could be the author's own, who is to know that they were readable on the way.
"""

import re
from collections.abc import Iterator, Sequence
from email.message import Message

from mailman_pgp.mime import charsets, parsed, tags
from mailman_pgp.mime.content_type import ContentType

CONTROL = "application/pgp-encrypted"
DATA = "application/octet-stream"
ARMOR = b"-----BEGIN PGP MESSAGE-----"
_VERSION_1 = re.compile(rb"Version:[ \t]*1", re.IGNORECASE)
_ANY_FILE = frozenset({DATA, "text/plain"})
# Mail servers guess the type of a file from a name that ends in ".asc" or ".pgp".
_ANY_ARMOR = frozenset({CONTROL, "application/pgp-keys", "application/pgp-signature"}) | _ANY_FILE
_BLANK = b" \t\r\n"
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
# In any transfer encoding; what says the version takes a few characters, and empty pages little more than their styles.
_MOST_CHARS_OF_CONTROL = 1024
_MOST_CHARS_OF_NOTHING = 32 * 1024
# Exchange puts an empty text in front, in two forms, and another behind.
_MOST_PARTS = 8
# Nobody would look for it among more of them.
_MOST_PARTS_LEFT = 64


def ciphertext(parts: Sequence[Message]) -> bytes | None:
    """What is in the data part, where beside the two parts nothing can be read; armored, and perhaps with words behind it."""
    if len(parts) > _MOST_PARTS:
        return None
    controls, others, found = 0, [], []
    for part in parts:
        content = _armored(part)
        if is_control(part):
            controls += 1
        elif content is None:
            others.append(part)
        else:
            found.append(content)
    return found[0] if (controls, len(found)) == (1, 1) and _say_nothing(others) else None


def is_left(parts: Sequence[Message]) -> bool:
    """Whether there is PGP/MIME among these parts, or in a multipart of them, which nobody can have meant to be read like that.

    A file that was encrypted and attached is none.
    """
    first = parts[:_MOST_PARTS_LEFT]
    multiparts = [part for part in first if parsed.kind(part).main == "multipart"]
    return any(_holds(some) for some in (first, *(parsed.below(part)[:_MOST_PARTS_LEFT] for part in multiparts)))


def is_control(part: Message) -> bool:
    """Whether a part is the first one of the two: it says "Version: 1" and no more, or, where its type says it all, nothing."""
    kind = parsed.kind(part).kind
    return kind in {CONTROL, *_ANY_FILE} and (says_version(part) or (kind == CONTROL and _small(part) == b""))


def says_version(part: Message) -> bool:
    """Whether a part says "Version: 1" and no more."""
    return _VERSION_1.fullmatch(_small(part) or b"") is not None


def _small(part: Message) -> bytes | None:
    """The content of a small leaf without blanks around it."""
    content = parsed.content(part, _MOST_CHARS_OF_CONTROL)
    return None if content is None else content.strip()


def _armored(part: Message) -> bytes | None:
    if parsed.kind(part).kind not in _ANY_ARMOR:
        return None
    content = parsed.content(part) or b""
    return content if content.removeprefix(_BYTE_ORDER_MARK).lstrip(_BLANK).startswith(ARMOR) else None


def _holds(parts: Sequence[Message]) -> bool:
    kinds = [parsed.kind(part) for part in parts]
    if any(
        kind.kind == "multipart/encrypted" and (kind.parameter("protocol") or CONTROL).lower() == CONTROL
        for kind in kinds
    ):
        return True
    return any(map(is_control, parts)) and any(_armored(part) is not None for part in parts)


def _say_nothing(parts: Sequence[Message]) -> bool:
    """Whether parts are texts in which nothing is to be seen, or such texts in several forms."""
    texts: list[Message] = []
    for part in parts:
        texts += parsed.below(part) if parsed.kind(part).kind == "multipart/alternative" else [part]
    left = _MOST_CHARS_OF_NOTHING
    for text in texts:
        content = parsed.content(text, left)
        if content is None or not _is_blank(parsed.kind(text), content):
            return False
        left -= len(content)
    return True


def _is_blank(kind: ContentType, content: bytes) -> bool:
    if kind.main != "text":
        return False
    text = charsets.decode(content, kind.parameter("charset") or "utf-8").removeprefix("\ufeff")
    return not any(words.strip() for words in (_words(text) if kind.kind == "text/html" else [text]))


def _words(page: str) -> Iterator[str]:
    """The texts of HTML, hidden ones too, without its styles."""
    inside = ""
    for token in tags.tokens(page):
        if isinstance(token, tags.Tag):
            inside = "" if token.is_end else token.name
        elif inside != "style":
            yield token
