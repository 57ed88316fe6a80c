"""What each process of Mailman starts."""

from __future__ import annotations

import subprocess
import sys

import pytest

PROGRAM = """
import sys
from mailman.config import config
from mailman_rest_events import site
from mailman_rest_events.plugin import EventsPlugin

type(config).plugin_configs = property(lambda _: [("events", {"configuration": sys.argv[1]})])
plugin = EventsPlugin()
assert plugin.resource is None
plugin.post_hook()
assert "falcon" not in sys.modules
assert type(plugin.resource).__name__ == "Root"
try:
    site.endpoints()
except site.NotStartedError as error:
    print(error)
"""


@pytest.mark.parametrize(
    ("configuration", "sentence"),
    [
        (" ", "[plugin.events] of mailman.cfg does not say where the endpoints are. Add `configuration: `"),
        ("/nowhere/events.cfg", "file /nowhere/events.cfg. Write it"),
    ],
)
def test_start(configuration: str, sentence: str) -> None:
    """A runner loads nothing of REST; and when the settings have a mistake, whoever asks is told the mend."""
    command = [sys.executable, "-c", PROGRAM, configuration]
    said = subprocess.run(command, check=True, timeout=60, capture_output=True, text=True).stdout
    assert sentence in said
