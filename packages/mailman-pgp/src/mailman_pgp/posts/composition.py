"""From a sealed post to the one payload that all its recipients get."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from public import public

from mailman_pgp.lists.outward import outward_for
from mailman_pgp.lists.settings import has_footer_note
from mailman_pgp.mime import Author, compose_payload, outer_message, read_payload
from mailman_pgp.openpgp import grouped
from mailman_pgp.posts.decoration import footer_for, header_for
from mailman_pgp.posts.identity import Use, identify
from mailman_pgp.posts.record import Kind, Outer, Record

if TYPE_CHECKING:
    from mailman_pgp.posts.sealed import SealedMessage


@public
@dataclass(frozen=True, slots=True, repr=False)
class Composed:
    """The cryptographic payload (RFC 9787), and what stands outside it on every copy."""

    payload: bytes
    outer: Outer


@public
def compose(mlist: Any, post: SealedMessage, record: Record) -> Composed:
    """Write headers, status line and decoration, once for all members."""
    content = post.unseal(mlist.list_id, record)
    payload = read_payload(content.entity, content.outside)
    is_post = record.kind is Kind.POST
    # Mail to the owners may be anybody's, so there the line is not the list's choice.
    status = _status(record) if not is_post or has_footer_note(mlist.list_id) else None
    author = Author(address=record.author, name=payload.author_name, status_sentence=status)
    own_id = identify(mlist.list_id, record.claim, Use.COPY)
    outward = outward_for(mlist, {**dict(post.items()), "message-id": record.message_id or own_id})
    parts = outer_message(outward)
    return Composed(
        payload=compose_payload(
            payload,
            author,
            outward,
            header_text=header_for(mlist) if is_post else "",
            footer_text=footer_for(mlist) if is_post else "",
        ),
        outer=Outer(parts.head.decode("latin-1"), parts.foot.decode("latin-1"), outward.message_id),
    )


def _status(record: Record) -> str:
    """What became of the author's signature, as a sentence for the members."""
    if record.fingerprint and not record.problem:
        return f"signature good, by the key {grouped(record.fingerprint)} that counts for this address on this list"
    if not record.verdicts:
        return "not signed: anybody may have written this"
    status = record.verdicts[0].get("status", "unknown")
    return f"not authenticated ({status}): anybody may have written this"
