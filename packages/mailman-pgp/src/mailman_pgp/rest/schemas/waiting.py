"""What is answered about requests, keys and posts that wait for a moderator."""

from __future__ import annotations

from mailman_pgp.keys.registry import ChoiceState
from mailman_pgp.mime.excerpt import MAX_CHARS, MAX_NAMED
from mailman_pgp.openpgp import Status
from mailman_pgp.posts.record import Kind
from mailman_pgp.rest.schemas.certificates import DESCRIPTION
from mailman_pgp.rest.schemas.forms import (
    ARMORED,
    FINGERPRINT,
    LINK,
    MOMENT,
    NUMBER,
    TEXT,
    YES_NO,
    many,
    maybe,
    record,
    words,
)

_OFFERED = {
    **DESCRIPTION,
    "age_days": NUMBER,
    "usable": YES_NO,
    "problem": maybe(TEXT),
    "words": maybe(TEXT),
    "armored": ARMORED,
}
REQUEST = record(
    token=TEXT,
    address=TEXT,
    purpose={"type": "string", "enum": ["join", "leave"]},
    workflow=TEXT,
    waits_for=TEXT,
    reason=TEXT,
    since=MOMENT,
    expires=MOMENT,
    certificate=maybe(record(**_OFFERED, state=words(ChoiceState), compared=maybe(MOMENT))),
    self_link=LINK,
    core_link={**LINK, "description": "Core's own resource, which decides about it, too, and does not know by whom."},
)
DECIDED_REQUEST = record(
    token=TEXT,
    address=TEXT,
    purpose={"type": "string", "enum": ["join", "leave"]},
    action=TEXT,
    done={**YES_NO, "description": "Whether it is over; else it was accepted, and waits for something else now."},
)

CHALLENGED = record(token=TEXT, address=TEXT, asked=YES_NO)

CHANGE = record(
    token=TEXT,
    address=TEXT,
    member=YES_NO,
    since=MOMENT,
    expires=MOMENT,
    certificate=record(**_OFFERED),
    earlier={**FINGERPRINT, "description": "Of the certificate that was chosen when they asked."},
    counting=maybe({**FINGERPRINT, "description": "Of the certificate that counts now."}),
    chosen=maybe({**record(**_OFFERED), "description": "The certificate that is chosen now, be it suspended."}),
    suspended={
        **YES_NO,
        "description": "Whether what is chosen is suspended; to accept ends that.",
    },
    outdated={**YES_NO, "description": "Whether it can't be accepted: what counts was changed since they asked."},
    self_link=LINK,
)

_HELD = {
    "number": {**NUMBER, "description": "Core's own, at its resource for held messages."},
    "kind": maybe(words(Kind)),
    "author": {**TEXT, "description": "The address in From."},
    "message_id": maybe({**TEXT, "description": "The one that its author's program gave it."}),
    "since": maybe(MOMENT),
    "size": maybe({**NUMBER, "description": "In bytes, as it came."}),
    "reasons": many(TEXT),
    "signature": maybe(
        record(
            authenticated={
                **YES_NO,
                "description": "Whether it is by the key that counts for the author on this list.",
            },
            status=words(Status),
            fingerprint=maybe(FINGERPRINT),
            words=TEXT,
        )
    ),
    "content_link": {
        **maybe(LINK),
        "description": "Where what it says is shown; null where the list does not allow that.",
    },
    "self_link": LINK,
    "core_link": {**LINK, "description": "Where it is accepted, rejected or discarded: core's own resource."},
}
HELD = record(**_HELD)
HELD_CONTENT = record(
    **_HELD,
    content=record(
        author_name={**TEXT, "description": "As its author gave it: no proof of anything."},
        subject=TEXT,
        date={**TEXT, "description": "As its author wrote it."},
        unprotected={
            **many({"type": "string", "enum": ["Date", "From", "Subject"]}),
            "description": "Which of these stood outside the encryption only, where anybody on the way can write.",
        },
        text={**TEXT, "maxLength": MAX_CHARS, "description": "Plain text, lines parted by line feeds."},
        from_html={
            **YES_NO,
            "description": "Whether some of the text was HTML, of which programs may show something else.",
        },
        complete={**YES_NO, "description": "Whether that is all of the text."},
        attachments={
            **many(record(name=TEXT, type=TEXT, size={**NUMBER, "description": "In bytes."})),
            "maxItems": MAX_NAMED,
            "description": "All parts that are not shown as text.",
        },
        more_attachments={**NUMBER, "description": "How many there are beside these."},
    ),
)
DECIDED_POST = record(number=NUMBER, action=TEXT)

COPIED = record(number=NUMBER, address=TEXT, sent=YES_NO)
