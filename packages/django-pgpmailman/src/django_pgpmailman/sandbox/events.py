"""A sandbox's Mailman that tells of what happens: the lines in its configuration."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mailman_pgp.sandbox.place import replace_file

if TYPE_CHECKING:
    from pathlib import Path

_LINES = {
    "plugin.events.class": "mailman_rest_events.plugin.EventsPlugin",
    "plugin.events.enabled": "yes",
    "plugin.events.component_package": "mailman_rest_events",
    "runner.events.class": "mailman_rest_events.runners.EventsRunner",
    "runner.events.sleep_time": "0.1s",
    "runner.events.max_restarts": "1000",
}


def settings_for(configuration: Path, text: str) -> list[str]:
    """Settings of a sandbox with the plugin for events, whose own settings file is written here.  Raises OSError."""
    replace_file(configuration, text)
    lines = {**_LINES, "plugin.events.configuration": str(configuration)}
    return [f"{name}={value}" for name, value in lines.items()]
