"""The endpoints of this process, once the plugin has started."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mailman_rest_events.endpoints.settings import Endpoint


class NotStartedError(Exception):
    """The plugin could not start in this process; the text says why and what to do."""


_endpoints: Mapping[str, Endpoint] | None = None
_problem = "mailman-rest-events is not enabled. Add [plugin.events] to mailman.cfg and restart Mailman."


def started(endpoints: Mapping[str, Endpoint]) -> None:
    """From now on these are the endpoints."""
    global _endpoints  # noqa: PLW0603 - one per process
    _endpoints = endpoints


def failed(problem: str) -> None:
    """The plugin could not start."""
    global _problem  # noqa: PLW0603 - as above
    _problem = problem


def endpoints() -> Mapping[str, Endpoint]:
    """All endpoints by their names; raises NotStartedError."""
    if _endpoints is None:
        raise NotStartedError(_problem)
    return _endpoints
