"""The text of a message among its parts: which it is, and what it says."""

from dataclasses import dataclass

from mailman_pgp.mime import charsets, content_type, transfer
from mailman_pgp.mime import entity as entities
from mailman_pgp.mime import file_names as names
from mailman_pgp.mime.entity import Entity

_TEXTS = frozenset({"text/plain", "text/html"})
# No character takes more bytes (UTF-8, UTF-16, UTF-32, GB 18030).
_BYTES_A_CHARACTER = 4


@dataclass(frozen=True, slots=True, repr=False)
class Bodies:
    """The first text of a message: as plain text, as HTML, or as alternatives of each other."""

    plain: Entity | None = None
    html: Entity | None = None


def first(entity: Entity) -> Bodies:
    """The first text of an entity that is no attachment; forwarded messages are not looked into.

    Calls itself for parts, whose depth was checked when the payload was read.
    """
    kind = entity.content_type
    if kind.kind in _TEXTS:
        if is_attachment(entity):
            return Bodies()
        return Bodies(plain=entity) if kind.kind == "text/plain" else Bodies(html=entity)
    plain = html = None
    if kind.main == "multipart":
        for part in entities.parts(entity):
            found = first(part)
            plain, html = plain or found.plain, html or found.html
            if (plain or html) and kind.kind != "multipart/alternative":
                break
    return Bodies(plain, html)


def is_attachment(entity: Entity) -> bool:
    """Whether a part is shown as a file: it is called an attachment, or has a file's name (RFC 2183 §2)."""
    disposition, parameters = _disposition(entity)
    return disposition == "attachment" or any(name.startswith("filename") for name, _ in parameters)


def is_called_attachment(entity: Entity) -> bool:
    """Whether a part is called an attachment; what only has a file's name, programs may show in the text."""
    return _disposition(entity)[0] == "attachment"


def file_names(entity: Entity) -> list[str]:
    """What could be the name of a part's file, as written: of names in pieces (RFC 2231) each piece."""
    parameters = (*_disposition(entity)[1], *entity.content_type.parameters)
    return [content_type.unquote(raw) for name, raw in parameters if name.startswith(("filename", "name"))]


def file_name(entity: Entity) -> str:
    """The name of a part's file, decoded; empty when it has none.  It may hold anything, line ends too."""
    return names.decoded(_disposition(entity)[1]) or names.decoded(entity.content_type.parameters)


def text(entity: Entity, limit: int) -> str:
    """The first `limit` characters of a leaf's text, as they were encoded; none when its base64 is damaged."""
    try:
        data = transfer.decode(entity.body_bytes, entity.encoding)
    except ValueError:
        return ""
    charset = entity.content_type.parameter("charset") or "utf-8"
    return charsets.decode(data[: limit * _BYTES_A_CHARACTER], charset)[:limit]


def _disposition(entity: Entity) -> tuple[str, tuple[tuple[str, str], ...]]:
    value = entity.value("content-disposition") or ""
    return content_type.parameters(value[: content_type.MAX_VALUE_CHARS])
