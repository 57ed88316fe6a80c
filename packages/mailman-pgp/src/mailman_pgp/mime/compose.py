"""The cryptographic payload that members receive: composed once per post, from views of what the author sent.

The author's entity becomes one part of a multipart/mixed, with the list's own texts in parts of their own around it,
also where the author sent nothing but plain text: text of ours never enters a charset, a line wrapping or an HTML body
that is not ours, no byte of the author's changes, and nothing the author wrote can be taken for the list's first part.
Text in 8-bit stays 8-bit: the payload travels inside armor, so no transport ever sees its bytes.
"""

import binascii
from collections.abc import Iterator

from mailman_pgp.i18n import _
from mailman_pgp.mime import body, fields, legacy, lines, mailboxes
from mailman_pgp.mime import signed as signing
from mailman_pgp.mime.display import one_line, paragraphs
from mailman_pgp.mime.mailboxes import Mailbox, MailboxError
from mailman_pgp.mime.outer import OUTER_SUBJECT, OuterParts, new_boundary, outer_fields, outer_message
from mailman_pgp.mime.outward import Author, Outward, date_text
from mailman_pgp.mime.protected import Payload
from mailman_pgp.mime.signed import Signed
from mailman_pgp.mime.subject import prefixed
from mailman_pgp.mime.threads import thread_of

__all__ = ["Author", "OuterParts", "Outward", "compose_payload", "outer_message", "status_line"]

_MAX_ADDRESSEES = 50
_KEPT_TEXTS = ("Keywords", "Comments")
_CERTIFICATE_HEAD = (
    b"Content-Type: application/pgp-keys\r\n"  # RFC 3156 §7
    b'Content-Disposition: attachment; filename="author.asc"\r\n\r\n'
)


def compose_payload(
    payload: Payload,
    author: Author,
    outward: Outward,
    *,
    header_text: str = "",
    footer_text: str = "",
    signed: Signed | None = None,
    legacy_display: bool = False,
    certificate: bytes = b"",
    outer_subject: str = OUTER_SUBJECT,
    boundary: str | None = None,
) -> bytes:
    """The payload of a post: CRLF lines of at most 998 bytes, ready to be signed and encrypted.

    Its header fields are protected by RFC 9788 (hp="cipher", one HP-Outer for each field of `outer_message`, which must
    be given the same outer_subject) and marked for programs of the older scheme (protected-headers="v1"). Of the
    author's own fields it carries those of an allow-list; fields that came unprotected only where nobody replies to
    them. The place in a thread is the payload's own, where it says anything of it, else that of `outward`.
    signed: what stands in the place of the author's entity, with their own signature; see `signed.as_signed`. legacy_display:
    whether the list's first text begins with a copy of what is hidden outside. certificate: armored, the author's, which is
    added for readers who want to answer. boundary: only for tests; a new one is made of random bits.
    """
    boundary = boundary or new_boundary()
    delimiter = b"\r\n--" + boundary.encode("ascii")
    outside = list(outer_fields(outward, outer_subject))
    inside = _inside(payload, author, outward, dict(outside))
    out: list[bytes | memoryview] = list(_header(inside, outside))
    out.append(b'Content-Type: multipart/mixed; boundary="' + boundary.encode("ascii") + b'";\r\n')
    out.append(b' hp="cipher"; protected-headers="v1"\r\n')
    copied = legacy.element(inside, dict(outside)) if legacy_display else ""
    # The first part is what programs take for the message's text (RFC 9787 §7.1); nothing of the author's is changed for it.
    texts = [text for text in (status_line(author), header_text) if text.strip()]
    if copied and not texts:
        texts = [""]
    for number, text in enumerate(texts):
        out += [delimiter, b"\r\n", _text_part(text, "" if number else copied)]
    if signed is None:
        out += [delimiter, b"\r\n", *body.as_part(legacy.without(payload.body))]
    else:
        # As unforeseeable, and neither is the beginning of the other.
        out += [delimiter, b"\r\n", *signing.as_part(signed, f"s{boundary}".encode("ascii"))]
    if certificate:
        out += [delimiter, b"\r\n", _CERTIFICATE_HEAD, lines.canonical(certificate)]
    if footer_text.strip():
        out += [delimiter, b"\r\n", _text_part(footer_text)]
    out += [delimiter, b"--\r\n"]
    return b"".join(out)


def status_line(author: Author) -> str:
    """Who wrote a post and what became of the signature, in one line; empty where nothing is to be said of it."""
    if author.status_sentence is None:
        return ""
    # In quotation marks, which no name has: a name could be made to read as a verdict on the signature.
    who = f'"{author.name}" <{author.address}>' if author.name else author.address
    mark = "." if author.status_sentence[:1].isupper() else ";"
    return _("Written by {who}").format(who=who) + f"{mark} {author.status_sentence}"


def _inside(payload: Payload, author: Author, outward: Outward, inside: dict[str, str]) -> dict[str, str]:
    """The protected fields, made of those outside: names, and values ready for `fields.field`."""
    # The address is the list's, as outside (RFC 9788 §10.1 warns of a From that differs); the name says who.
    who = author.name or author.address.partition("@")[0]
    if not author.authenticated:
        # Where mails are listed, and where a style of the author's own hides the line, this is what is seen of it.
        who = _("{who} (not authenticated)").format(who=who)
    name = f"{who} via {_list_name(outward)}"
    inside["From"] = fields.mailbox(name, outward.list_address)
    inside["Author"] = fields.mailbox(author.name, author.address)  # RFC 9057
    inside["Subject"] = fields.text(one_line(prefixed(payload.subject, outward.subject_prefix)))
    inside["Date"] = date_text(outward.when)
    thread = thread_of(payload)
    if thread is not None:
        inside["Message-ID"] = thread.message_id or outward.message_id
        for name, identifiers in (("In-Reply-To", thread.in_reply_to), ("References", thread.references)):
            inside.pop(name, None)
            if identifiers:
                inside[name] = " ".join(identifiers)
    inside |= _addressees(payload, outward)
    for kept in _KEPT_TEXTS:
        if kept in payload.headers and kept not in payload.outside:
            inside[kept] = fields.text(payload.headers[kept])
    return inside


def _header(inside: dict[str, str], outside: list[tuple[str, str]]) -> Iterator[bytes]:
    for key, value in inside.items():
        yield fields.field(key, value)
    for key, value in outside:
        yield fields.field("HP-Outer", f"{key}: {value}")
    yield b"MIME-Version: 1.0\r\n"


def _list_name(outward: Outward) -> str:
    return outward.list_name or outward.list_address.partition("@")[0]


def _addressees(payload: Payload, outward: Outward) -> dict[str, str]:
    """To and Cc as the author protected them, always with the list among them.

    Unprotected ones are not carried: somebody on the way could have added an address, and a reply to all would go there.
    """
    to, cc = _protected(payload, "To"), _protected(payload, "Cc")
    if all(mailbox.address != outward.list_address.lower() for mailbox in (*to, *cc)):
        to = [*to, Mailbox("", outward.list_address)]
    found = {"To": to or [Mailbox("", outward.list_address)], "Cc": cc}
    return {name: ", ".join(fields.mailbox(m.name, m.address) for m in group) for name, group in found.items() if group}


def _protected(payload: Payload, name: str) -> list[Mailbox]:
    if name in payload.outside:
        return []
    try:
        return list(mailboxes.parse(payload.headers.get(name, "")))[:_MAX_ADDRESSEES]
    except MailboxError:
        return []


def _text_part(text: str, copied: str = "") -> bytes:
    """A text of the list's own as a part: plain ASCII as it is, anything else quoted-printable.

    copied: the legacy display element above it (RFC 9788 §5.2.2), without the empty line that ends it.
    """
    data = paragraphs(text).strip("\n").encode("utf-8", "replace") + b"\n"
    mark = ""
    if copied:
        data, mark = copied.encode("utf-8", "replace") + b"\n\n" + data, f'; {legacy.PARAMETER}="1"'
    charset, encoding = "us-ascii", "7bit"
    mended = lines.canonical(data)
    if not data.isascii() or lines.has_long_line(mended, 0, len(mended)):
        charset, encoding = "utf-8", "quoted-printable"
        mended = lines.canonical(binascii.b2a_qp(data, istext=True))
    head = f'Content-Type: text/plain; charset="{charset}"{mark}\r\nContent-Transfer-Encoding: {encoding}\r\n'
    return head.encode("ascii") + b"Content-Disposition: inline\r\n\r\n" + mended
