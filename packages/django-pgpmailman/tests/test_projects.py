"""Two lines of settings put us into a website, in the form that each kind of project has for its settings."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest
import website

from django_pgpmailman.sandbox.project import STOCK as APPS

if TYPE_CHECKING:
    from pathlib import Path

URLS = """
from django.contrib import admin
from django.urls import include, path

urlpatterns = [
    path("mailman3/", include("postorius.urls")),
    path("archives/", include("hyperkitty.urls")),
    path("", include("django_mailman3.urls")),
    path("accounts/", include("allauth.urls")),
    path("admin/", admin.site.urls),
]
"""
# What stock settings have, without what is written in a form of its own below.
COMMON = {
    name: value
    for name, value in website.SETTINGS.items()
    if name not in {"INSTALLED_APPS", "MAILMAN_EVENTS", "PGPMAILMAN", "ROOT_URLCONF", "CACHES"}
} | {"DATABASES": {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}}}
STOCK = "\n".join(f"{name} = {value!r}" for name, value in COMMON.items())
SHARED_CACHE = """
CACHES = {"default": {"BACKEND": "django.core.cache.backends.db.DatabaseCache", "LOCATION": "mailman_cache"}}
"""
APP = 'INSTALLED_APPS = ["django_pgpmailman", *INSTALLED_APPS]'
ROOT = 'ROOT_URLCONF = "django_pgpmailman.site_urls"'
EVENTS = 'INSTALLED_APPS = [*INSTALLED_APPS, "mailman_rest_events.django"]'
SECRET = f'MAILMAN_EVENTS = {{"secrets": ["{website.SECRET}"]}}'


@dataclass(frozen=True)
class Project:
    """A kind of project: its files, of which one is the operator's, and the module of its settings.

    :ivar app: The line that puts us before all other apps.
    :ivar apps: As the operator's file knows them.
    """

    settings: str
    files: dict[str, str]
    operators: str
    before: str = ""
    app: str = APP
    apps: str = "INSTALLED_APPS"


PROJECTS = {
    # The operator's file imports all from a package; it is the module of the settings.
    "mailman-web": Project(
        "settings",
        {
            "mailman_web/__init__.py": "",
            "mailman_web/settings/__init__.py": "",
            "mailman_web/settings/base.py": f'{STOCK}\nINSTALLED_APPS = {APPS!r}\nROOT_URLCONF = "mailman_web.urls"\n',
            "mailman_web/settings/mailman.py": 'MAILMAN_REST_API_USER = "restadmin"\n',
            "mailman_web/urls.py": URLS,
        },
        "settings.py",
        "from mailman_web.settings.base import *\nfrom mailman_web.settings.mailman import *\n",
    ),
    # Its settings import the operator's file at their end, and add their apps up then.
    "docker-mailman": Project(
        "settings",
        {
            "settings.py": (
                f'{STOCK}\nROOT_URLCONF = "urls"\nINSTALLED_APPS = []\nDEFAULT_APPS = {APPS!r}\n'
                "MAILMAN_WEB_SOCIAL_AUTH = []\n"
                "try:\n    from settings_local import *\nexcept ImportError:\n    pass\n"
                "if not INSTALLED_APPS:\n    INSTALLED_APPS = DEFAULT_APPS + MAILMAN_WEB_SOCIAL_AUTH\n"
            ),
            "urls.py": URLS,
        },
        "settings_local.py",
        "from settings import DEFAULT_APPS\n",
        APP.replace("INSTALLED_APPS", "DEFAULT_APPS"),
        "DEFAULT_APPS",
    ),
    # The operator's file is all of the settings' choices, the apps as a tuple.
    "Debian": Project(
        "settings",
        {
            "settings.py": f'{STOCK}\nROOT_URLCONF = "urls"\nfrom mailman_web_configuration import *\n',
            "urls.py": URLS,
        },
        "mailman_web_configuration.py",
        f"INSTALLED_APPS = {tuple(APPS)!r}\n",
    ),
}
PROGRAM = """
import json, warnings
warnings.simplefilter("ignore")
import django
django.setup()
from django.core.checks import run_checks
from django.urls import reverse
found = [(each.id, f"{each.msg} {each.hint or ''}") for each in run_checks() if each.id.partition(".")[0] in OURS or each.level > 20]
addresses = {}
for name in ("pgpmailman:encrypted_lists", "mailman_events:receive", "list_index"):
    try:
        addresses[name] = reverse(name)
    except django.urls.NoReverseMatch:
        addresses[name] = None
print(json.dumps([dict(found), addresses]))
"""


def checked(directory: Path, project: Project, *lines: str) -> tuple[dict[str, str], dict[str, str]]:
    """What `check` says of a project with these lines at the end of the operator's file; and the addresses of some pages."""
    for name, text in {**project.files, project.operators: "\n".join((project.before, *lines, ""))}.items():
        (directory / name).parent.mkdir(parents=True, exist_ok=True)
        (directory / name).write_text(text)
    program = PROGRAM.replace("OURS", '("pgpmailman", "mailman_events")')
    environment = {"DJANGO_SETTINGS_MODULE": project.settings, "PYTHONPATH": str(directory), "PATH": ""}
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=directory, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    found, addresses = json.loads(done.stdout)
    return found, addresses


@pytest.fixture(params=PROJECTS)
def project(request: pytest.FixtureRequest) -> Project:
    """Each kind."""
    return PROJECTS[request.param]


@pytest.mark.deep
def test_two_lines(project: Project, tmp_path: Path) -> None:
    """With the two lines nothing is wrong; our pages, those of before and the events of Mailman have addresses."""
    events = EVENTS.replace("INSTALLED_APPS", project.apps)
    found, addresses = checked(tmp_path, project, project.app, events, ROOT, SHARED_CACHE, SECRET)
    assert found == {}
    assert addresses == {
        "pgpmailman:encrypted_lists": "/pgp/",
        "mailman_events:receive": "/mailman-events/",
        "list_index": "/mailman3/lists/",
    }


def test_without_events(tmp_path: Path) -> None:
    """Where no events come in, they have no address; a cache of each process is said to be one."""
    found, addresses = checked(tmp_path, PROJECTS["docker-mailman"], PROJECTS["docker-mailman"].app, ROOT)
    assert list(found) == ["pgpmailman.W001"]
    assert addresses["mailman_events:receive"] is None


def test_address_of_events_that_is_there(tmp_path: Path) -> None:
    """Where the project has an address for events, there is no second one."""
    own = """
from django.urls import include, path
from mailman_web.urls import urlpatterns as stock

urlpatterns = [path("hooks/", include("mailman_rest_events.django.urls")), *stock]
"""
    (tmp_path / "project_urls.py").write_text(own)
    root = 'PGPMAILMAN = {"root_urls": "project_urls"}'
    found, addresses = checked(tmp_path, PROJECTS["mailman-web"], APP, EVENTS, ROOT, root, SHARED_CACHE, SECRET)
    assert found == {}
    assert addresses["mailman_events:receive"] == "/hooks/"


@pytest.mark.deep
def test_all_mistakes(project: Project, tmp_path: Path) -> None:
    """All that is wrong or missing is named, each once, with what to write."""
    behind = '[*INSTALLED_APPS, "django_pgpmailman", "mailman_rest_events.django"]'
    found, _ = checked(tmp_path, project, f"INSTALLED_APPS = {behind}".replace("INSTALLED_APPS", project.apps))
    mends = {
        "pgpmailman.E002": APP,
        "pgpmailman.E004": ROOT,
        "mailman_events.E001": "MAILMAN_EVENTS = {",
        "mailman_events.W001": "CACHES = {",
        "mailman_events.W002": "mailman-events/",
    }
    assert found.keys() == mends.keys()
    assert all(mend in found[number] for number, mend in mends.items())
