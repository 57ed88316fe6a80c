"""What is answered about posts, and what became of them."""

from __future__ import annotations

from mailman_pgp.rest.schemas.forms import FINGERPRINT, LINK, MOMENT, NUMBER, TEXT, many, maybe, record

_POST = {
    "message_id": TEXT,
    "at": {**MOMENT, "description": "When it was tried last."},
    "recipients": NUMBER,
    "delivered": NUMBER,
    "skipped": {**NUMBER, "description": "To whom it could not be encrypted."},
    "failed": {**NUMBER, "description": "Who will not get it, since the mail server refused it."},
    "tried_again": NUMBER,
    "attempts": NUMBER,
    "self_link": LINK,
}
POST = record(**_POST)
ONE_POST = record(
    **_POST,
    reasons={
        **many(record(reason=TEXT, words=TEXT, next_step=TEXT, number=NUMBER)),
        "description": "Why it did not get to some, and to how many; who still waits is among them (`waiting`).",
    },
    unknown={
        **NUMBER,
        "description": "How many more did not get it, of whom nothing is known: an earlier release sent it, or they were erased.",
    },
    missed_link={**LINK, "description": "Who they are."},
)

MISSED = record(
    address={**TEXT, "description": "The one that it was for, whose ever it is by now."},
    reason=TEXT,
    words=TEXT,
    next_step=TEXT,
    answer=maybe(
        {**TEXT, "description": "The class of the mail server's answer, where it was asked: `5.1.1`, or `550`."}
    ),
    since={**MOMENT, "description": "Since when this is so."},
)
TRIED = record(
    address=TEXT,
    message_id=TEXT,
    fingerprint={**FINGERPRINT, "description": "Of the certificate that counts for them."},
    post_link={**LINK, "description": "Where it is said what became of it, as soon as it was tried."},
)
