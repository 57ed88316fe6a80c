"""Which endpoint is behind, by how much, and why."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from written import endpoint

if TYPE_CHECKING:
    from collections.abc import Callable

    from standing import Outbox

pytestmark = pytest.mark.usefixtures("endpoints")


@pytest.fixture
def seen(core: Any) -> Callable[[], Any]:  # noqa: ARG001 - core must be initialised
    """What an operator sees."""
    from mailman_rest_events.administration.overview import overview  # noqa: PLC0415

    return overview


@pytest.mark.usefixtures("sender")
def test_all_well(outbox: Outbox, seen: Callable[[], Any]) -> None:
    """Events that have just come keep nobody from sleeping."""
    outbox.put(3)
    outbox.put(2, state="delivered")
    found = seen()
    assert found.well
    assert [each.name for each in found.endpoints] == ["web", "other"]
    assert [each.state for each in found.endpoints] == ["well", "well"]
    assert [each.waiting for each in found.endpoints] == [3, 0]


@pytest.mark.usefixtures("sender")
def test_behind(outbox: Outbox, seen: Callable[[], Any]) -> None:
    """By so many events, so many seconds, and the sentence of the last attempt; the next one has a time."""
    from mailman_plugin_kit.database import now  # noqa: PLC0415 - core must be initialised

    due = now() + dt.timedelta(seconds=100)
    outbox.put(2, state="claimed", ago=600)
    outbox.put(3, ago=300)
    outbox.course("web", failures=4, problem="It answered 503.", due=due, failed=now())
    outbox.store.commit()
    web, other = seen().endpoints
    assert (web.state, web.waiting, web.next_attempt, web.problem) == ("failing", 5, due, "It answered 503.")
    assert 600 <= web.behind_seconds < 700
    assert web.attention == ("It is behind by 5 events and 10 minutes. It answered 503.",)
    assert (other.attention, other.behind_seconds, other.oldest) == ((), 0, None)
    assert not seen().well


@pytest.mark.usefixtures("sender")
def test_behind_without_a_problem(outbox: Outbox, seen: Callable[[], Any]) -> None:
    """It is slow, or nobody has tried."""
    from mailman_plugin_kit.database import now  # noqa: PLC0415 - core must be initialised

    outbox.put(5, ago=100)
    (sentence,) = seen().endpoints[0].attention
    assert sentence == "It is behind by 5 events and 1 minute. Nothing was sent to it since."
    outbox.course("web", delivered=now())
    (sentence,) = seen().endpoints[0].attention
    assert sentence.endswith("It takes them, but more slowly than they happen.")


@pytest.mark.usefixtures("sender")
def test_put_aside(outbox: Outbox, seen: Callable[[], Any]) -> None:
    """An event that is refused while others are taken is not delivered either."""
    outbox.put(1, state="aside", ago=90, problem="It answered 400.")
    web, _ = seen().endpoints
    assert (web.state, web.waiting, web.aside) == ("well", 0, 1)
    assert web.attention == ("It is behind by 1 event and 1 minute. It answered 400.",)


@pytest.mark.usefixtures("sender")
def test_parked(outbox: Outbox, seen: Callable[[], Any]) -> None:
    """With what to do."""
    outbox.put(2, state="parked", problem="It answered 400. It could not be delivered in three days.")
    web, _ = seen().endpoints
    (sentence,) = web.attention
    assert sentence.startswith(
        "Not delivered, and not tried any more: 2 events. It answered 400. It could not be delivered in three days."
    )
    assert "`mailman events replay --endpoint web --state parked`" in sentence


@pytest.mark.usefixtures("sender")
def test_stopped(outbox: Outbox, seen: Callable[[], Any]) -> None:
    """Whether something waits or not."""
    outbox.course("web", stopped="It answered 410: it wants no events any more.")
    outbox.store.commit()
    web, _ = seen().endpoints
    assert web.state == "stopped"
    (sentence,) = web.attention
    assert sentence.startswith("It is stopped. It answered 410: it wants no events any more. When it is ready again,")
    assert "`mailman events ping web`" in sentence


@pytest.mark.usefixtures("sender")
def test_switched_off(outbox: Outbox, seen: Callable[[], Any], endpoints: dict[str, Any]) -> None:
    """What waits then waits by the operator's own word."""
    endpoints["web"] = replace(endpoints["web"], active=False)
    outbox.put(1, ago=3600)
    outbox.course("web", stopped="It answered 410.")
    assert seen().endpoints[0].state == "off"
    assert seen().well


@pytest.mark.usefixtures("sender")
def test_without_a_section(outbox: Outbox, seen: Callable[[], Any]) -> None:
    """What waits for an endpoint that was removed is not forgotten in silence."""
    outbox.put(1, "old", "web", state="claimed")
    outbox.put(1, "older", state="delivered")
    *_, old = seen().endpoints
    assert (old.name, old.state, old.waiting) == ("old", "removed", 1)
    assert "no section [endpoint.old]" in old.attention[0]
    assert len(seen().endpoints) == 3


@pytest.mark.usefixtures("sender")
def test_pattern_that_fits_nothing(outbox: Outbox, seen: Callable[[], Any], endpoints: dict[str, Any]) -> None:
    """An endpoint that is told nothing by mistake looks well otherwise; one of another plugin's events is told some day."""
    endpoints["web"] = endpoint("web", "ListCreated|DomainCreated")
    assert not seen().well
    assert "fits no event that is described here" in seen().endpoints[0].attention[0]
    outbox.put(1, state="delivered")
    assert seen().well


def test_no_runner(core: Any, seen: Callable[[], Any]) -> None:
    """Neither in the configuration, nor in fact."""
    assert "mailman.cfg has no section [runner.events]" in seen().attention[0]
    section = "[runner.events]\nclass: mailman_rest_events.runners.EventsRunner\n"
    core.push("off", f"{section}start: no\n")
    assert "start: no" in seen().attention[0]
    core.pop("off")
    core.push("on", f"{section}start: yes\n")
    assert "the runner `events` does not run" in seen().attention[0]
    assert not seen().well
    core.pop("on")


def test_who_looks_keeps_nobody_from_sending(core: Any) -> None:
    """The lock is had for a moment by whoever looks; the sender takes it all the same, and a second sender does not."""
    import fcntl  # noqa: PLC0415
    import os  # noqa: PLC0415
    import threading  # noqa: PLC0415

    from mailman_rest_events.runners import alone  # noqa: PLC0415 - core must be initialised

    looking = os.open(Path(core.LOCK_DIR) / "mailman-rest-events.lock", os.O_RDWR | os.O_CREAT)
    fcntl.flock(looking, fcntl.LOCK_SH)
    threading.Timer(0.2, os.close, (looking,)).start()
    descriptor = alone.take()
    assert descriptor is not None
    assert alone.is_taken()
    assert alone.take() is None
    os.close(descriptor)
    assert not alone.is_taken()


@pytest.mark.usefixtures("sender")
def test_nothing_secret(endpoints: dict[str, Any], seen: Callable[[], Any]) -> None:
    """Neither key nor secrets, nor what stands in the URL behind the host."""
    endpoints["web"] = replace(
        endpoint("web", lists=re.compile("ant.*")),
        url="https://hooks.example.com:8443/path-canary?token=query-canary",
        api_key="key-canary",
        secrets=(b"secret-canary",),
    )
    web = seen().endpoints[0]
    assert (web.to, web.events, web.lists, web.signed) == ("https://hooks.example.com:8443", ".*", "ant.*", True)
    assert "canary" not in str(asdict(web))
