"""How somebody's mail address stands in the address of a page."""

from __future__ import annotations


class MailAddress:
    """A path converter (see Django).  A local part may have a slash in it (RFC 5322 §3.2.3)."""

    regex = r"[^\x00-\x20\x7f@]{1,64}@[^\x00-\x20\x7f@/]{1,254}"

    def to_python(self, value: str) -> str:
        """The same."""
        return value

    def to_url(self, value: str) -> str:
        """The same."""
        return value
