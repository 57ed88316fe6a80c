"""The key that a mail program sends along in the header of each mail (Autocrypt Level 1, §2.1)."""

import binascii
import re

MAX_KEYDATA_CHARS = 64 * 1024

_BLANKS = re.compile(r"\s+")
_KNOWN = frozenset({"addr", "prefer-encrypt", "keydata"})


def keydata(values: list[str], author: str) -> bytes | None:
    """The certificate (binary, unverified) in the one valid field of these; None when there is none, or more than one.

    `values` are unfolded values of Autocrypt fields, `author` an address in lower case, as it stands in From.
    """
    found = [data for value in values if (data := _single(value, author))]
    return found[0] if len(found) == 1 else None


def _single(value: str, author: str) -> bytes | None:
    """The certificate of a field that is valid and the author's."""
    if not value.isascii():
        return None
    attributes: dict[str, str] = {}
    for piece in value.strip().removesuffix(";").split(";"):
        name, equals, text = piece.partition("=")
        name = name.strip()
        if name.startswith("_"):
            continue
        # An attribute that we don't know may say how to read the others.
        if not equals or name not in _KNOWN or name in attributes or "keydata" in attributes:
            return None
        attributes[name] = text.strip()
    if not author or attributes.get("addr", "").lower() != author:
        return None
    data = _BLANKS.sub("", attributes.get("keydata", ""))
    if len(data) > MAX_KEYDATA_CHARS:
        return None
    try:
        return binascii.a2b_base64(data, strict_mode=True) or None
    except ValueError:
        return None
