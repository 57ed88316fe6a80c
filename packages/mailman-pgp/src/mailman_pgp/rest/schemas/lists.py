"""What is answered about lists, their keys and their log."""

from __future__ import annotations

from mailman_pgp.keys.journal import Door
from mailman_pgp.lists.deeds import Deed
from mailman_pgp.openpgp import Profile
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

_PROFILE = {
    **words(Profile),
    "description": "Its kind: `v6` (version 6) and `post-quantum` are experimental, not every program can deal with them.",
}

_LIST = {
    "list_id": TEXT,
    "address": TEXT,
    "encrypted_since": MOMENT,
    "attention": {**YES_NO, "description": "Whether somebody gets nothing."},
    "list_key": maybe(
        record(
            fingerprint=FINGERPRINT,
            created=MOMENT,
            expires=maybe(MOMENT),
            expired=YES_NO,
            revoked={**YES_NO, "description": "Whether the list waits, and its mail, for another key."},
            profile=_PROFILE,
            days_left=maybe({"type": "integer", "description": "Whole days until it expires, below zero when it has."}),
        )
    ),
    "members": record(total=NUMBER, receiving=NUMBER, getting_nothing=NUMBER),
    "waiting": {
        **record(requests=NUMBER, changes=NUMBER, held=NUMBER),
        "description": "How many requests, keys and posts wait.",
    },
    "untold": {
        **NUMBER,
        "description": "How many changes of keys are told nobody yet: none, a few moments after each.",
    },
    "self_link": LINK,
}
LIST_ENTRY = record(**_LIST)
LIST = record(
    **_LIST,
    moderated={**YES_NO, "description": "Whether a moderator decides who joins; else everybody does who proves a key."},
    settings={"type": "object", "description": "As `settings` describes them."},
    refused=many(record(kind=TEXT, reason=TEXT, words=TEXT, number=NUMBER, last=MOMENT)),
    posts=many(record(message_id=TEXT, at=MOMENT, delivered=NUMBER, skipped=NUMBER, failed=NUMBER)),
    links=record(
        certificate=LINK,
        certificates=LINK,
        members=LINK,
        offers=LINK,
        unserved=LINK,
        requests=LINK,
        changes=LINK,
        held=LINK,
        posts=LINK,
        events=LINK,
        log=LINK,
        core=LINK,
    ),
)

UNSERVED = record(
    address=TEXT,
    role={"type": "string", "enum": ["member", "administrator"]},
    reason=TEXT,
    words=TEXT,
    next_step=TEXT,
    since=maybe(MOMENT),
    last=maybe(MOMENT),
    posts=NUMBER,
)

DEED = record(
    deed=words(Deed),
    words={**TEXT, "description": "What was done, in English."},
    at=MOMENT,
    door=words(Door),
    by=maybe(TEXT),
    address=maybe({**TEXT, "description": "Whom it is about."}),
    what=maybe({**TEXT, "description": "More of it: settings with their values, `join`, a fingerprint."}),
)

PLAN = record(
    list_id=TEXT,
    address=TEXT,
    possible={**YES_NO, "description": "Whether nothing stands in its way."},
    obstacles={**many(TEXT), "description": "What does, each as a sentence with what to do."},
    effects={**many(TEXT), "description": "What comes of it, each as a sentence."},
    settings={**many(record(name=TEXT, now={}, then={})), "description": "Core's, with their values now and then."},
    members=record(total=NUMBER, receiving=NUMBER, getting_nothing=NUMBER),
)

LIST_CERTIFICATE = record(
    list_id=TEXT,
    address=TEXT,
    **DESCRIPTION,
    revoked=YES_NO,
    profile=_PROFILE,
    post_quantum={
        **YES_NO,
        "description": "Whether all that is encrypted to it is by ML-KEM, so that only programs that know it can write to the list.",
    },
    certified_by=many(record(fingerprint=FINGERPRINT, address=TEXT, since=MOMENT)),
    armored=ARMORED,
    self_link=LINK,
)

LIST_KEY = record(
    list_id=TEXT,
    fingerprint=FINGERPRINT,
    created=MOMENT,
    expires=maybe(MOMENT),
    revoked=YES_NO,
    profile=_PROFILE,
    former={
        **many(
            record(
                fingerprint=FINGERPRINT,
                created=MOMENT,
                expires=maybe(MOMENT),
                revoked=YES_NO,
                opens={**YES_NO, "description": "Whether mail that is encrypted to it is opened now."},
                opens_until={**maybe(MOMENT), "description": "Until when, where that has an end."},
            )
        ),
        "description": "The keys that the list had before, the latest first.",
    },
    certificate_link=LINK,
)
KEY_CHANGED = record(
    list_id=TEXT,
    fingerprint={**FINGERPRINT, "description": "Of the key that the list has now."},
    action=TEXT,
    before={**maybe(MOMENT), "description": "When the key until now would have expired."},
    expires=maybe(MOMENT),
    profile=_PROFILE,
    former=maybe(record(fingerprint=FINGERPRINT, opens_until=maybe(MOMENT))),
    certificate_link=LINK,
)
