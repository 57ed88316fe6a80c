"""What a receiver believes: what was signed with its secret, just now, and nothing else."""

from __future__ import annotations

import base64
import json
import secrets
from typing import TYPE_CHECKING

import pytest

from mailman_rest_events.receiving.verifying import NotVerifiedError, verify
from mailman_rest_events.sending.signing import headers

if TYPE_CHECKING:
    from collections.abc import Callable

RAW = secrets.token_bytes(32)
SECRET = "whsec_" + base64.b64encode(RAW).decode()
OTHER = secrets.token_bytes(24)
NOW = 1_800_000_000
CONTENT = {
    "name": "DomainCreatedEvent",
    "event": {"domain": "example.com"},
    "id": "evt_1",
    "time": "2027-01-15T08:00:00.000Z",
    "sequence": 7,
}
BODY = json.dumps(CONTENT).encode()


def signed(body: bytes = BODY, *raw: bytes, at: int = NOW, event: str = "evt_1") -> dict[str, str]:
    return headers(raw or (RAW,), event, at, body)


def test_what_we_sign() -> None:
    """Is believed, and read."""
    event = verify(signed(), BODY, secrets=[SECRET], now=NOW)
    assert (event.id, event.name, event.sequence) == ("evt_1", "DomainCreatedEvent", 7)
    assert event.data == {"domain": "example.com"}


def test_names_of_headers_in_any_case() -> None:
    """As frameworks give them."""
    given = {name.title(): value for name, value in signed().items()}
    assert verify(given, BODY, secrets=[SECRET], now=NOW).id == "evt_1"


def test_rotation() -> None:
    """Signed with both, and verified with either; and a receiver that knows both believes either."""
    other = "whsec_" + base64.b64encode(OTHER).decode()
    both = signed(BODY, OTHER, RAW)
    assert verify(both, BODY, secrets=[SECRET], now=NOW)
    assert verify(both, BODY, secrets=[other], now=NOW)
    assert verify(signed(), BODY, secrets=[other, SECRET], now=NOW)


@pytest.mark.parametrize(
    "change",
    [
        lambda h: (h, BODY.replace(b"example.com", b"example.org")),
        lambda h: (h, BODY + b" "),
        lambda h: ({**h, "webhook-id": "evt_2"}, BODY),
        lambda h: ({**h, "webhook-timestamp": str(NOW + 1)}, BODY),
        lambda h: ({**h, "webhook-timestamp": "now"}, BODY),
        lambda h: ({**h, "webhook-timestamp": "-1"}, BODY),
        lambda h: ({**h, "webhook-timestamp": "1" * 400}, BODY),
        lambda h: ({**h, "webhook-signature": ""}, BODY),
        lambda h: ({**h, "webhook-signature": h["webhook-signature"].replace("v1,", "v2,")}, BODY),
        lambda h: ({**h, "webhook-signature": "v1,"}, BODY),
        lambda h: ({**h, "webhook-signature": "v1,!!"}, BODY),
        lambda h: ({**h, "webhook-signature": "v1,ä"}, BODY),
        lambda h: ({"webhook-signature": h["webhook-signature"]}, BODY),
        lambda _h: ({}, BODY),
        lambda h: ({**h, "webhook-signature": "v1,AAAA " * 50 + h["webhook-signature"]}, BODY),
    ],
    ids=range(15),
)
def test_changed(change: Callable[[dict[str, str]], tuple[dict[str, str], bytes]]) -> None:
    """Whatever is not just as it was signed is not believed."""
    given, body = change(signed())
    with pytest.raises(NotVerifiedError):
        verify(given, body, secrets=[SECRET], now=NOW)


@pytest.mark.parametrize("late", [-301, 301, 10**6])
def test_too_old(late: int) -> None:
    """What somebody has recorded is not believed later, nor what comes from the future."""
    with pytest.raises(NotVerifiedError):
        verify(signed(), BODY, secrets=[SECRET], now=NOW + late)
    assert verify(signed(), BODY, secrets=[SECRET], now=NOW + 299)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b"1",
        b'{"id": "evt_1"}',
        b"[" * 100_000,
        b'{"id":"evt_1","name":1,"time":"","sequence":1}',
    ],
)
def test_no_event(content: bytes) -> None:
    """Signed nonsense is refused in the same way."""
    with pytest.raises(NotVerifiedError):
        verify(signed(content), content, secrets=[SECRET], now=NOW)


@pytest.mark.parametrize(
    "change",
    [
        {"time": None},
        {"sequence": "7"},
        {"sequence": 0},
        {"sequence": -7},
        {"sequence": 7.0},
        {"sequence": False},
        {"sequence": True},
        {"sequence": 2**63},
        {"event": ["x"]},
        {"name": None},
        {"id": 1},
    ],
)
def test_other_kinds(change: dict[str, object]) -> None:
    """Whoever reads an event finds the kinds of values that stand in its description."""
    content = json.dumps({**CONTENT, **change}).encode()
    with pytest.raises(NotVerifiedError, match="no event"):
        verify(signed(content), content, secrets=[SECRET], now=NOW)


def test_without_number_and_words() -> None:
    """A ping has no number, and an event of which nothing may be told has only its name."""
    content = json.dumps({"name": "PingEvent", "id": "evt_1", "time": "2027-01-15T08:00:00.000Z"}).encode()
    event = verify(signed(content), content, secrets=[SECRET], now=NOW)
    assert (event.name, event.sequence, event.data) == ("PingEvent", None, {})


def test_delivery() -> None:
    """A copy has the name of the first; what an operator has sent again has another, although its ID is the same."""

    def delivery(**change: object) -> str:
        content = json.dumps({**CONTENT, **change}).encode()
        return verify(signed(content), content, secrets=[SECRET], now=NOW).delivery

    assert delivery(sequence=7) == delivery(sequence=7)
    assert len({delivery(sequence=7), delivery(sequence=8), delivery(sequence=None)}) == 3


def test_long_id() -> None:
    """An id fits into the column of a receiver's database."""
    for length, fits in ((200, True), (201, False)):
        name = "e" * length
        content = json.dumps({**CONTENT, "id": name}).encode()
        if fits:
            assert verify(signed(content, event=name), content, secrets=[SECRET], now=NOW).id == name
        else:
            with pytest.raises(NotVerifiedError):
                verify(signed(content, event=name), content, secrets=[SECRET], now=NOW)


def test_another_id_inside() -> None:
    """The ID in the header, by which copies are known, is that of the event."""
    with pytest.raises(NotVerifiedError):
        verify(signed(event="evt_2"), BODY, secrets=[SECRET], now=NOW)


def test_too_long() -> None:
    """Nothing is hashed that no event is as long as."""
    body = b" " * 300_000 + BODY
    with pytest.raises(NotVerifiedError, match="too long"):
        verify(signed(body), body, secrets=[SECRET], now=NOW)


@pytest.mark.parametrize("wrong", [[], ["whsec_"], ["whsec_c2hvcnQ="], ["!!"], [""]])
def test_no_secret(wrong: list[str]) -> None:
    """A receiver without a proper secret refuses to work, and does not believe everybody."""
    with pytest.raises(ValueError, match=r"secret"):
        verify(signed(), BODY, secrets=wrong, now=NOW)


def test_says_nothing_of_what_came() -> None:
    """The error is fit for a log."""
    with pytest.raises(NotVerifiedError) as caught:
        verify(signed(), b"canary", secrets=[SECRET], now=NOW)
    assert "canary" not in str(caught.value)
