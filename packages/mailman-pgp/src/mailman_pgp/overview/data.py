"""What is known, as data for programs: the same with `--json` and by REST.  Times are as in the database (naive UTC)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from public import public

from mailman_pgp import openpgp
from mailman_pgp.lists.deeds import WORDS
from mailman_pgp.model.database import now
from mailman_pgp.overview import reasons

if TYPE_CHECKING:
    from collections.abc import Iterable

    from mailman_pgp.keys.journal import Event
    from mailman_pgp.keys.registry import StoredCertificate
    from mailman_pgp.lists.deeds import Done
    from mailman_pgp.openpgp import Certificate
    from mailman_pgp.overview.glance import Glance
    from mailman_pgp.overview.posts import Post
    from mailman_pgp.overview.survey import Sent, Survey, Tally
    from mailman_pgp.overview.waits import Waits
    from mailman_workflows.again import Looked


@public
def described(certificate: Certificate) -> dict[str, Any]:
    """What a certificate says of itself."""
    return {
        "fingerprint": certificate.fingerprint,
        "version": certificate.version,
        "user_ids": [user_id.text for user_id in certificate.user_ids],
        "algorithm": certificate.algorithm,
        "created": certificate.created,
        "expires": certificate.expires,
    }


@public
def described_as_stored(stored: StoredCertificate) -> dict[str, Any]:
    """The same of a stored one; without user IDs where the library accepts it no longer."""
    try:
        return described(openpgp.inspect(stored.data))
    except openpgp.CertificateError:
        return {
            "fingerprint": stored.fingerprint,
            "version": stored.version,
            "user_ids": [],
            "algorithm": stored.algorithm,
            "created": stored.created,
            "expires": stored.expires,
        }


@public
def event(found: Event) -> dict[str, Any]:
    """Something that was done about a certificate."""
    return {
        "address": found.address,
        "fingerprint": found.fingerprint,
        "act": found.act,
        "at": found.at,
        "door": found.door,
        "by": found.by or None,
        "earlier": found.earlier or None,
    }


@public
def deed(found: Done) -> dict[str, Any]:
    """Something that was done about a list."""
    return {
        "deed": found.deed,
        "words": WORDS[found.deed],
        "at": found.at,
        "door": found.door,
        "by": found.by or None,
        "address": found.address or None,
        "what": found.what or None,
    }


@public
def went(looked: Looked) -> dict[str, Any]:
    """What became of a request that looked again; not by its token: whoever has it may answer for the person."""
    return {"goes_on": looked.goes_on, "over": looked.over, "failed": looked.failed, "sentence": looked.sentence}


@public
def of_list(found: Survey | Glance) -> dict[str, Any]:
    """An encrypted list: since when it is one, its key, and how many of its members get nothing."""
    key = found.key
    return {
        "list_id": found.list_id,
        "address": found.address,
        "attention": found.attention,
        "encrypted_since": found.enabled_at,
        "list_key": None
        if key is None
        else {
            "fingerprint": key.fingerprint,
            "created": key.created,
            "expires": key.expires,
            "expired": key.expired,
            "revoked": key.revoked,
            "profile": key.profile,
            "days_left": key.days_left(now()),
        },
        "members": {
            "total": found.members,
            "receiving": found.receiving,
            "getting_nothing": found.getting_nothing,
        },
        "untold": found.untold,
    }


@public
def waiting(waits: Waits) -> dict[str, int]:
    """What waits at a list, in numbers."""
    return {"requests": waits.requests, "changes": waits.changes, "held": waits.held}


@public
def post(found: Post) -> dict[str, Any]:
    """What became of a post, in numbers."""
    return {
        "message_id": found.message_id,
        "at": found.at,
        "recipients": found.recipients,
        "delivered": found.delivered,
        "skipped": found.skipped,
        "failed": found.failed,
        "tried_again": found.tried_again,
        "attempts": found.attempts,
    }


@public
def happened(refused: Iterable[Tally], posts: Iterable[Sent]) -> dict[str, Any]:
    """What was refused on a list, and what was sent, of late."""
    return {
        "refused": [
            {
                "kind": tally.kind,
                "reason": tally.reason,
                "words": reasons.refused(tally.reason),
                "number": tally.number,
                "last": tally.last,
            }
            for tally in refused
        ],
        "posts": [
            {
                "message_id": post.message_id,
                "at": post.at,
                "delivered": post.delivered,
                "skipped": post.skipped,
                "failed": post.failed,
            }
            for post in posts
        ],
    }
