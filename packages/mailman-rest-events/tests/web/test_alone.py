"""What receives events needs nothing of Mailman core, and of the website only what is installed."""

from __future__ import annotations

import subprocess
import sys
import textwrap

import pytest

BLOCKED = """
import sys

class Blocked:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {names!r}:
            raise AssertionError(name)

sys.meta_path.insert(0, Blocked())
"""
CORE = (
    "mailman",
    "sqlalchemy",
    "alembic",
    "zope",
    "public",
    "lazr",
    "falcon",
    "urllib3",
    "certifi",
    "mailman_plugin_kit",
)
WEB = ("allauth", "django_mailman3", "hyperkitty", "postorius", "mailmanclient")

RECEIVING = """
import mailman_rest_events.receiving.seen
import mailman_rest_events.receiving.verifying
"""
DJANGO = """
import django
from django.conf import settings

settings.configure(
    DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}},
    INSTALLED_APPS=["django.contrib.auth", "django.contrib.contenttypes", "mailman_rest_events.django"],
    MAILMAN_EVENTS={"secrets": ["whsec_" + "c2VjcmV0" * 6]},
    ROOT_URLCONF="__main__",
    ALLOWED_HOSTS=["*"],
)
django.setup()

from django.core.checks import run_checks
from django.core.management import call_command
from django.test import Client
from django.urls import include, path

urlpatterns = [path("", include("mailman_rest_events.django.urls"))]
call_command("migrate", verbosity=0)
assert [found.id for found in run_checks(tags=["mailman_events"])] == []
assert Client().post("/", b"{}", content_type="application/json").status_code == 401
"""


@pytest.mark.parametrize(("names", "code"), [((*CORE, *WEB, "django"), RECEIVING), ((*CORE, *WEB), DJANGO)])
def test_alone(names: tuple[str, ...], code: str) -> None:
    """A website without Mailman core, and without Postorius and HyperKitty, takes events; a small program without Django too."""
    program = textwrap.dedent(BLOCKED.format(names=set(names))) + code
    subprocess.run([sys.executable, "-c", program], check=True, timeout=60)
