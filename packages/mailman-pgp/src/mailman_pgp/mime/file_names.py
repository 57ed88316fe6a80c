"""The name of a part's file, as its author's program wrote it."""

from collections.abc import Iterable, Mapping
from urllib.parse import unquote_to_bytes

from mailman_pgp.mime import charsets, content_type, words


def decoded(parameters: Iterable[tuple[str, str]]) -> str:
    """The name among the parameters (as written) of a Content-Disposition or a Content-Type; empty when there is none.

    It may hold anything, line ends too: pass it through `mailman_pgp.mime.display`.
    """
    values: dict[str, str] = {}
    for key, raw in parameters:
        values.setdefault(key, content_type.unquote(raw))
    return _value("filename", values) or _value("name", values)


def _value(name: str, values: Mapping[str, str]) -> str:
    """A whole value, or its pieces in their order (RFC 2231 §3, §4); or one with encoded words, which is wrong, and common."""
    if f"{name}*" in values:
        charset, text = _begun(values[f"{name}*"])
        return charsets.decode(unquote_to_bytes(text), charset)
    charset, data = "", b""
    for number in range(len(values)):
        key = f"{name}*{number}"
        if f"{key}*" in values:
            text = values[f"{key}*"]
            if number == 0:
                charset, text = _begun(text)
            data += unquote_to_bytes(text)
        elif key in values:
            data += values[key].encode("utf-8", "replace")
        else:
            break
    return charsets.decode(data, charset) if data else words.decode(values.get(name, ""))


def _begun(text: str) -> tuple[str, str]:
    """The charset, and what stands behind it and the language."""
    charset, _, behind = text.partition("'")
    _, mark, value = behind.partition("'")
    return (charset, value) if mark else ("", text)
