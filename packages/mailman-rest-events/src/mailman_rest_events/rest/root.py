"""Which resource is at which path, and what each answers."""

from __future__ import annotations

from dataclasses import asdict
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

from mailman.core.api import API31
from mailman.rest.helpers import NotFound, child
from public import public

from mailman_rest_events.administration import deeds, deliveries, overview
from mailman_rest_events.administration.pinging import ping
from mailman_rest_events.outbox.states import State
from mailman_rest_events.rest import fields
from mailman_rest_events.rest.answers import answers
from mailman_rest_events.site import NotStartedError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    Asked = dict[str, Any]
    Found = Mapping[str, Any]

#: A worker of core's REST is killed when it answers nothing for 30 seconds.
_PING_SECONDS = 20.0


@public
class Root:
    """Whether all is well, and where everything is."""

    @answers()
    def on_get(self, _asked: Asked) -> Found:
        """Answer GET, also where the plugin could not start."""
        try:
            found = overview.overview()
            started, well, attention = True, found.well, found.attention
        except NotStartedError as error:
            started, well, attention = False, False, (str(error),)
        return {
            "version": version("mailman-rest-events"),
            "started": started,
            "well": well,
            "attention": attention,
            "links": {"endpoints": _link("endpoints"), "events": _link("events")},
        }

    @child()  # type: ignore[untyped-decorator]  # core is untyped
    def endpoints(self, _context: Any, segments: list[str]) -> tuple[Any, list[str]]:
        """Find what is asked about endpoints."""
        return _found(segments, Endpoints, OneEndpoint, {"ping": Ping, "replay": ReplayOfOne, "skip": SkipOfOne})

    @child()  # type: ignore[untyped-decorator]  # as above
    def events(self, _context: Any, segments: list[str]) -> tuple[Any, list[str]]:
        """Find what is asked about events."""
        return _found(segments, Events, OneEvent, {"replay": ReplayEvent, "skip": SkipEvent})


def _found(segments: Sequence[str], every: Any, one: Any, deeds_of_one: Mapping[str, Any]) -> tuple[Any, list[str]]:
    match segments:
        case []:
            return every(), []
        case [name]:
            return one(name), []
        case [name, deed] if deed in deeds_of_one:
            return deeds_of_one[deed](name), []
    return NotFound(), []


class _Named:
    """Something of an endpoint, by its name, or of an event, by its ID."""

    def __init__(self, name: str) -> None:
        self.name = name


class Endpoints:
    """All endpoints."""

    @answers(**fields.PAGING)
    def on_get(self, asked: Asked) -> Found:
        """Answer GET."""
        found = overview.overview().endpoints
        start, most = fields.span(asked)
        return _page(start, len(found), [_endpoint(each) for each in found[start : start + most]])


class OneEndpoint(_Named):
    """One of them."""

    @answers()
    def on_get(self, _asked: Asked) -> Found:
        """Answer GET."""
        return _endpoint(overview.standing(self.name))


class Ping(_Named):
    """Whether it takes events."""

    @answers()
    def on_post(self, _asked: Asked) -> Found:
        """Answer POST: a success, whatever the endpoint answers."""
        return asdict(ping(self.name, most_seconds=_PING_SECONDS))


def _choosing(states: tuple[State, ...]) -> dict[str, fields.Read]:
    return {"state": fields.state(states), "first": fields.number(1), "last": fields.number(1), "all": fields.flag}


def _which(endpoint: str, asked: Asked) -> deeds.Which:
    first, last, state = asked.get("first"), asked.get("last"), asked.get("state")
    return deeds.Which(endpoint, first=first, last=last, state=state, everything=asked.get("all", False))


class ReplayOfOne(_Named):
    """Events of an endpoint that are sent again."""

    @answers(**_choosing(deeds.REPLAYABLE))
    def on_post(self, asked: Asked) -> Found:
        """Answer POST."""
        return asdict(deeds.replay(_which(self.name, asked)))


class SkipOfOne(_Named):
    """Events of an endpoint that are given up."""

    @answers(**_choosing(deeds.SKIPPABLE))
    def on_post(self, asked: Asked) -> Found:
        """Answer POST."""
        return asdict(deeds.skip(_which(self.name, asked)))


class Events:
    """What happened."""

    @answers(
        endpoint=fields.text, state=fields.state(tuple(State)), name=fields.text, list_id=fields.text, **fields.PAGING
    )
    def on_get(self, asked: Asked) -> Found:
        """Answer GET."""
        start, most = fields.span(asked)
        wanted = deliveries.Wanted(**{name: asked.get(name) for name in ("endpoint", "state", "name", "list_id")})
        total = deliveries.number_of(wanted)
        return _page(start, total, [_event(each) for each in deliveries.page_of(wanted, start, most)])


class OneEvent(_Named):
    """One event, with its data."""

    @answers()
    def on_get(self, _asked: Asked) -> Found:
        """Answer GET."""
        return _event(deliveries.one(self.name))


class ReplayEvent(_Named):
    """An event that is sent again: to all that got it, or to one endpoint."""

    @answers(endpoint=fields.text)
    def on_post(self, asked: Asked) -> Found:
        """Answer POST."""
        return asdict(deeds.replay(deeds.Which(asked.get("endpoint"), (self.name,))))


class SkipEvent(_Named):
    """An event that is given up."""

    @answers(endpoint=fields.text)
    def on_post(self, asked: Asked) -> Found:
        """Answer POST."""
        return asdict(deeds.skip(deeds.Which(asked.get("endpoint"), (self.name,))))


def _page(start: int, total: int, entries: list[dict[str, Any]]) -> Found:
    """A page; without entries it has none, as core's."""
    return {"start": start, "total_size": total, **({"entries": entries} if entries else {})}


def _endpoint(found: overview.Standing) -> dict[str, Any]:
    return {**found.as_data(), "self_link": _link("endpoints", found.name)}


def _event(found: dict[str, Any]) -> dict[str, Any]:
    return {**found, "self_link": _link("events", found["id"])}


def _link(*parts: str) -> str:
    return str(API31.path_to("/".join(("plugins", "events", *parts))))
