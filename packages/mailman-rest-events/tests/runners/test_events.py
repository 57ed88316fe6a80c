"""The runner: one sends, and another one takes over when that has ended."""

from __future__ import annotations

import os
import threading
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def runner(core: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """A runner on a site without endpoints, which stops at its first turn; `turned` says whether there was one."""
    from mailman_rest_events import site  # noqa: PLC0415 - core must be initialised
    from mailman_rest_events.runners import EventsRunner  # noqa: PLC0415
    from mailman_rest_events.runners import events as module  # noqa: PLC0415

    class Turning:
        turned = False

        def __init__(self, _endpoints: Any) -> None:
            pass

        def turn(self, _patience: float) -> None:
            made.turned = True
            made.stop()

        def stop(self) -> None:
            pass

    core.push("a runner for a test", "[runner.events]\nclass: mailman_rest_events.runners.EventsRunner\nstart: yes\n")
    monkeypatch.setattr(site, "_endpoints", {})
    monkeypatch.setattr(module, "Dispatch", Turning)
    made: Any = EventsRunner("events")
    made.turned = False
    yield made
    core.pop("a runner for a test")


def test_takes_over(runner: Any, caplog: pytest.LogCaptureFixture) -> None:
    """While another process sends it waits, and says so; when that has ended, be it by a kill, it goes on."""
    from mailman_rest_events.runners import alone  # noqa: PLC0415 - core must be initialised

    other = alone.take()
    assert other is not None
    threading.Timer(1.5, os.close, (other,)).start()
    runner.run()
    assert runner.turned
    assert caplog.text.count("another process sends events already") == 1
    assert not alone.is_taken()


def test_stops_while_it_waits(runner: Any) -> None:
    """It does not keep Mailman from stopping."""
    from mailman_rest_events.runners import alone  # noqa: PLC0415 - core must be initialised

    other = alone.take()
    assert other is not None
    threading.Timer(0.3, runner.stop).start()
    runner.run()
    os.close(other)
    assert not runner.turned
