"""What the website's environment needs: nothing of Mailman Core, no OpenPGP library, and HyperKitty where it is wanted."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from importlib.metadata import distribution
from pathlib import Path

_HERE = Path(__file__).parent
_WITHOUT = """
import sys

class Without:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {"mailman", "mailman_pgp", "mailman_plugin_kit", "pysequoia", "rpgp", "sqlalchemy", "hyperkitty"}:
            raise ModuleNotFoundError(name, name=name)

sys.meta_path.insert(0, Without())
"""
_PROGRAM = """
import website
apps = [name for name in website.SETTINGS["INSTALLED_APPS"] if name not in {"hyperkitty", "mailman_rest_events.django"}]
website.SETTINGS.update(INSTALLED_APPS=apps, PGPMAILMAN={"root_urls": "postorius_suite_urls"})
website.SETTINGS["TEMPLATES"][0]["OPTIONS"]["context_processors"].remove("hyperkitty.context_processors.common")
website.start()
from django.test import Client
for path in ("/.well-known/openpgpkey/policy", "/pgp/lists/ants.example.com/certificate.asc"):
    print(Client().get(path).status_code)
"""


def brought_by(name: str) -> set[str]:
    """The distributions that are installed for one, by their names; extras and markers are taken as asked for nowhere."""
    found: set[str] = set()
    waiting = [name]
    while waiting:
        wanted = waiting.pop()
        if wanted not in found:
            found.add(wanted)
            needs = distribution(wanted).requires or ()
            waiting += [re.split(r"[^\w.-]", need)[0].lower() for need in needs if ";" not in need]
    return found


def test_what_comes_along() -> None:
    """An installation brings Django, Postorius and the clients, and neither Mailman Core nor what core's plugins need."""
    found = brought_by("django-pgpmailman")
    assert {"django", "postorius", "mailmanclient", "mailman-pgp-client"} <= found
    assert not found & {"mailman", "mailman-pgp", "mailman-plugin-kit", "sqlalchemy", "pysequoia", "hyperkitty"}
    assert "mailman" not in brought_by("mailman-pgp-client")


def without(program: str) -> subprocess.CompletedProcess[str]:
    """Run a program where these are not installed."""
    paths = [_HERE, _HERE.parents[1] / "mailman-rest-events/tests"]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(map(str, paths))}
    return subprocess.run(
        [sys.executable, "-c", _WITHOUT + program],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


def test_alone() -> None:
    """A website without all of these shows our pages."""
    done = without(_PROGRAM)
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == ["200", "503"]


def test_sandbox_without_its_parts() -> None:
    """Who wants to try it where parts of it are missing is told what to install."""
    done = without("import runpy\nrunpy.run_module('django_pgpmailman.sandbox', run_name='__main__')\n")
    assert done.returncode == 1
    assert re.match(r"\w+ is not installed here\. .*pip install 'django-pgpmailman\[sandbox\]'", done.stderr)
    assert "Traceback" not in done.stderr
