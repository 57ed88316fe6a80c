"""From a sealed post to the one payload that all its recipients get."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from email.utils import format_datetime, formatdate
from typing import TYPE_CHECKING, Any

from public import public

from mailman_pgp.i18n import N_, _, using
from mailman_pgp.lists.in_force import Form, form_of_posts
from mailman_pgp.lists.outward import outward_for
from mailman_pgp.mime import (
    Author,
    Signed,
    Thread,
    as_signed,
    compose_payload,
    message_ids,
    outer_message,
    own_payload,
    read_payload,
    thread_of,
)
from mailman_pgp.openpgp import Detached, Status, armor, grouped
from mailman_pgp.posts.decoration import footer_for, header_for
from mailman_pgp.posts.identity import Use, identify
from mailman_pgp.posts.problems import Problem
from mailman_pgp.posts.record import Kind, Outer, Record

if TYPE_CHECKING:
    from mailman_pgp.mime import Outward, Payload
    from mailman_pgp.posts.sealed import Content, SealedMessage


@public
@dataclass(frozen=True, slots=True, repr=False)
class Composed:
    """The cryptographic payload (RFC 9787), and what stands outside it on every copy."""

    payload: bytes
    outer: Outer
    brought: bytes = b""
    """The certificate of a stranger (binary), which came with the post."""


@public
def compose(mlist: Any, post: SealedMessage, record: Record, *, decorated: bool = True) -> Composed:
    """Write headers, status line and decoration, once for all members.

    :param decorated: Whether a post gets the header and footer of the list.
    """
    content = post.unseal(mlist.list_id, record)
    payload = read_payload(content.entity, content.outside)
    is_post = record.kind is Kind.POST
    # Of what may be anybody's the line is not the list's choice: its author could write one of their own in its place.
    form = form_of_posts(mlist.list_id) if is_post else Form()
    says = form.footer_note or not is_authenticated(record)
    with using(mlist.preferred_language.code):
        status = status_of(record) if says else None
    author = Author(
        address=record.author, name=payload.author_name, status_sentence=status, authenticated=is_authenticated(record)
    )
    outward = outward_for(mlist, _outside(mlist.list_id, post, record, payload))
    signed = (
        _own_signature(content, payload, record.author) if form.keep_signature and is_authenticated(record) else None
    )
    around = form if is_post and decorated else None
    return _composed(mlist, payload, author, outward, around, brought=content.certificate, signed=signed)


@public
def compose_own(mlist: Any, entity: bytes, message_id: str) -> Composed:
    """The same of what the list itself writes to members in the form of a post; it alone signs that, so nothing is said of it.

    :param entity: A MIME entity with its protected subject.
    """
    author = Author(address=mlist.owner_address, name="", status_sentence=None)
    outward = outward_for(mlist, {"message-id": message_id, "date": formatdate()})
    return _composed(mlist, read_payload(entity, {}), author, outward, form_of_posts(mlist.list_id))


@public
def compose_digest(
    mlist: Any, entity: bytes, subject: str, message_id: str, *, before: str = "", after: str = ""
) -> Composed:
    """The same of a digest, which has texts of its own around it.

    :param entity: A MIME entity that we have written, CRLF.
    """
    author = Author(address=mlist.owner_address, name="", status_sentence=None)
    outward = outward_for(mlist, {"message-id": message_id, "date": formatdate()})
    parts = outer_message(outward)
    written = compose_payload(own_payload(entity, subject), author, outward, header_text=before, footer_text=after)
    return Composed(written, Outer(parts.head.decode("latin-1"), parts.foot.decode("latin-1"), outward.message_id))


def _composed(
    mlist: Any,
    payload: Payload,
    author: Author,
    outward: Outward,
    form: Form | None,
    *,
    brought: bytes = b"",
    signed: Signed | None = None,
) -> Composed:
    """Put together what was found; without a form it is no post, and has nothing around it."""
    parts = outer_message(outward)
    with using(mlist.preferred_language.code):
        written = compose_payload(
            payload,
            author,
            outward,
            header_text=header_for(mlist) if form else "",
            footer_text=footer_for(mlist) if form else "",
            signed=signed,
            legacy_display=form is not None and form.legacy_display,
            certificate=armor(brought, "PGP PUBLIC KEY BLOCK") if brought else b"",
        )
    return Composed(
        payload=written,
        outer=Outer(parts.head.decode("latin-1"), parts.foot.decode("latin-1"), outward.message_id),
        brought=brought,
    )


def _own_signature(content: Content, payload: Payload, author: str) -> Signed | None:
    """What the author has signed, with that signature; None where it would not be good any more."""
    own = content.signature
    found = Detached.of(own.packet) if own is not None else None
    if own is None or found is None:
        return None
    pair = payload.signed_part if own.of_part else (content.entity, b"")
    part = as_signed(pair[0], author, text_mode=found.text_mode) if pair is not None else None
    return Signed(part, found.armored, found.micalg) if part is not None else None


def _outside(list_id: str, post: SealedMessage, record: Record, payload: Payload) -> dict[str, str]:
    """The place in a thread that stands on the outside of the copies, and their date.

    Everything here is the author's word, as far as the author's program protects it; but what was inside only stays there.
    """
    stood_outside = {record.message_id, *message_ids(f"{post['in-reply-to'] or ''} {post['references'] or ''}")}
    thread = (thread_of(payload) or Thread("", (), ())).seen(stood_outside)
    date = payload.headers.get("Date", "")
    if not date or "Date" in payload.outside:
        # The signature says when it was made, and nobody else can.
        date = format_datetime(datetime.fromisoformat(f"{record.signed_at}+00:00")) if record.signed_at else date
    return {
        "message-id": thread.message_id or identify(list_id, record.claim, Use.COPY),
        "in-reply-to": " ".join(thread.in_reply_to),
        "references": " ".join(thread.references),
        "date": date,
    }


@public
def is_authenticated(record: Record) -> bool:
    """Whether the key that counts for the author has signed it, for here and now."""
    return bool(record.fingerprint) and not record.problem


@public
def status_of(record: Record) -> str:
    """What became of the author's signature, as a sentence for the members, in the language of the `using` around it."""
    if record.fingerprint and (not record.problem or record.problem in _BUT):
        status = _("signature good, by the key {fingerprint} that counts for this address on this list").format(
            fingerprint=grouped(record.fingerprint)
        )
    elif record.brought:
        status = _("signed with the key {fingerprint} that came with it; nobody here has checked whose it is").format(
            fingerprint=grouped(record.brought)
        )
    elif record.verdicts:
        status = _("not authenticated ({status}): anybody may have written this").format(
            status=_(_STATUS[signature_status(record)])
        )
    else:
        status = _("not signed: anybody may have written this")
    but = _BUT.get(record.problem)
    return status if but is None else _("{status}; but {but}").format(status=status, but=_(but))


@public
def signature_status(record: Record) -> Status:
    """The same as a code.  A good signature authenticates nobody where it is not by the key that counts for the author."""
    found = [Status(str(verdict.get("status", Status.NONE))) for verdict in record.verdicts] or [Status.NONE]
    return next((known for known in found if known is not Status.UNKNOWN_KEY), found[0])


# What is wrong with a post that was posted all the same, because the list takes it or a moderator has accepted it, and that is
# not said of its signature.
_BUT: dict[str, str] = {
    Problem.NOT_ENCRYPTED: N_("it came in the clear"),
    Problem.INLINE_PGP: N_("only its text was protected on its way"),
    Problem.NOT_MEANT: N_("it was written for another address"),
    Problem.UNBOUND: N_("it does not say for whom it was written"),
    Problem.STALE: N_("it is old, and may have come before"),
}

_STATUS = {
    Status.GOOD: N_("good"),
    Status.GOOD_KEY_EXPIRED_SINCE: N_("good key expired since"),
    Status.GOOD_KEY_REVOKED_SINCE: N_("good key revoked since"),
    Status.KEY_EXPIRED: N_("key expired"),
    Status.KEY_REVOKED: N_("key revoked"),
    Status.SIGNATURE_EXPIRED: N_("signature expired"),
    Status.FROM_THE_FUTURE: N_("from the future"),
    Status.WEAK_HASH: N_("weak hash"),
    Status.REFUSED_BY_POLICY: N_("refused by policy"),
    Status.KEY_MAY_NOT_SIGN: N_("key may not sign"),
    Status.BAD: N_("bad"),
    Status.UNKNOWN_KEY: N_("unknown key"),
    Status.NONE: N_("none"),
}
