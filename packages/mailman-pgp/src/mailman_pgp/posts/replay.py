"""The same signed content is accepted once.

A signature is named by its list, whether it came as a post or as mail to the owners, the key that made it, the time it carries, and the digest of the content *as the
signature hashes it* (a text-mode signature fits LF, CRLF and mixed line endings alike; the packet itself must not be
hashed, since its unhashed area can be changed at will).  A unique row per name, written and committed before the message
goes on, makes a second acceptance impossible across processes.

What goes on though no signature of its author's counts is named by its content alone.

The name is an HMAC under a key derived from the site key.  A bare digest would tell whoever has the database, or a backup
of it, whether a guess of what somebody wrote is right.

The row also keeps the claim: the name of the queue file that came with the signature.  After a crash the same file passes
again, and so does the message when it was shunted and put back, since the claim travels in its metadata; a copy under
another name does not.
"""

from __future__ import annotations

import hashlib
import hmac
from datetime import datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Any, cast

from public import public
from sqlalchemy import delete, func, select, update

from mailman_pgp.mime import lines
from mailman_pgp.model.database import insert_once, now, store
from mailman_pgp.model.tables import Seen, Site
from mailman_pgp.site import health, naming

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import CursorResult

    from mailman_pgp.openpgp import SignatureVerdict
    from mailman_pgp.posts.record import Kind

# A row of `Site`: what was signed before this time may be forgotten.
_FORGOTTEN = "signatures forgotten until"
# A signature may carry a time slightly ahead of our clock, and so outlive the row that was made when it came.
_TO_SPARE = timedelta(days=1)


@public
class Claim(StrEnum):
    """What became of a claim."""

    FIRST = "first"  # never seen before, or seen under this very claim
    REPLAYED = "replayed"
    STALE = "stale"  # older than the window, or than what is remembered, so it can't be told whether it was seen


@public
def digest_of(kind: Kind, verdict: SignatureVerdict) -> str:
    """The name that a signature gets now, as hexadecimal HMAC-SHA-256.

    :param kind: What the message came as.  Whoever has a copy of a post and sends it to the owners first must not use up
        the claim of the post.
    :raises mailman_pgp.site.health.NotHealthy: when this process may not have the site key.
    """
    return _names(*_signature(kind, verdict))[0]


@public
def claim(list_id: str, kind: Kind, verdict: SignatureVerdict, name: str, window: timedelta) -> Claim:
    """Claim a good signature for one message.  The caller commits before it acts on the answer.

    :param name: The claim: a name that this message keeps through crashes, and no other message has.
    :param window: How old the signature may be.
    """
    if verdict.signed_at is None or verdict.signed_at < _stale_before(window):
        return Claim.STALE
    return _claim(list_id, _names(*_signature(kind, verdict)), name)


@public
def claim_content(list_id: str, kind: Kind, content: bytes, name: str) -> Claim:
    """Claim content that no signature of its author names, for one message.  The caller commits before it acts on the answer.

    :param content: The entity; its line ends are none of it.
    :param name: As above.
    """
    return _claim(list_id, _names(*_content(kind, content)), name)


@public
def look(list_id: str, kind: Kind, verdict: SignatureVerdict, window: timedelta) -> Claim:
    """What would become of the claim of a good signature by a message that has none yet; nothing is written."""
    if verdict.signed_at is None or verdict.signed_at < _stale_before(window):
        return Claim.STALE
    return _look(list_id, _names(*_signature(kind, verdict)))


@public
def look_at_content(list_id: str, kind: Kind, content: bytes) -> Claim:
    """The same for content that no signature of its author names."""
    return _look(list_id, _names(*_content(kind, content)))


def _look(list_id: str, names: Sequence[str]) -> Claim:
    return Claim.FIRST if _claimed_by(list_id, names) is None else Claim.REPLAYED


def _claim(list_id: str, names: Sequence[str], name: str) -> Claim:
    # Those of before first: nobody gives such a name any more, so what is not there now will not come.
    claimed_by = _claimed_by(list_id, names[1:]) if names[1:] else None
    if claimed_by is None:
        if insert_once(Seen, list_id=list_id, digest=names[0], claim=name, seen_at=now()):
            return Claim.FIRST
        claimed_by = _claimed_by(list_id, names[:1])
    return Claim.FIRST if claimed_by == name else Claim.REPLAYED


def _claimed_by(list_id: str, names: Sequence[str]) -> str | None:
    return store().scalar(select(Seen.claim).where(Seen.list_id == list_id, Seen.digest.in_(names)))


def _signature(kind: Kind, verdict: SignatureVerdict) -> tuple[str, ...]:
    signed_at = verdict.signed_at.isoformat() if verdict.signed_at is not None else ""
    return kind, verdict.fingerprint or "", signed_at, verdict.content_digest


def _content(kind: Kind, content: bytes) -> tuple[str, ...]:
    return kind, "unsigned", hashlib.sha256(lines.canonical(content)).hexdigest()


def _names(*parts: str) -> list[str]:
    """What something may be named: first its name under the site's key, then those under the keys of before."""
    said = "\0".join(parts).encode()
    return [hmac.digest(key, said, "sha256").hex() for key in health.naming_keys(naming.REPLAY)]


@public
def prune(window: timedelta, at: datetime | None = None) -> int:
    """Remove rows whose signatures would be stale by now, with a day to spare.  Returns how many.

    The site keeps in mind how far it has forgotten, so that a longer window later lets in nothing that was forgotten under a
    shorter one.  It is taken from the rows themselves: a clock that was wrong for a while must not close the lists for years.
    """
    before = (at or now()) - window - _TO_SPARE
    newest = store().scalar(select(func.max(Seen.seen_at)).where(Seen.seen_at < before))
    if newest is None:
        return 0
    _forgotten_until(newest + _TO_SPARE)
    return cast("CursorResult[Any]", store().execute(delete(Seen).where(Seen.seen_at <= newest))).rowcount


def _forgotten_until(moment: datetime) -> None:
    """Keep in mind that what was signed before a moment may be forgotten; only ever a later one."""
    value = moment.isoformat(timespec="microseconds")
    if not insert_once(Site, name=_FORGOTTEN, value=value):
        # As texts of this form are ordered, so are the times.
        store().execute(update(Site).where(Site.name == _FORGOTTEN, Site.value < value).values(value=value))


def _stale_before(window: timedelta) -> datetime:
    """What was signed before this may have been seen and forgotten."""
    of_window = now() - window
    forgotten = store().scalar(select(Site.value).where(Site.name == _FORGOTTEN))
    return of_window if forgotten is None else max(of_window, datetime.fromisoformat(forgotten))
