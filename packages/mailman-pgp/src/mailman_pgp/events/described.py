"""Our events, described for mailman-rest-events: the schemas in ``json/`` and the table in docs/events.md are made of it.

python -m mailman_rest_events.schemas packages/mailman-pgp/src/mailman_pgp/events/json mailman_pgp.events.described
"""

from __future__ import annotations

from mailman_rest_events.schemas.described import Described, Field, Kind

_LIST_ID = Field("list_id", "The ID of the list, as REST has it.")
_KEY = (
    _LIST_ID,
    Field("address", "Whose certificate it is, or is to be, in lower case."),
    Field("fingerprint", "The fingerprint of the certificate, upper-case hex."),
)
_DONE = (
    *_KEY,
    Field("door", "By which door: cli, rest, mail, workflow, or site (what a key says of itself came elsewhere)."),
)

EVENTS: tuple[Described, ...] = (
    Described(
        "KeyOfferedEvent",
        "Somebody has brought a key, which does not count yet.",
        (
            *_KEY,
            Field("waits_for", "proof, by its person; or moderator, where it was proven and is to replace another."),
        ),
    ),
    Described("KeyAddedEvent", "A key counts where none did.", _DONE),
    Described(
        "KeyChangedEvent",
        "Another key counts.",
        (*_DONE, Field("earlier", "The fingerprint of the one that counted until now.")),
    ),
    Described("KeyUpdatedEvent", "A newer copy of a key came.", _DONE),
    Described("KeyProvenEvent", "Somebody has shown that they hold their key and read mail at its address.", _DONE),
    Described("KeyApprovedEvent", "A moderator has approved a key.", _DONE),
    Described("KeyComparedEvent", "An owner has compared a fingerprint with its person.", _DONE),
    Described("KeySuspendedEvent", "A key does not count until further notice.", _DONE),
    Described("KeyResumedEvent", "A key that was suspended counts again.", _DONE),
    Described("KeyRemovedEvent", "A key counts no more, and none is in its place.", _DONE),
    Described("KeyRevokedEvent", "A key is revoked, as it says itself.", _DONE),
    Described(
        "KeyExpiringEvent",
        "Somebody is told that their key ends: 30, 14 and 3 days before, when it has ended, and monthly then.",
        (
            *_KEY,
            Field("expires", "When it ends or has ended: ISO 8601, UTC."),
            Field("days", "How many days before; below zero: after.", Kind.NUMBER),
        ),
    ),
    Described(
        "ListKeyChangedEvent",
        "A list has another key, or the same with news: it is encrypted from now on, or not any more; its key follows another, "
        "lives longer, or was revoked.",
        (
            _LIST_ID,
            Field("fingerprint", "That of the key; null where the list is not encrypted any more.", optional=True),
        ),
    ),
    Described(
        "ListSettingsChangedEvent",
        "Settings of an encrypted list have other values.",
        (_LIST_ID, Field("settings", "The names of the settings.", Kind.TEXTS)),
    ),
    Described(
        "MemberSkippedEvent",
        "Members got no copy of a post, for the first time since the reason is there.",
        (
            _LIST_ID,
            Field("reason", "Why, in the words of `unserved` in REST."),
            Field("count", "How many members it is about.", Kind.NUMBER),
            Field("address", "Who, where it is about one; null where `unserved` must be asked.", optional=True),
        ),
    ),
)
