"""Has OpenPGP.js in the package when it is built: fetched by npm, by the hash in package-lock.json, once.

It lies where Django looks for static files, beside its licence, and in no commit.  What lies there already is taken if its hash is the one
in pyproject.toml; so a source distribution, which has it, is built without npm, and nothing else gets into a wheel from either way.
For another version: its number in package.json, `npm install --package-lock-only` (as `make lock` does), and the hashes
that a build then asks for.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

_LOCKED = ("package.json", "package-lock.json", ".npmrc")
_NPM = ("ci", "--ignore-scripts", "--no-audit", "--no-fund", "--omit=dev", "--omit=optional", "--omit=peer")
_SECONDS = 300
_HERE = Path("src/django_pgpmailman/static/django_pgpmailman/openpgp")
# Not the module for `import`: a script is served as what it is by every web server, and also from another host than the pages.
_OF_PACKAGE = {"openpgp.js": "dist/openpgp.min.js", "LICENSE": "LICENSE"}
_SOURCE_MAP = b"//# sourceMappingURL="  # of what is not shipped; Django's `collectstatic` would look for it, and fail


class NotFetchedError(Exception):
    """It is not there, and could not be fetched; the text says what to do."""


class Hook(BuildHookInterface):  # type: ignore[type-arg]
    """Called by hatchling before it builds anything."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:  # noqa: ARG002 - hatchling's interface
        """Fetch what is not there.

        :raises NotFetchedError: when it can't be; but an editable installation goes on without, for the pages work then, too.
        """
        directory, hashes = Path(self.root, _HERE), self.config["sha256"]
        if all(_hash(directory / name) == hashes[name] for name in _OF_PACKAGE):
            return
        for name in _OF_PACKAGE:
            (directory / name).unlink(missing_ok=True)  # another one is worse than none
        try:
            found = _fetched(Path(self.root))
        except NotFetchedError as error:
            if version != "editable":
                raise
            self.app.display_warning(f"{error} Until then the website's pages don't show a key before it is sent.")
            return
        for name, content in found.items():
            if hashlib.sha256(content).hexdigest() != hashes[name]:
                raise NotFetchedError(
                    f"{name} of OpenPGP.js is not the one that is expected: its SHA-256 is {hashlib.sha256(content).hexdigest()}, and "
                    f"pyproject.toml says {hashes[name]}. Nothing was built with it."
                )
        directory.mkdir(parents=True, exist_ok=True)
        for name, content in found.items():
            _write(directory / name, content)


def _hash(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else ""


def _write(path: Path, content: bytes) -> None:
    """Whole, also when two builds do it at once."""
    with tempfile.NamedTemporaryFile(dir=path.parent, delete=False) as file:
        file.write(content)
    Path(file.name).chmod(0o644)
    Path(file.name).replace(path)


def _fetched(root: Path) -> dict[str, bytes]:
    """The files, by their names here.  npm works in a folder of its own: nothing of it stays."""
    npm = shutil.which("npm")
    if npm is None:
        raise NotFetchedError(
            "django-pgpmailman is built with OpenPGP.js, which npm fetches, and npm is not there. Install it (Debian: apt install npm) "
            "and build again; or build from the source distribution, which has it."
        )
    with tempfile.TemporaryDirectory() as name:
        for locked in _LOCKED:
            shutil.copy(root / locked, name)
        try:
            done = subprocess.run(  # noqa: S603 - a fixed command
                [npm, *_NPM],
                cwd=name,
                env={**os.environ, "npm_config_update_notifier": "false"},
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                errors="replace",
                timeout=_SECONDS,
                check=False,
            )
        except subprocess.TimeoutExpired:
            raise NotFetchedError(f"npm did not fetch OpenPGP.js within {_SECONDS} seconds. Build again.") from None
        if done.returncode:
            raise NotFetchedError(
                f"npm could not fetch OpenPGP.js. Make sure that it reaches its registry, and build again. It says: {done.stderr.strip()}"
            )
        package = Path(name, "node_modules/openpgp")
        return {here: _without_source_map((package / path).read_bytes()) for here, path in _OF_PACKAGE.items()}


def _without_source_map(content: bytes) -> bytes:
    lines = content.splitlines(keepends=True)
    return b"".join(lines[:-1] if lines[-1].startswith(_SOURCE_MAP) else lines)
