"""What a list shows of itself on the outside of every copy."""

from __future__ import annotations

import base64
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from public import public

from mailman_pgp.keys import vault
from mailman_pgp.mime import Outward

if TYPE_CHECKING:
    from collections.abc import Mapping
    from email.message import Message


@public
def outward_for(
    mlist: Any, fields: Message | Mapping[str, str], address: str | None = None, *, certificate: bytes | None = None
) -> Outward:
    """The outer face of a copy: the list's own words, and the identifiers that keep threads together.

    :param fields: Has the latter: ``message-id``, ``date``, ``in-reply-to``, ``references``, in lower case.
    :param address: The address of the list that it comes from, and that is answered; the posting address when not given.
    :param certificate: The list's own (binary), for who has looked it up already.
    """
    return Outward(
        list_address=address or mlist.posting_address,
        list_name=mlist.display_name,
        list_id=mlist.list_id,
        subject_prefix=mlist.subject_prefix or "",
        headers=_list_headers(mlist),
        message_id=str(fields.get("message-id") or ""),
        date=str(fields.get("date") or ""),
        in_reply_to=str(fields.get("in-reply-to") or "") or None,
        references=str(fields.get("references") or "") or None,
        autocrypt=_keydata(certificate or vault.certificate(mlist.list_id).certificate),
    )


def _list_headers(mlist: Any) -> tuple[tuple[str, str], ...]:
    """RFC 2369, RFC 2919."""
    if not mlist.include_rfc2369_headers:
        return ()
    post = f"<mailto:{mlist.posting_address}>" if mlist.allow_list_posts else "NO"
    return (
        ("List-Id", f"<{mlist.list_id}>"),
        ("List-Post", post),
        ("List-Help", f"<mailto:{mlist.request_address}?subject=help>"),
        ("List-Subscribe", f"<mailto:{mlist.request_address}?subject=join>"),
        ("List-Unsubscribe", f"<mailto:{mlist.request_address}?subject=leave>"),
        ("List-Owner", f"<mailto:{mlist.owner_address}>"),
        ("Precedence", "list"),
    )


@lru_cache(maxsize=256)
def _keydata(certificate: bytes) -> str:
    return base64.b64encode(certificate).decode()
