"""Which endpoint is behind, by how much, and why."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from lazr.config import as_boolean
from mailman.config import config
from sqlalchemy import exists, func, select

from mailman_plugin_kit.database import now, store
from mailman_rest_events import site
from mailman_rest_events.administration import attention, texts
from mailman_rest_events.administration.mistakes import no_such_endpoint
from mailman_rest_events.model.tables import Course, Delivery
from mailman_rest_events.outbox.states import State
from mailman_rest_events.runners import alone

if TYPE_CHECKING:
    import datetime as dt

    from mailman_rest_events.endpoints.settings import Endpoint

_LEFT = (State.WAITING, State.CLAIMED, State.ASIDE)


@dataclass(frozen=True, slots=True)
class Standing:
    """How it goes with one endpoint.

    :ivar configured: Whether it has a section; what waits for one that has none is sent nowhere.
    :ivar to: Scheme, host and port of its URL: what follows may hold a key.
    :ivar waiting: So many events wait in their order.
    :ivar aside: So many were refused again and again, and are tried by themselves.
    :ivar oldest: Since when the oldest of both is to be sent (all times are naive UTC).
    :ivar behind_seconds: The same in seconds until now; 0 where nothing waits.
    :ivar next_attempt: No attempt before; None: at once.
    :ivar stopped: Why nothing is sent until an operator says so; empty where it is.
    :ivar problem: Why the last attempt failed; empty where it was taken.
    :ivar attention: What an operator should look at, as sentences.
    """

    name: str
    configured: bool
    active: bool
    to: str
    events: str
    lists: str | None
    signed: bool
    waiting: int
    aside: int
    parked: int
    oldest: dt.datetime | None
    behind_seconds: int
    delivered: dt.datetime | None
    failed: dt.datetime | None
    failures: int
    next_attempt: dt.datetime | None
    stopped: str
    problem: str
    attention: tuple[str, ...]

    @property
    def state(self) -> str:
        """How it goes, in a word."""
        if not self.configured:
            return "removed"
        if not self.active:
            return "off"
        if self.stopped:
            return "stopped"
        return "failing" if self.failures else "well"

    def as_data(self) -> dict[str, Any]:
        """All of it, as plain values and times."""
        return {"name": self.name, "state": self.state, **asdict(self)}


@dataclass(frozen=True, slots=True)
class Overview:
    """How it goes with all of them.

    :ivar attention: What an operator should look at and is no endpoint's matter.
    """

    endpoints: tuple[Standing, ...]
    attention: tuple[str, ...]

    @property
    def well(self) -> bool:
        """Whether nobody needs to look."""
        return not self.attention and not any(each.attention for each in self.endpoints)

    def as_data(self) -> dict[str, Any]:
        """All of it, as plain values and times."""
        endpoints = [each.as_data() for each in self.endpoints]
        return {"well": self.well, "attention": self.attention, "endpoints": endpoints}


def overview() -> Overview:
    """How it goes with all endpoints, those that are in no section any more and have events left at the end.

    :raises NotStartedError: when the plugin could not start.
    """
    endpoints = site.endpoints()
    left = _counted()
    forgotten = sorted(left.keys() - endpoints.keys())
    found = [_standing(name, endpoints.get(name), left.get(name, {})) for name in (*endpoints, *forgotten)]
    problem = runner_problem()
    return Overview(tuple(found), (problem,) if problem else ())


def standing(name: str) -> Standing:
    """How it goes with one endpoint.

    :raises UnknownError: when there is none of this name, and no event is left for one.
    :raises NotStartedError: when the plugin could not start.
    """
    found = {each.name: each for each in overview().endpoints}
    if name not in found:
        raise no_such_endpoint(name)
    return found[name]


def is_known(name: str) -> bool:
    """Whether an endpoint has a section, or had one and there is something that it was to be told."""
    if name in site.endpoints():
        return True
    return texts.is_storable(name) and bool(store().scalar(select(exists().where(Delivery.endpoint == name))))


def runner_problem() -> str:
    """Why no process sends events, as a sentence; empty where one does."""
    sections = [each for each in config.runner_configs if each["class"].strip().startswith("mailman_rest_events.")]
    if not any(as_boolean(each["start"]) for each in sections):
        return (
            "Nothing sends events: mailman.cfg has no section [runner.events], or it says `start: no`. Add it, with `class: "
            "mailman_rest_events.runners.EventsRunner`, and restart Mailman."
        )
    if not alone.is_taken():
        return (
            "Nothing sends events: the runner `events` does not run. `mailman status` says whether Mailman runs; if it does, "
            "its log `runner` says why this one does not."
        )
    return ""


_Counts = dict[State, tuple[int, "dt.datetime"]]


def _counted() -> dict[str, _Counts]:
    """By endpoint and state how many events are left, and since when the oldest of them is."""
    states = [state.value for state in (*_LEFT, State.PARKED)]
    query = select(Delivery.endpoint, Delivery.state, func.count(), func.min(Delivery.since))
    found: dict[str, _Counts] = {}
    for name, state, number, since in store().execute(
        query.where(Delivery.state.in_(states)).group_by(Delivery.endpoint, Delivery.state)
    ):
        found.setdefault(name, {})[State(state)] = number, since
    return found


def _standing(name: str, endpoint: Endpoint | None, counts: _Counts) -> Standing:
    course = store().get(Course, name, populate_existing=True)
    failing = course is not None and (course.failures > 0 or bool(course.stopped))
    aside = counts[State.ASIDE][0] if State.ASIDE in counts else 0
    problem = course.problem if course is not None and failing else _latest_problem(name, counts)
    since = [counts[state][1] for state in _LEFT if state in counts]
    values: dict[str, Any] = {
        "name": name,
        "configured": endpoint is not None,
        "active": endpoint is not None and endpoint.active,
        "waiting": sum(counts[state][0] for state in (State.WAITING, State.CLAIMED) if state in counts),
        "aside": aside,
        "parked": counts[State.PARKED][0] if State.PARKED in counts else 0,
        "oldest": min(since, default=None),
        "behind_seconds": max(0, int((now() - min(since)).total_seconds())) if since else 0,
        "delivered": course and course.delivered,
        "failed": course and course.failed,
        "failures": course.failures if course else 0,
        "next_attempt": course and course.due,
        "stopped": course.stopped if course else "",
        "problem": problem,
    }
    told = course is not None and course.sequence > 0
    return Standing(
        **values, **_written(endpoint), attention=(*attention.of(values), *attention.of_pattern(endpoint, told=told))
    )


def _written(endpoint: Endpoint | None) -> dict[str, Any]:
    """What its section says, without what is secret or may be."""
    if endpoint is None:
        return {"to": "", "events": "", "lists": None, "signed": False}
    parts = urlsplit(endpoint.url)
    return {
        "to": f"{parts.scheme}://{parts.netloc}",
        "events": endpoint.events.pattern,
        "lists": None if endpoint.lists is None else endpoint.lists.pattern,
        "signed": bool(endpoint.secrets),
    }


def _latest_problem(name: str, counts: _Counts) -> str:
    """Why the latest of what was put aside or parked was not taken."""
    states = [state.value for state in (State.CLAIMED, State.ASIDE, State.PARKED) if state in counts]
    query = select(Delivery.problem).where(
        Delivery.endpoint == name, Delivery.state.in_(states), Delivery.problem != ""
    )
    return (store().scalar(query.order_by(Delivery.id.desc()).limit(1)) or "") if states else ""
