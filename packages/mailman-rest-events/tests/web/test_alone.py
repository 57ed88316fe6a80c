"""What receives events needs nothing of Mailman core, and of the website only what is installed."""

from __future__ import annotations

import subprocess
import sys
import textwrap
from importlib.metadata import Distribution, distribution
from pathlib import Path

import pytest
from packaging.requirements import Requirement

import mailman_rest_events

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


def installed_with(requirement: str) -> dict[str, Distribution]:
    """The distributions that are installed for a requirement, by their names."""
    found: dict[str, Distribution] = {}
    waiting = [Requirement(requirement)]
    while waiting:
        wanted = waiting.pop()
        name = wanted.name.lower()
        if name not in found:
            found[name] = distribution(name)
            waiting += [
                other
                for other in map(Requirement, found[name].requires or ())
                if not other.marker or any(other.marker.evaluate({"extra": extra}) for extra in (*wanted.extras, ""))
            ]
    return found


@pytest.mark.parametrize(
    ("requirement", "names", "code"),
    [
        ("mailman-rest-events", {"mailman-rest-events"}, RECEIVING),
        ("mailman-rest-events[django]", {"mailman-rest-events", "django", "asgiref", "sqlparse"}, DJANGO),
    ],
)
def test_installed(tmp_path: Path, requirement: str, names: set[str], code: str) -> None:
    """What comes along with an installation for a website is Django alone, and that is enough."""
    found = installed_with(requirement)
    assert set(found) == names
    (tmp_path / "mailman_rest_events").symlink_to(Path(mailman_rest_events.__file__).parent)
    for each in found.values():
        for part in {file.parts[0] for file in each.files or ()} - {"..", "__pycache__"}:
            if not (tmp_path / part).exists():
                (tmp_path / part).symlink_to(str(each.locate_file(part)))
    program = f"import sys; sys.path.append({str(tmp_path)!r})\n{code}"
    # Isolated, and without the packages of this environment.
    subprocess.run([sys.executable, "-I", "-S", "-c", program], check=True, timeout=60)


def test_installed_into_mailman() -> None:
    """Mailman's environment gets what the plugin needs, and nothing of a website."""
    names = set(installed_with("mailman-rest-events[core]"))
    assert {"mailman", "mailman-plugin-kit", "urllib3", "certifi"} <= names
    assert "django" not in names


def test_installed_into_mailman_as_for_a_website() -> None:
    """Mailman says what is missing."""
    program = """
import sys, warnings
warnings.simplefilter("ignore")
sys.modules["mailman_plugin_kit"] = None
import mailman_rest_events.plugin
"""
    done = subprocess.run([sys.executable, "-c", program], check=False, capture_output=True, text=True, timeout=60)
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1].endswith("Install mailman-rest-events[core].")
