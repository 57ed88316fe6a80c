"""What a list does that has chosen nothing is what Mailman does by itself: core's own tests say so."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

_SUITE = Path(__file__).with_name("core_suite.py")
# All of core's tests that join, leave, confirm, accept or reject.
MODULES = [
    "mailman.app.tests.test_membership",
    "mailman.commands.tests.test_cli_addmembers",
    "mailman.commands.tests.test_cli_delmembers",
    "mailman.commands.tests.test_cli_syncmembers",
    "mailman.commands.tests.test_eml_confirm",
    "mailman.commands.tests.test_eml_membership",
    "mailman.model.tests.test_pending",
    "mailman.model.tests.test_subscriptions",
    "mailman.rest.tests.test_membership",
    "mailman.rest.tests.test_moderation",
    "mailman.runners.tests.test_confirm",
    "mailman.runners.tests.test_join",
    "mailman.runners.tests.test_leave",
    "mailman.runners.tests.test_task",
]


def run(*arguments: str) -> dict[str, Any]:
    """Run core's tests in a process of their own."""
    done = subprocess.run([sys.executable, _SUITE, *arguments], check=False, capture_output=True, text=True)
    assert done.stdout, done.stderr
    result: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return result


@pytest.mark.deep
def test_same_as_core() -> None:
    """They pass with the plugin, but for those that fail without it, too."""
    with_plugin = run("--plugin", *MODULES)
    assert with_plugin["ran"] > 250
    if with_plugin["failed"]:
        without = run(*with_plugin["failed"])
        assert without["failed"] == with_plugin["failed"], with_plugin["texts"]
