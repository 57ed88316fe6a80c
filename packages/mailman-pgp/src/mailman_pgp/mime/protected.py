"""The decrypted payload: what is signed in it, and the header fields that it protects.

The root of what was decrypted is either the cryptographic payload itself, or a multipart/signed around it (RFC 3156
§6.1, RFC 9787 §4). A signature anywhere deeper covers only a part of what a reader sees: it counts as none.
"""

import email
import email.policy
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from email.message import Message
from functools import cached_property
from types import MappingProxyType

from mailman_pgp.mime import content_type, lines, mailboxes, transfer, words
from mailman_pgp.mime import entity as entities
from mailman_pgp.mime.display import one_line
from mailman_pgp.mime.entity import Entity
from mailman_pgp.mime.errors import PayloadError
from mailman_pgp.mime.mailboxes import Mailbox, MailboxError

ADDRESS_FIELDS = ("From", "To", "Cc")
TEXT_FIELDS = ("Subject", "Date", "Message-ID", "In-Reply-To", "References", "Reply-To", "Keywords", "Comments")
FIELDS = ADDRESS_FIELDS + TEXT_FIELDS

# A header section without any of these is the beginning of a text that was encrypted without being made a MIME entity.
_MIME_FIELDS = frozenset(name.lower() for name in FIELDS) | {"mime-version", "hp-outer"}


@dataclass(frozen=True, repr=False, eq=False)  # no slots: `message` is parsed on demand and kept
class Payload:
    """What a decrypted message holds.

    content: the decrypted bytes as they came. body: the cryptographic payload, below the signature layer if there is
    one. headers: names as in FIELDS, values decoded and fit for one line of display; a field that is missing or
    cannot be read is not there. outside: the names of those taken from the unprotected outer message. addressed: whether
    it is the author who says, in protected fields, to whom the message goes; recipients: the addresses there.
    """

    content: bytes
    root: Entity
    body: Entity
    protected: bool
    headers: Mapping[str, str]
    outside: frozenset[str]
    author: Mailbox | None
    from_ambiguous: bool
    addressed: bool
    recipients: frozenset[str]

    def __repr__(self) -> str:
        """Sizes only: what is decrypted is not for logs."""
        return f"<Payload of {len(self.content)} bytes>"

    @property
    def author_address(self) -> str | None:
        """The one address of the one From field, in lower case; None when there is no such field, or not one author in it."""
        return self.author.address if self.author else None

    @property
    def author_name(self) -> str:
        """The author's name as the author gave it, fit for display; may be empty, and is no proof of anything."""
        return self.author.name if self.author else ""

    @property
    def subject(self) -> str:
        """The subject, decoded, in one line; empty when there is none."""
        return self.headers.get("Subject", "")

    @property
    def signed_part(self) -> tuple[bytes, bytes] | None:
        """What the root's signature covers and the signature, when the root is a well-formed multipart/signed.

        The first is the exact bytes of the first part, line ends as CRLF, without the one that belongs to the
        delimiter (RFC 3156 §5); the second is the body of the second part. Both are cut anew at each call.
        """
        pair = _signed_parts(self.root)
        if pair is None:
            return None
        signed, signature = pair
        try:
            blob = transfer.decode(signature.body_bytes, signature.encoding)
        except ValueError:
            blob = b""  # verifies as bad, which it is
        return lines.canonical(self.content[signed.start : signed.end]), blob

    @cached_property
    def message(self) -> Message:
        """The body parsed by the standard library (compat32), for those who look into its parts.

        Raises PayloadError when the standard library cannot parse it.
        """
        try:
            return email.message_from_bytes(self.content[self.body.start : self.body.end], policy=email.policy.compat32)
        except Exception:  # noqa: BLE001 - a stranger's bytes: the library's parser raises what it likes
            raise PayloadError("The message cannot be read. Send it with another mail program.") from None


def own_payload(content: bytes, subject: str) -> Payload:
    """What we have written ourselves, CRLF, as a payload with a subject: nothing is checked, nothing else is protected."""
    root = entities.read(content)
    headers = MappingProxyType({"Subject": subject})
    return Payload(content, root, root, True, headers, frozenset(), None, False, False, frozenset())  # noqa: FBT003


def read_payload(content: bytes, outer: Message | Mapping[str, str] | None = None) -> Payload:
    """Read decrypted content (any line ends).

    `outer` is the message the content came in, or the `headers` of an earlier reading: fields that the content does
    not protect are taken from there. Content marked with hp= protects all its fields, so nothing is (RFC 9788 §4.2);
    content of the older scheme, protected-headers="v1", may protect only some.
    Raises PayloadError, and nothing else, for content that no list should carry on.
    """
    root = entities.read(content)
    entities.check(root)
    pair = _signed_parts(root)
    body = pair[0] if pair else root
    if pair is None and not is_mime(root):
        body = Entity(content, 0, 0, len(content), (), content_type.TEXT_PLAIN)
    once = ("content-type", "content-transfer-encoding")
    if any(len(body.values(name)) > 1 for name in once):
        raise PayloadError("The message states twice what it consists of. Send it with another mail program.")
    scheme = body.content_type.parameter("hp")
    complete = scheme in {"clear", "cipher"}
    protected = complete or body.content_type.parameter("protected-headers") == "v1"
    inside = _inside(body) if protected else {}
    around = {} if complete else {n: v for n, v in _around(outer).items() if n not in inside}
    senders = inside.get("From") or around.get("From") or []
    author, ambiguous = _author(senders)
    headers = {name: text for name, values in (inside | around).items() if (text := _shown(name, values))}
    recipients = [*_mailboxes(inside.get("To", [])), *_mailboxes(inside.get("Cc", []))]
    return Payload(
        content=content,
        root=root,
        body=body,
        protected=protected,
        headers=MappingProxyType(headers),
        outside=frozenset(name for name in around if name in headers),
        author=author,
        from_ambiguous=ambiguous,
        addressed=complete or "To" in inside or "Cc" in inside,
        recipients=frozenset(mailbox.address for mailbox in recipients),
    )


def _signed_parts(root: Entity) -> tuple[Entity, Entity] | None:
    """The signed part and the signature part of a well-formed multipart/signed (RFC 3156 §5)."""
    kind = root.content_type
    if kind.kind != "multipart/signed" or len(root.values("content-type")) > 1:
        return None
    if (kind.parameter("protocol") or "").lower() != "application/pgp-signature":
        return None
    found = list(entities.parts(root))
    if len(found) != 2 or found[1].content_type.kind != "application/pgp-signature":  # noqa: PLR2004 - exactly two parts
        return None
    return found[0], found[1]


def is_mime(root: Entity) -> bool:
    """Whether this has a header; else it is a text that was encrypted without being made a MIME entity."""
    return any(field.name in _MIME_FIELDS or field.name.startswith("content-") for field in root.fields)


def _inside(body: Entity) -> dict[str, list[str]]:
    names = {name.lower(): name for name in FIELDS}
    found: dict[str, list[str]] = {}
    for field in body.fields:
        if field.name in names:
            found.setdefault(names[field.name], []).append(field.value)
    return found


def _around(outer: Message | Mapping[str, str] | None) -> dict[str, list[str]]:
    """The fields of the outer message; 8-bit text comes from the parser as surrogates."""
    if outer is None:
        return {}
    items: Iterable[tuple[str, str]] = outer.raw_items() if isinstance(outer, Message) else outer.items()
    names = {name.lower(): name for name in FIELDS}
    found: dict[str, list[str]] = {}
    for key, value in items:
        name = names.get(str(key).lower())
        if name is not None:
            raw = str(value).encode("utf-8", "surrogateescape")
            found.setdefault(name, []).append(entities.Field(name, name.encode() + b":" + raw).value)
    return found


def _author(values: list[str]) -> tuple[Mailbox | None, bool]:
    """The one author, or none and whether that is because the fields name no single one."""
    if not values:
        return None, False
    if len(values) > 1:
        return None, True
    try:
        return mailboxes.single(values[0]), False
    except MailboxError:
        return None, True


def _mailboxes(values: list[str]) -> tuple[Mailbox, ...]:
    try:
        return tuple(mailbox for value in values for mailbox in mailboxes.parse(value))
    except MailboxError:
        return ()


def _shown(name: str, values: list[str]) -> str:
    if name == "From":
        author, _ = _author(values)
        return str(author) if author else ""
    if name in ADDRESS_FIELDS:
        return ", ".join(map(str, _mailboxes(values)))
    # References grows with its thread; what is looked at is bounded before anything is decoded.
    return one_line(words.decode(values[0][:4096]), limit=4096 if name == "References" else 1000)
