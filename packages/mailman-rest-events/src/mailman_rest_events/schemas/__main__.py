"""Write all schemas, and the table of events for docs/events.md: ``python -m mailman_rest_events.schemas DIRECTORY``."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from mailman_rest_events.schemas import EVENTS, Described, schema_of


def table() -> str:
    """All events with their values, in Markdown."""
    return "\n".join(["| event | when | values |", "| --- | --- | --- |", *map(_row, EVENTS)]) + "\n"


def _row(event: Described) -> str:
    names = [f"`{field.name}`" + (" (may be null)" if field.optional else "") for field in event.fields]
    return f"| `{event.name}` | {event.words} | {', '.join(names) or '-'} |"


def schemas() -> dict[str, str]:
    """The text of each file, by its name."""
    return {f"{event.name}.json": json.dumps(schema_of(event), indent=2) + "\n" for event in EVENTS}


if __name__ == "__main__":
    directory = Path(sys.argv[1])
    for name, text in schemas().items():
        (directory / name).write_text(text, encoding="utf-8")
    sys.stdout.write(table())
