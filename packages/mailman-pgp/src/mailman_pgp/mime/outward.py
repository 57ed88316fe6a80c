"""Who wrote a post and what its list adds: the values that composing needs, made fit for headers when created."""

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import format_datetime, parsedate_to_datetime

from mailman_pgp.mime.display import display_name, one_line
from mailman_pgp.mime.mailboxes import ADDRESS
from mailman_pgp.mime.threads import first_id, message_ids

# The fields beside our own that the outer message may carry. None of them says anything about a post.
OUTER_FIELDS = {
    name.lower(): name
    for name in (
        "List-Help",
        "List-Post",
        "List-Subscribe",
        "List-Unsubscribe",
        "List-Unsubscribe-Post",
        "List-Owner",
        "List-Archive",
        "Precedence",
        "Auto-Submitted",
        "X-Mailman-Version",
    )
}
_LIST_ID = re.compile(r"[A-Za-z0-9_+.-]{1,250}")
_KEYDATA = re.compile(r"[A-Za-z0-9+/=]+")
_MAX_VALUE_CHARS = 900


@dataclass(frozen=True, slots=True)
class Author:
    """Who wrote a post, or says so.

    address: theirs. name: a display name; made harmless here. status_sentence: what became of the
    signature, as it follows `Written by "Anne" <anne@example.com>`, for example "signature good (fingerprint …)", or a
    sentence of its own that begins with a capital letter; None for a post without such a line. authenticated: whether
    it is known that they did.
    Raises ValueError when the address is none.
    """

    address: str
    name: str
    status_sentence: str | None
    authenticated: bool = True

    def __post_init__(self) -> None:
        """Check the address, make the texts fit for one line."""
        if not ADDRESS.fullmatch(self.address):
            raise ValueError("The author's address is no address.")
        object.__setattr__(self, "name", display_name(self.name))
        if self.status_sentence is not None:
            object.__setattr__(self, "status_sentence", one_line(self.status_sentence))


@dataclass(frozen=True, slots=True)
class Outward:
    """What the list says on the outside of a post, and inside.

    list_id: as in "security.example.com" (RFC 2919). headers: name to value; only those named in OUTER_FIELDS are
    kept. message_id, in_reply_to, references: with angle brackets; an unreadable message_id is replaced by one
    derived from it, unreadable references are dropped. date: RFC 5322 text or a datetime; now when it is unreadable.
    autocrypt: the list's certificate as base64, or None. Raises ValueError when list_address is no address.
    """

    list_address: str
    list_name: str
    list_id: str
    message_id: str
    date: str | datetime
    subject_prefix: str = ""
    headers: Mapping[str, str] | Sequence[tuple[str, str]] = ()
    in_reply_to: str | None = None
    references: str | None = None
    autocrypt: str | None = None

    def __post_init__(self) -> None:
        """Make every value fit for a header, once, so that the outside and its record inside agree."""
        if not ADDRESS.fullmatch(self.list_address):
            raise ValueError("The list's address is no address.")
        domain = self.list_address.partition("@")[2]
        pairs = self.headers.items() if isinstance(self.headers, Mapping) else self.headers
        kept = [(OUTER_FIELDS[n.lower()], one_line(v)) for n, v in pairs if n.lower() in OUTER_FIELDS]
        changes = {
            "list_name": display_name(self.list_name),
            "list_id": (_LIST_ID.search(self.list_id) or [self.list_address.replace("@", ".")])[0],
            "message_id": _message_id(self.message_id, domain),
            "date": _date(self.date),
            "subject_prefix": one_line(self.subject_prefix),
            "headers": tuple((n, v) for n, v in kept if v and v.isascii() and len(v) <= _MAX_VALUE_CHARS),
            "in_reply_to": next(iter(message_ids(self.in_reply_to)), None),
            "references": " ".join(message_ids(self.references)) or None,
            "autocrypt": _keydata(self.autocrypt),
        }
        for name, value in changes.items():
            object.__setattr__(self, name, value)

    @property
    def when(self) -> datetime:
        """The date, with its time zone."""
        assert isinstance(self.date, datetime)
        return self.date

    @property
    def fields(self) -> tuple[tuple[str, str], ...]:
        """The allowed extra fields, as (name, value)."""
        assert isinstance(self.headers, tuple)
        return self.headers


def date_text(when: datetime) -> str:
    """A date as RFC 5322 §3.3 writes it."""
    return format_datetime(when)


def _message_id(text: str, domain: str) -> str:
    found = first_id(text)
    if found:
        return found
    return f"<{hashlib.sha256(text.encode('utf-8', 'replace')).hexdigest()[:40]}@{domain}>"


def _date(value: str | datetime) -> datetime:
    try:
        when = value if isinstance(value, datetime) else parsedate_to_datetime(value[:100])
        if when.tzinfo is None:
            when = when.replace(tzinfo=UTC)
        when.astimezone(UTC)
    except (ValueError, TypeError, IndexError, OverflowError):
        return datetime.now(UTC)
    return when


def _keydata(text: str | None) -> str | None:
    joined = "".join((text or "").split())
    return joined if _KEYDATA.fullmatch(joined) else None
