"""Whether a request holds an event of ours: for receivers in any framework, with the standard library alone.

    event = verify(headers, body, secrets=["whsec_…"])

See docs/receiving.md for a whole receiver in ten lines.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

TOLERANCE = 300
#: Bytes: no event is longer.
MAX_BODY = 256 * 1024
#: Characters: no event's id is longer.
MAX_ID = 200
_MAX_SEQUENCE = 2**63 - 1
#: Characters: no `Event.delivery` is longer.
MAX_DELIVERY = MAX_ID + len(f"/{_MAX_SEQUENCE}")
_MAX_SIGNATURES = 10
_LEAST_SECRET = 24


class NotVerifiedError(Exception):
    """The request is not to be believed; the text says why, and holds nothing of it."""


@dataclass(frozen=True, slots=True)
class Event:
    """What happened.

    :ivar id: Names the event.
    :ivar name: The name of its class.
    :ivar time: When it happened, as ISO 8601 with a Z.
    :ivar sequence: Grows by one from event to event of one endpoint; None where it has no number, as a ping.
    :ivar data: Strings, numbers, true and false, and None.
    """

    id: str
    name: str
    time: str
    sequence: int | None
    data: Mapping[str, Any]

    @property
    def delivery(self) -> str:
        """Names what was to be delivered: whoever has seen it has got a copy, sent once more since no answer came.

        An event that an operator has sent again has another one, since it has another number.
        """
        return self.id if self.sequence is None else f"{self.id}/{self.sequence}"


def verify(
    headers: Mapping[str, str],
    body: bytes,
    *,
    secrets: Sequence[str],
    tolerance: int = TOLERANCE,
    now: float | None = None,
) -> Event:
    """The event in a request that was signed with one of our secrets, just now.

    :param headers: Of the request; names in any case.
    :param body: As it came.
    :param secrets: Each as in the endpoint's section: ``whsec_`` and base64.  Two during a rotation.
    :param tolerance: Seconds by which the clocks may differ, and a request may have been on its way.
    :raises NotVerifiedError: when it is none.
    :raises ValueError: when a secret is none, or there is none at all.
    """
    keys = [key_of(secret) for secret in secrets]
    if not keys:
        raise ValueError("There is no secret. Whoever knows the address could make up events.")
    if len(body) > MAX_BODY:
        raise NotVerifiedError("The request is too long.")
    named = {name.lower(): value for name, value in headers.items()}
    event_id, timestamp = named.get("webhook-id", ""), named.get("webhook-timestamp", "")
    if not event_id or not timestamp.isascii() or not timestamp.isdigit() or len(timestamp) > len(str(2**63)):
        raise NotVerifiedError("The request has no webhook-id or no webhook-timestamp.")
    if abs((time.time() if now is None else now) - int(timestamp)) > tolerance:
        raise NotVerifiedError("The request is too old, or the clocks differ.")
    signed = b"%s.%s.%s" % (event_id.encode("utf-8", "replace"), timestamp.encode("ascii"), body)
    given = [_signature(word) for word in named.get("webhook-signature", "").split()[:_MAX_SIGNATURES]]
    expected = [hmac.digest(key, signed, hashlib.sha256) for key in keys]
    # Each is compared with each, whatever the outcome: the time tells nothing.
    if not any([hmac.compare_digest(one, other) for one in given for other in expected]):  # noqa: C419 - all of them
        raise NotVerifiedError("The request is not signed with the secret.")
    return read(event_id, body)


def read(event_id: str, body: bytes) -> Event:
    """The event in a request that is believed already.

    :param event_id: What its header ``webhook-id`` says.
    :raises NotVerifiedError: when it is none.
    """
    if len(body) > MAX_BODY:
        raise NotVerifiedError("The request is too long.")
    try:
        found = json.loads(body)
        event = Event(found["id"], found["name"], found["time"], found.get("sequence"), found.get("event") or {})
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise NotVerifiedError("The request holds no event.") from error
    kinds = (event.id, str), (event.name, str), (event.time, str), (event.sequence, int | None), (event.data, dict)
    if event.id != event_id or len(event_id) > MAX_ID or not all(isinstance(value, kind) for value, kind in kinds):
        raise NotVerifiedError("The request holds no event.")
    if event.sequence is not None and (event.sequence is True or not 0 < event.sequence <= _MAX_SEQUENCE):
        raise NotVerifiedError("The request holds no event.")
    return event


def key_of(secret: str) -> bytes:
    """The binary key that a secret holds; raises ValueError when it is none."""
    try:
        key = base64.b64decode(secret.removeprefix("whsec_"), validate=True)
    except ValueError:
        key = b""
    if len(key) < _LEAST_SECRET:
        raise ValueError("A secret must be whsec_ and the base64 of 24 random bytes or more.")
    return key


def _signature(word: str) -> bytes:
    version, _, text = word.partition(",")
    if version != "v1":
        return b""
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return b""
