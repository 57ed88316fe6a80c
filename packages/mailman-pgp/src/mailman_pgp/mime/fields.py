"""Header fields of ours as bytes: ASCII, folded, CRLF, nothing that could begin a second field."""

from mailman_pgp.mime import words
from mailman_pgp.mime.display import MAX_NAME_CHARS, display_name, one_line
from mailman_pgp.mime.lines import MAX_LINE_BYTES

_COLUMNS = 76
# Room for two names: "Author (not authenticated) via List" must not lose its end, in any language.
_NAME_CHARS = 2 * MAX_NAME_CHARS + 64


def field(name: str, value: str) -> bytes:
    """One field, folded at its blanks, with its CRLF (RFC 5322 §2.2.3).

    `value` is printable ASCII, see `text` and `mailbox`. Raises ValueError for anything else, and for a word that is
    too long for a line: a line end that slipped in would be a second field.
    """
    if not (value.isascii() and value.isprintable()):
        raise ValueError(f"The value of {name} is not fit for a header.")
    line = f"{name}:"
    out: list[str] = []
    for token in value.split():
        if len(token) > MAX_LINE_BYTES - len(name) - 3:
            raise ValueError(f"The value of {name} has a word that is too long for a line.")
        # The first word stays on the line of the name: a line with nothing but a name confuses some programs.
        if len(line) + 1 + len(token) > _COLUMNS and line != f"{name}:":
            out.append(line)
            line = ""
        line += " " + token
    out.append(line)
    return "\r\n".join(out).encode("ascii") + b"\r\n"


def text(value: str) -> str:
    """Any text as the value of an unstructured field: one line, encoded words where it is not ASCII."""
    return words.encode(one_line(value))


def mailbox(name: str, address: str) -> str:
    """`"Name" <address>`, or the address alone when the name is empty or could be taken for an address."""
    name = display_name(name, limit=_NAME_CHARS)
    if not name:
        return f"<{address}>"
    encoded = words.encode(name)
    if encoded != name:
        return f"{encoded} <{address}>"
    return f'"{name}" <{address}>'
