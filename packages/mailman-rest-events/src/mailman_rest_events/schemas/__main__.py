"""Write all schemas, and the table of events for docs/events.md: ``python -m mailman_rest_events.schemas DIRECTORY [MODULE]``.

They are those of core's events, or those that the module of another plugin describes, in its `EVENTS`.
"""

from __future__ import annotations

import json
import sys
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

from mailman_rest_events.schemas import EVENTS, Described, schema_of

if TYPE_CHECKING:
    from collections.abc import Sequence


def table(events: Sequence[Described] = EVENTS) -> str:
    """Events with their values, in Markdown."""
    return "\n".join(["| event | when | values |", "| --- | --- | --- |", *map(_row, events)]) + "\n"


def _row(event: Described) -> str:
    names = [f"`{field.name}`" + (" (may be null)" if field.optional else "") for field in event.fields]
    return f"| `{event.name}` | {event.words} | {', '.join(names) or '-'} |"


def schemas(events: Sequence[Described] = EVENTS) -> dict[str, str]:
    """The text of each file, by its name."""
    return {f"{event.name}.json": json.dumps(schema_of(event), indent=2) + "\n" for event in events}


if __name__ == "__main__":
    directory, described = Path(sys.argv[1]), import_module((sys.argv[2:] or ["mailman_rest_events.schemas"])[0]).EVENTS
    for name, text in schemas(described).items():
        (directory / name).write_text(text, encoding="utf-8")
    sys.stdout.write(table(described))
