"""An event as an endpoint gets it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import datetime as dt


def body_of(uid: str, name: str, data: str, at: dt.datetime, sequence: int | None) -> bytes:
    """The body of a request: JSON, in ASCII.

    :param data: As the outbox has it: JSON, ``null`` where only the name is told.
    :param at: When it happened (naive UTC).
    :param sequence: Its number; None of what is no part of the order.
    """
    body = {
        "name": name,
        "event": json.loads(data),
        "id": uid,
        "time": f"{at.isoformat(timespec='milliseconds')}Z",
        "sequence": sequence,
    }
    if body["event"] is None:
        del body["event"]
    return json.dumps(body, separators=(",", ":")).encode("ascii")
