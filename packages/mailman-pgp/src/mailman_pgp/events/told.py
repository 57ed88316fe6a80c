"""What of our events mailman-rest-events tells; imported only where it is installed.  By hand: a new value is none until it is here."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mailman_pgp.events import kinds
from mailman_rest_events.serializers.telling import Told, tells

if TYPE_CHECKING:
    from mailman_rest_events.serializers.telling import Plain


def _of_key(event: Any, **more: Plain) -> Told:
    data = {"list_id": event.list_id, "address": event.address, "fingerprint": event.fingerprint, **more}
    return Told(data, event.list_id)


@tells(
    kinds.KeyAddedEvent,
    kinds.KeyApprovedEvent,
    kinds.KeyComparedEvent,
    kinds.KeyProvenEvent,
    kinds.KeyRemovedEvent,
    kinds.KeyResumedEvent,
    kinds.KeyRevokedEvent,
    kinds.KeySuspendedEvent,
    kinds.KeyUpdatedEvent,
)
def done(event: Any) -> Told:
    """Which key of whom it is, and by which door it was done; by whom is for the journal."""
    return _of_key(event, door=event.door)


@tells(kinds.KeyChangedEvent)
def changed(event: Any) -> Told:
    """The same, and which key counted until now."""
    return _of_key(event, door=event.door, earlier=event.earlier)


@tells(kinds.KeyOfferedEvent)
def offered(event: Any) -> Told:
    """Which key for whom, and what it waits for."""
    return _of_key(event, waits_for=event.waits_for)


@tells(kinds.KeyExpiringEvent)
def expiring(event: Any) -> Told:
    """Which key of whom, and when."""
    return _of_key(event, expires=f"{event.expires.isoformat(timespec='seconds')}Z", days=event.days)


@tells(kinds.ListKeyChangedEvent)
def list_key(event: Any) -> Told:
    """Which one it is now."""
    return Told({"list_id": event.list_id, "fingerprint": event.fingerprint}, event.list_id)


@tells(kinds.ListSettingsChangedEvent)
def settings(event: Any) -> Told:
    """Which ones; REST knows their values."""
    return Told({"list_id": event.list_id, "settings": event.settings}, event.list_id)


@tells(kinds.MemberSkippedEvent)
def skipped(event: Any) -> Told:
    """Why, how many, and who where it is one; nothing of the post."""
    data = {"list_id": event.list_id, "reason": event.reason, "count": event.count, "address": event.address}
    return Told(data, event.list_id)
