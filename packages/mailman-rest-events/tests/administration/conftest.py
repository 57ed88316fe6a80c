"""A site with two endpoints, what waits for them, and the two doors by which operators look: the command line and REST."""

from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest
from click.testing import CliRunner
from falcon.testing import TestClient
from standing import Door, Outbox
from written import endpoint

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from click.testing import Result
    from sqlalchemy.orm import Session


@pytest.fixture
def endpoints(store: Session, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:  # noqa: ARG001 - core must be initialised
    """The endpoints of this process, "web" and "other"; to be changed at will."""
    from mailman_rest_events import site  # noqa: PLC0415

    found = {"web": endpoint("web"), "other": endpoint("other", "List.*")}
    monkeypatch.setattr(site, "_endpoints", found)
    return found


@pytest.fixture
def outbox(store: Session, endpoints: dict[str, Any]) -> Outbox:  # noqa: ARG001 - for whom things wait
    """What waits for them: ``outbox.put(3)``."""
    return Outbox(store)


@pytest.fixture
def sender(core: Any) -> Iterator[None]:
    """A process that sends, as far as others can see."""
    import os  # noqa: PLC0415
    from contextlib import ExitStack  # noqa: PLC0415

    from mailman_rest_events.runners import alone  # noqa: PLC0415 - core must be initialised

    core.push("a runner for a test", "[runner.events]\nclass: mailman_rest_events.runners.EventsRunner\nstart: yes\n")
    descriptor = alone.take()
    assert descriptor is not None
    with ExitStack() as at_the_end:
        at_the_end.callback(core.pop, "a runner for a test")
        at_the_end.callback(os.close, descriptor)
        yield


@pytest.fixture
def run(core: Any, store: Session) -> Callable[..., Result]:  # noqa: ARG001 - core must be initialised
    """Run `mailman events` as core does, in a transaction: ``run("ping", "web")``."""
    from mailman.bin.mailman import Subcommands  # noqa: PLC0415

    from mailman_rest_events.administration.commands import events  # noqa: PLC0415

    group = Subcommands(name="mailman", commands={})
    group._loaded, group._commands = True, {"events": SimpleNamespace(command=events)}
    return lambda *arguments: CliRunner().invoke(group, ["events", *arguments])


@pytest.fixture
def door(core: Any, store: Session) -> Door:  # noqa: ARG001 - core must be initialised
    """REST as core serves it: ``door("GET", "/endpoints")``."""
    from mailman.rest.wsgiapp import make_application  # noqa: PLC0415

    made = make_application()

    def application(environ: Any, start_response: Any) -> Any:
        return made(environ, start_response)  # falcon looks at the names of its parameters

    return Door(TestClient(application))
