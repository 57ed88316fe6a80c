"""What is answered, in JSON Schema, one function for each form of a value."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from public import public

from mailman_pgp.exchange.adding import Outcome
from mailman_pgp.exchange.keyring import Fate
from mailman_pgp.keys.journal import Act, Door
from mailman_pgp.keys.registry import ChoiceState
from mailman_pgp.lists.deeds import Deed
from mailman_pgp.mime.excerpt import MAX_CHARS, MAX_NAMED
from mailman_pgp.openpgp import Profile, Status
from mailman_pgp.posts.record import Kind

if TYPE_CHECKING:
    from enum import StrEnum

Schema = dict[str, Any]

TEXT: Schema = {"type": "string"}
NUMBER: Schema = {"type": "integer", "minimum": 0}
YES_NO: Schema = {"type": "boolean"}
MOMENT: Schema = {
    "type": "string",
    "format": "date-time",
    "pattern": "Z$",
    "description": "ISO 8601, in UTC.",
}
FINGERPRINT: Schema = {"type": "string", "pattern": "^[0-9A-F]{40}([0-9A-F]{24})?$", "description": "Upper-case hex."}
LINK: Schema = {"type": "string", "format": "uri"}
ARMORED: Schema = {"type": "string", "description": "The certificate in ASCII armor."}


@public
def record(**members: Schema) -> Schema:
    """An object that has all these members, and no others but core's etag."""
    return {
        "type": "object",
        "properties": {**members, "http_etag": TEXT},
        "required": list(members),
        "additionalProperties": False,
    }


@public
def many(of: Schema) -> Schema:
    """A list of values."""
    return {"type": "array", "items": of}


@public
def maybe(schema: Schema) -> Schema:
    """A value, or null."""
    return {"anyOf": [schema, {"type": "null"}]}


@public
def words(of: type[StrEnum]) -> Schema:
    """One of a few words."""
    return {"type": "string", "enum": [member.value for member in of]}


@public
def pages(of: Schema) -> Schema:
    """A page of a collection, as core's."""
    return {
        "type": "object",
        "properties": {"start": NUMBER, "total_size": NUMBER, "entries": many(of), "http_etag": TEXT},
        "required": ["start", "total_size"],
        "additionalProperties": False,
    }


#: In core's form; `code` is a word for programs.
ERROR: Schema = {
    "type": "object",
    "properties": {"title": TEXT, "description": {**TEXT, "description": "What to do, as a sentence."}, "code": TEXT},
    "required": ["title"],
}

_DESCRIBED = {
    "fingerprint": FINGERPRINT,
    "version": {"type": "integer", "description": "That of the key's packets: 4 or 6."},
    "user_ids": many(TEXT),
    "algorithm": TEXT,
    "created": MOMENT,
    "expires": maybe(MOMENT),
}
DESCRIBED = record(**_DESCRIBED)
_PROFILE = {
    **words(Profile),
    "description": "Its kind: `v6` (version 6) and `post-quantum` are experimental, not every program can deal with them.",
}

LIST_CERTIFICATE = record(
    list_id=TEXT,
    address=TEXT,
    **_DESCRIBED,
    revoked=YES_NO,
    profile=_PROFILE,
    certified_by=many(record(fingerprint=FINGERPRINT, address=TEXT, since=MOMENT)),
    armored=ARMORED,
    self_link=LINK,
)

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

_CHOSEN = {
    "address": TEXT,
    "member": YES_NO,
    "state": words(ChoiceState),
    "since": MOMENT,
    "origin": TEXT,
    "usable": YES_NO,
    "problem": maybe(TEXT),
    "words": maybe(TEXT),
    "next_step": maybe(TEXT),
    "compared": maybe(MOMENT),
    "self_link": LINK,
}
CHOSEN_ENTRY = record(**_CHOSEN, fingerprint=FINGERPRINT, algorithm=TEXT, created=MOMENT, expires=maybe(MOMENT))
EVENT = record(
    address=TEXT,
    fingerprint=FINGERPRINT,
    act=words(Act),
    at=MOMENT,
    door=words(Door),
    by=maybe(TEXT),
    earlier=maybe(FINGERPRINT),
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
CHOSEN = record(
    **_CHOSEN,
    certificate=DESCRIBED,
    armored=ARMORED,
    history=many(record(fingerprint=FINGERPRINT, state=words(ChoiceState), since=MOMENT, until=MOMENT, origin=TEXT)),
    events=many(EVENT),
)
WAITED = many(record(goes_on=YES_NO, over=YES_NO, failed=YES_NO, sentence=TEXT))
ADDED = record(
    address=TEXT,
    outcome=words(Outcome),
    replaced=maybe(FINGERPRINT),
    problem=maybe(TEXT),
    unserved=many(TEXT),
    certificate=DESCRIBED,
    requests=WAITED,
    self_link=maybe({**LINK, "description": "Null where only something about others was recorded."}),
)
DECIDED = record(address=TEXT, fingerprint=FINGERPRINT, action=TEXT, requests=WAITED)

BROUGHT = record(
    dry_run=YES_NO,
    numbers=record(**{fate.value: NUMBER for fate in Fate}),
    certificates=many(
        record(
            fingerprint=maybe(FINGERPRINT),
            user_ids=many(TEXT),
            addresses={**many(TEXT), "description": "Of people on the list."},
            outcome=words(Fate),
            code=maybe({**TEXT, "description": "Why it is not used."}),
            words=TEXT,
        )
    ),
    without={**many(TEXT), "description": "The members without a certificate that can be used."},
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

_OFFERED = {
    **_DESCRIBED,
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

PLAN = record(
    list_id=TEXT,
    address=TEXT,
    possible={**YES_NO, "description": "Whether nothing stands in its way."},
    obstacles={**many(TEXT), "description": "What does, each as a sentence with what to do."},
    effects={**many(TEXT), "description": "What comes of it, each as a sentence."},
    settings={**many(record(name=TEXT, now={}, then={})), "description": "Core's, with their values now and then."},
    members=record(total=NUMBER, receiving=NUMBER, getting_nothing=NUMBER),
)

SETTING = record(
    name=TEXT,
    label=TEXT,
    group={
        "description": "What it is about, `posts` (what becomes of those that are not authenticated) or `general`.",
        "type": "string",
    },
    type={"type": "string"},
    default={},
    least=maybe(NUMBER),
    greatest=maybe(NUMBER),
    choices=maybe(many(TEXT)),
    of_site={"description": "What counts where the value is null: the site's own setting."},
    takes=TEXT,
    meaning=TEXT,
)
INDEX = record(
    version=TEXT,
    healthy=YES_NO,
    problems=many(record(problem=TEXT, mend=TEXT)),
    links=record(lists=LINK, settings=LINK, openapi=LINK),
    self_link=LINK,
)
