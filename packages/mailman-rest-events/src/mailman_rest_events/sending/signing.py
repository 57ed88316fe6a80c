"""Signatures of Standard Webhooks (standardwebhooks.com, specification 1.0): made here, and verified by `receiving`."""

from __future__ import annotations

import base64
import hashlib
import hmac
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable


def signature(secret: bytes, event_id: str, timestamp: int, body: bytes) -> str:
    """One signature: ``v1,`` and the base64 of HMAC-SHA-256 over id, time (Unix seconds) and body, parted by dots."""
    signed = b"%s.%d.%s" % (event_id.encode("ascii"), timestamp, body)
    return "v1," + base64.b64encode(hmac.digest(secret, signed, hashlib.sha256)).decode("ascii")


def headers(secrets: Iterable[bytes], event_id: str, timestamp: int, body: bytes) -> dict[str, str]:
    """The headers of one attempt; with several secrets, during a rotation, a signature by each."""
    found = {"webhook-id": event_id, "webhook-timestamp": str(timestamp)}
    signatures = [signature(secret, event_id, timestamp, body) for secret in secrets]
    return {**found, "webhook-signature": " ".join(signatures)} if signatures else found
