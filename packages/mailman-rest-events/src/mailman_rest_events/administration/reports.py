"""What the command line prints: of texts by others only what steers no terminal; JSON is ASCII."""

from __future__ import annotations

import datetime as dt
import json
from typing import TYPE_CHECKING, Any

from mailman_plugin_kit.texts import count, plain
from mailman_rest_events.administration.texts import moment, span, table

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from mailman_rest_events.administration.deliveries import Latest
    from mailman_rest_events.administration.overview import Overview, Standing


def as_json(data: Mapping[str, Any]) -> str:
    """An object as JSON; times (naive UTC) end in Z."""
    return json.dumps(data, indent=2, default=_json_value)


def _json_value(value: object) -> str:
    assert isinstance(value, dt.datetime), "Everything else is plain."
    return f"{value.isoformat(timespec='milliseconds')}Z"


def of_all(found: Overview) -> str:
    """All endpoints in a table, and below it what to look at."""
    head = ("endpoint", "state", "waiting", "aside", "parked", "behind", "last delivered (UTC)", "next attempt (UTC)")
    sentences = [
        *found.attention,
        *(plain(f"{each.name}: {sentence}") for each in found.endpoints for sentence in each.attention),
    ]
    if found.well and any(each.failures for each in found.endpoints):
        sentences.append("Nobody is behind by more than a minute.")
    if not found.endpoints:
        sentences.append("There is no endpoint. Write a section [endpoint.NAME] for each.")
    shown = table([head, *map(_row, found.endpoints)]) if found.endpoints else ""
    return "\n\n".join(filter(None, (shown, "\n".join(sentences) or "All is well.")))


def _row(each: Standing) -> Sequence[str]:
    return (
        plain(each.name),
        each.state,
        str(each.waiting),
        str(each.aside),
        str(each.parked),
        span(each.behind_seconds) if each.oldest else "-",
        moment(each.delivered),
        moment(each.next_attempt),
    )


def of_events(found: Sequence[Mapping[str, Any]], start: int, total: int) -> str:
    """A line for each event."""
    if not found:
        return "There are none." if not total else f"There are no more: {count(total, 'event')} in all."
    rows = [
        (
            moment(each["time"]),
            plain(each["id"]),
            plain(each["name"]),
            plain(each["list_id"] or "-"),
            ", ".join(f"{plain(one['endpoint'])} {one['state']}" for one in each["deliveries"]),
        )
        for each in found
    ]
    return f"{table(rows)}\n{start + 1} to {start + len(found)} of {count(total, 'event')}; times are UTC."


def of_event(found: Mapping[str, Any]) -> str:
    """All about one event."""
    about = f"about {plain(found['list_id'])}" if found["list_id"] else "about no list"
    parts = [f"{plain(found['name'])} {about}, {moment(found['time'])} UTC, {found['id']}"]
    for each in found["deliveries"]:
        facts = (
            f"to be sent since {moment(each['since'])}",
            f"refused {count(each['attempts'], 'time')}",
            f"number {each['sequence'] or '-'}",
            f"done {moment(each['done'])}",
            f"next attempt {moment(each['next_attempt'])}",
        )
        lines = [
            f"{plain(each['endpoint'])}: {each['state']}",
            f"  {', '.join(facts)}",
            *([f"  {plain(each['problem'])}"] if each["problem"] else []),
            *([f"  {each['body']}"] if each["body"] else []),
        ]
        parts.append("\n".join(lines))
    if not any(each["body"] for each in found["deliveries"]):
        parts.append(f"It has no number yet. What is told: {json.dumps(found['data'])}")
    return "\n\n".join(parts)


def of_delivery(line: Latest) -> str:
    """One delivery in one line."""
    words = [
        moment(line.done),
        plain(line.endpoint),
        f"#{line.sequence or '-'}",
        line.state,
        plain(line.name),
        plain(line.list_id or "-"),
        plain(line.event),
        *([plain(line.problem)] if line.problem else []),
    ]
    return "  ".join(words)
