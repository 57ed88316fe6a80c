"""What an operator should look at, as sentences that say what to do."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mailman_plugin_kit.database import now
from mailman_plugin_kit.texts import count
from mailman_rest_events.administration import texts
from mailman_rest_events.serializers import telling

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Mapping, Sequence

    from mailman_rest_events.endpoints.settings import Endpoint

#: What is not delivered after so many seconds is behind; a healthy endpoint has it in less than two.
LATE_SECONDS = 60.0


def of(values: Mapping[str, Any]) -> Sequence[str]:
    """What to look at in how it goes with an endpoint: `values` are those of a `Standing`, but what its section says."""
    name, left = values["name"], values["waiting"] + values["aside"]
    if not values["configured"]:
        waiting = count(left + values["parked"], "event")
        sentence = f"Waiting for it: {waiting}; but there is no section [endpoint.{name}] any more."
        return [f"{sentence} Add it again; or `mailman events skip --endpoint {name} --all` gives them up."]
    found = []
    if values["active"] and values["stopped"]:
        found.append(
            f"It is stopped. {values['stopped']} When it is ready again, `mailman events ping {name}` starts it."
        )
    elif values["active"] and left and values["behind_seconds"] > LATE_SECONDS:
        found.append(
            f"It is behind by {count(left, 'event')} and {texts.span(values['behind_seconds'])}. "
            f"{values['problem'] or _slowness(values)}".strip()
        )
    if values["parked"]:
        found.append(
            f"Not delivered, and not tried any more: {count(values['parked'], 'event')}. {values['problem']} `mailman events replay --endpoint {name} --state parked` sends them "
            f"again; with `skip` in its place they are given up."
        )
    return found


def of_pattern(endpoint: Endpoint | None, *, told: bool) -> Sequence[str]:
    """Whether its pattern is mistaken: then nobody is told anything, and nothing ever fails.  `told`: whether it ever was."""
    if endpoint is None or not endpoint.active or told or any(map(endpoint.events.fullmatch, telling.described())):
        return ()
    sentence = "Its `events` fits no event that is described here, and it was never told one."
    return (f"{sentence} The pattern must fit the whole name, such as ListCreatedEvent.",)


def _slowness(values: Mapping[str, Any]) -> str:
    """Why an endpoint is behind that refuses nothing."""
    delivered: dt.datetime | None = values["delivered"]
    if delivered is None or (now() - delivered).total_seconds() > LATE_SECONDS:
        return "Nothing was sent to it since."
    return "It takes them, but more slowly than they happen."
