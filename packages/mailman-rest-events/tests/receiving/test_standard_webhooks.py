"""The library of Standard Webhooks believes what we sign, and we believe what it signs."""

from __future__ import annotations

import base64
import json
import secrets
import time
from datetime import UTC, datetime

import pytest
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from mailman_rest_events.receiving.verifying import NotVerifiedError, verify
from mailman_rest_events.sending.signing import headers

OLD, NEW = secrets.token_bytes(24), secrets.token_bytes(64)
CONTENT = {"name": "DomainCreatedEvent", "event": {"domain": "exämple.com"}, "id": "evt_1", "time": "", "sequence": 7}
BODY = json.dumps(CONTENT, ensure_ascii=False).encode()


def written(raw: bytes) -> str:
    return "whsec_" + base64.b64encode(raw).decode()


@pytest.mark.parametrize("raw", [OLD, NEW], ids=["old", "new"])
def test_it_believes_us(raw: bytes) -> None:
    """With either secret of a rotation; and not with another, nor another body."""
    ours = headers([NEW, OLD], "evt_1", int(time.time()), BODY)
    assert Webhook(written(raw)).verify(BODY, ours) == CONTENT
    with pytest.raises(WebhookVerificationError):
        Webhook(written(b"x" * 24)).verify(BODY, ours)
    with pytest.raises(WebhookVerificationError):
        Webhook(written(raw)).verify(BODY + b" ", ours)


def test_we_believe_it() -> None:
    """What it signs with our secret, and nothing else."""
    at = datetime.now(tz=UTC)
    signature = Webhook(written(OLD)).sign("evt_1", at, BODY.decode())
    theirs = {"webhook-id": "evt_1", "webhook-timestamp": str(int(at.timestamp())), "webhook-signature": signature}
    assert verify(theirs, BODY, secrets=[written(NEW), written(OLD)]).data == CONTENT["event"]
    with pytest.raises(NotVerifiedError):
        verify(theirs, BODY, secrets=[written(NEW)])
