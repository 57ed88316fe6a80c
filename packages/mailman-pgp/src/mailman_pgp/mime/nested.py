"""Encryption within what was encrypted, which a list does not hand on.

A reader's program may open such a part by itself and show it as a piece of the mail, however small or out of sight, and the reader
who answers sends back what it says: whoever has captured a member's mail could so have the member decrypt it (EFAIL's direct
exfiltration, and "Re: What's up Johnny?").  Thunderbird opens armor in the text that it quotes in an answer, behind whatever stands
at the beginning of its lines.  A file that is attached is opened knowingly, and stays.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from mailman_pgp.mime import bodies, charsets, flowed, hypertext, legacy, tags, transfer, words
from mailman_pgp.mime import entity as entities
from mailman_pgp.mime.entity import Entity
from mailman_pgp.mime.errors import PayloadError

if TYPE_CHECKING:
    from mailman_pgp.mime.protected import Payload

# Blanks of any kind stand for one in what a program shows.
_MARK = r"PGP\s{1,99}MESSAGE"
_BEGIN, _END = (re.compile(rf"-----{word}\s{{1,99}}{_MARK}") for word in ("BEGIN", "END"))
_BEGIN_AT_LINE = re.compile(rf"(?:\A|[\r\n]){_BEGIN.pattern}")
# Programs open these whatever they are called, and what has this suffix whatever its type (RFC 8551 §3.2.1).
_OPENED = frozenset({"multipart/encrypted", "application/pkcs7-mime", "application/x-pkcs7-mime"})
_SUFFIX = ".p7m"
_UTF7 = re.compile(r"(?:x-|unicode-1-1-|x-unicode-2-0-|csunicode11)?utf-?7", re.IGNORECASE)
_CONTROLS = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028\u2029]")
_UNSHOWN = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]")
_ENCODED = frozenset({"base64", "quoted-printable"})
# No program writes any: RFC 2045 §6.4 and RFC 2046 §5.2.1 forbid them.
_MOST_LAYERS = 3
# Of HTML in one message, without pictures in it: much more than anybody reads, and some seconds of work.
_MOST_CHARS = hypertext.MAX_CHARS
# Of these nothing can be hidden: what they hold stands there as it is.
_PICTURE = re.compile(r"""=\s{0,9}(?:"data:[^"<>&]*"|'data:[^'<>&]*')""")
_TOO_LONG = "The formatted text of the message is too long. Send it as plain text, or as a file."


def holds_encrypted(payload: Payload) -> bool:
    """Whether a part that a program might open by itself is encrypted, at any depth, forwarded messages included.

    Raises PayloadError for parts that can't be read to the end.
    """
    # Also where it is whole only when the copies of header fields in the text are taken out.
    bare = legacy.without(payload.body)
    return _holds(payload.body) or (bare is not payload.body and _holds(bare))


def _holds(body: Entity) -> bool:
    left = _MOST_CHARS
    waiting = [(body, 0)]
    while waiting:
        entity, layers = waiting.pop()
        if _is_opened(entity):
            return True
        if entity.content_type.main == "text" and not bodies.is_called_attachment(entity):
            readings, left = _readings(entity, left)
            if any(map(_is_marked, readings)):
                return True
        waiting += _below(entity, layers)
    return False


def _below(entity: Entity, layers: int) -> list[tuple[Entity, int]]:
    """The entities one level below, and how often what they stand in was encoded; also where mail forbids to encode that."""
    if entity.content_type.main not in {"multipart", "message"} or entity.encoding not in _ENCODED:
        return [(part, layers) for part in entities.parts(entity)]
    if layers >= _MOST_LAYERS:
        raise PayloadError("The message is encoded too often. Send it with another mail program.")
    try:
        data = transfer.decode(entity.body_bytes, entity.encoding)
    except ValueError:
        return [(part, layers) for part in entities.parts(entity)]
    fields = tuple(field for field in entity.fields if field.name != "content-transfer-encoding")
    decoded = Entity(data, 0, 0, len(data), fields, entity.content_type)
    entities.check(decoded)
    return [(part, layers + 1) for part in (*entities.parts(entity), *entities.parts(decoded))]


def _is_opened(entity: Entity) -> bool:
    """Whether programs open it for what it is called."""
    kind = entity.content_type.kind
    if kind in _OPENED or any(words.decode(name).lower().endswith(_SUFFIX) for name in bodies.file_names(entity)):
        return True
    return kind == "application/pgp-encrypted" and not bodies.is_called_attachment(entity)


def _is_marked(text: str) -> bool:
    """Whether there is an armored message in a text, or the beginning of one at the beginning of a line."""
    begin = _BEGIN.search(text)
    if begin is None:
        return False
    return _END.search(text, begin.end()) is not None or _BEGIN_AT_LINE.search(text) is not None


def _readings(leaf: Entity, left: int) -> tuple[list[str], int]:
    """A text as programs may read it: as it stands, since one may not believe what is said of it, and as it is shown.

    left: how many characters of HTML may be looked at; the second that is returned is what is left of them.
    """
    raw = leaf.body_bytes
    found = [raw.decode("latin-1")]
    try:
        data = transfer.decode(raw, leaf.encoding)
    except ValueError:
        return found, left
    kind = leaf.content_type
    charset = kind.parameter("charset") or "utf-8"
    text = data.decode("utf-7", "replace") if _UTF7.fullmatch(charset.strip()) else charsets.decode(data, charset)
    found.append(text)
    if _UNSHOWN.search(text):
        text = _UNSHOWN.sub("", _CONTROLS.sub(" ", text))  # as in our own digests
        found.append(text)
    if kind.kind != "text/plain":
        text = _PICTURE.sub('=""', text)
        left -= len(text)
        if left < 0:
            raise PayloadError(_TOO_LONG)
        return [*found, *_shown(text)], left
    if (kind.parameter("format") or "").lower() == "flowed":
        found.append("\n".join(line.text for line in flowed.lines(text, kind)))
    return found, left


def _shown(page: str) -> list[str]:
    """The text of HTML: all of it, and without what a program does not show, which may stand between the letters."""
    everything = "".join(token for token in tags.tokens(page) if isinstance(token, str))
    visible = hypertext.read(page, most_chars=len(page), most_lines=len(page))
    return [everything, "\n".join(line.text for line in visible.lines)]
