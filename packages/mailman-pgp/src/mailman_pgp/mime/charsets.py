"""Bytes of strangers as text."""

import re

# Only charsets that mail is written in: Python's other codecs are slow (idna, punycode) or run escapes.
_KNOWN = re.compile(
    r"utf-?8|utf-?(?:16|32)(?:[bl]e)?|iso-?8859-\d{1,2}|latin-?\d|windows-\d{3,4}|cp\d{3,4}|koi8-[rtu]"
    r"|gb2312|gbk|gb18030|big5(?:-?hkscs)?|euc-(?:jp|kr)|ks_c_5601-1987|iso-2022-(?:jp|kr)(?:-\w{1,4})?|shift_?jis"
    r"|tis-620|macintosh",
)


def decode(data: bytes, charset: str) -> str:
    """The text of `data`; what cannot be decoded becomes U+FFFD.

    A charset that mail is not written in, or that nobody knows, is taken for UTF-8; so is US-ASCII, which UTF-8 holds.
    """
    name = charset.strip().lower()
    try:
        return data.decode(name if _KNOWN.fullmatch(name) else "utf-8", "replace")
    except LookupError:
        return data.decode("utf-8", "replace")
