"""What a list does that has chosen nothing is what Mailman does by itself: core's own tests say so."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import signal
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import pytest

_SUITE = Path(__file__).with_name("core_suite.py")
# All of core's tests that join, leave, confirm, accept or reject.
MODULES = [
    "mailman.app.tests.test_membership",
    "mailman.app.tests.test_notifications",
    "mailman.app.tests.test_subscriptions",
    "mailman.app.tests.test_unsubscriptions",
    "mailman.app.tests.test_workflowmanager",
    "mailman.commands.tests.test_cli_addmembers",
    "mailman.commands.tests.test_cli_delmembers",
    "mailman.commands.tests.test_cli_members",
    "mailman.commands.tests.test_cli_notify",
    "mailman.commands.tests.test_cli_syncmembers",
    "mailman.commands.tests.test_eml_confirm",
    "mailman.commands.tests.test_eml_membership",
    "mailman.model.tests.test_pending",
    "mailman.model.tests.test_subscriptions",
    "mailman.rest.tests.test_membership",
    "mailman.rest.tests.test_moderation",
    "mailman.rest.tests.test_users",
    "mailman.runners.tests.test_confirm",
    "mailman.runners.tests.test_join",
    "mailman.runners.tests.test_leave",
    "mailman.runners.tests.test_task",
]
# And the chapters of its documentation, but the one of rest/docs/sub-moderation.rst, which shows a request without our keys:
# tests/e2e/test_workflows.py looks at those.
CHAPTERS = [
    "mailman/app/docs/bounces.rst",
    "mailman/app/docs/moderator.rst",
    "mailman/commands/docs/membership.rst",
    "mailman/model/docs/membership.rst",
    "mailman/model/docs/pending.rst",
    "mailman/model/docs/subscriptions.rst",
    "mailman/model/docs/users.rst",
    "mailman/rest/docs/addresses.rst",
    "mailman/rest/docs/listconf.rst",
    "mailman/rest/docs/membership.rst",
    "mailman/rest/docs/users.rst",
    "mailman/runners/docs/command.rst",
]


def run(*arguments: str) -> dict[str, Any]:
    """Run core's tests in a process of their own."""
    # They listen on ports that are written in them: two runs on one machine, of two checkouts say, come one after the other,
    # and none leaves its servers to the next one.
    lock_file = Path(tempfile.gettempdir()) / "core_suite.lock"
    with lock_file.open("w") as lock, tempfile.TemporaryFile("w+") as output, tempfile.TemporaryFile("w+") as errors:
        fcntl.flock(lock, fcntl.LOCK_EX)
        # Not into pipes, which a server that is left over would keep open.
        process = subprocess.Popen(
            [sys.executable, _SUITE, *arguments], stdout=output, stderr=errors, start_new_session=True
        )
        try:
            process.wait()
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
        output.seek(0)
        errors.seek(0)
        lines = output.read().splitlines()
        assert lines, errors.read()
    result: dict[str, Any] = json.loads(lines[-1])
    return result


@pytest.mark.deep
@pytest.mark.timeout(600)
@pytest.mark.parametrize(("what", "least"), [(MODULES, 350), (CHAPTERS, len(CHAPTERS))], ids=["tests", "documentation"])
def test_same_as_core(what: list[str], least: int) -> None:
    """They pass with the plugin, but for those that fail without it, too."""
    with_plugin = run("--plugin", *what)
    assert with_plugin["ran"] >= least
    if with_plugin["failed"]:
        without = run(*with_plugin["failed"])
        assert without["failed"] == with_plugin["failed"], with_plugin["texts"]
