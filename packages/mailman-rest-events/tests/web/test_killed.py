"""A website that is killed in the middle of an event, with a database on the disk."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest
from website import RAW

PROGRAM = """
import os, signal, sys
from pathlib import Path

import django
from django.conf import settings

folder, raw, point = Path(sys.argv[1]), bytes.fromhex(sys.argv[2]), sys.argv[3]
settings.configure(
    DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": str(folder / "web.db")}},
    INSTALLED_APPS=["mailman_rest_events.django"],
    MAILMAN_EVENTS={"secrets": [website.written(raw)]},
    ROOT_URLCONF="mailman_rest_events.django.urls",
    ALLOWED_HOSTS=["*"],
)
django.setup()

from django.core.management import call_command
from django.test import Client
from mailman_rest_events.django.events import received
from mailman_rest_events.django.models import Done

call_command("migrate", verbosity=0)


def dead():
    os.kill(os.getpid(), signal.SIGKILL)


def work(event, **kwargs):
    if point == "before the work":
        dead()
    with (folder / "work").open("a") as file:
        file.write(event.id)
    if point == "after the work":
        dead()


received.connect(work)
if point == "after all":
    add = Done.add
    Done.add = classmethod(lambda cls, delivery: (add(delivery), dead()))
content = website.body("evt_1", "PasswordChangeEvent")
headers = website.signed("evt_1", content, raw=raw)
answer = Client().post("/", content, content_type="application/json", headers=headers)
assert answer.status_code == 204
"""
TESTS = Path(__file__).parents[1]


def deliver(folder: Path, point: str = "") -> int:
    """Deliver one event to a new process of the website, which is killed at a point; its status."""
    program = f"import sys; sys.path.insert(0, {str(TESTS)!r}); import website\n{PROGRAM}"
    command = [sys.executable, "-c", program, str(folder), RAW.hex(), point]
    return subprocess.run(command, check=False, timeout=60).returncode


@pytest.mark.parametrize(("point", "times"), [("before the work", 1), ("after the work", 2), ("after all", 1)])
def test_killed(tmp_path: Path, point: str, times: int) -> None:
    """Whenever it is killed, the work is done when the event comes again, and once it is done, no more."""
    assert deliver(tmp_path, point) == -signal.SIGKILL
    assert deliver(tmp_path) == 0
    assert deliver(tmp_path) == 0
    assert (tmp_path / "work").read_text() == "evt_1" * times
