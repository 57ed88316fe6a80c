"""What a build puts into the package: OpenPGP.js as it is locked, or nothing is built."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import tarfile
import tomllib
import zipfile
from pathlib import Path
from typing import Any

import pytest
from peers import peer

PACKAGE = Path(__file__).parents[1]
FOLDER = "static/django_pgpmailman/openpgp"
SOURCE = f"src/django_pgpmailman/{FOLDER}"
HASHES = tomllib.loads((PACKAGE / "pyproject.toml").read_text())["tool"]["hatch"]["build"]["hooks"]["custom"]["sha256"]


def build(source: Path, *targets: str, path: str) -> subprocess.CompletedProcess[str]:
    """Build what is in a folder, with the programs on `path`."""
    command = [sys.executable, "-m", "hatchling", "build", *(part for target in targets for part in ("-t", target))]
    return subprocess.run(
        command, cwd=source, env={**os.environ, "PATH": path}, capture_output=True, text=True, check=False
    )


def install(source: Path, *, path: str) -> subprocess.CompletedProcess[str]:
    """Build an editable installation of what is in a folder."""
    code = "from hatchling.build import build_editable; build_editable('.')"
    return subprocess.run(
        [sys.executable, "-c", code],
        cwd=source,
        env={**os.environ, "PATH": path},
        capture_output=True,
        text=True,
        check=False,
    )


def hashes(contents: dict[str, bytes]) -> dict[str, str]:
    return {name: hashlib.sha256(content).hexdigest() for name, content in contents.items()}


def in_wheel(folder: Path) -> dict[str, bytes]:
    """What a wheel has of OpenPGP.js."""
    (file,) = folder.glob("*.whl")
    with zipfile.ZipFile(file) as wheel:
        return {Path(name).name: wheel.read(name) for name in wheel.namelist() if FOLDER in name}


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """The source as it is committed: without what npm brings."""
    copied = tmp_path / "source"
    shutil.copytree(PACKAGE, copied, ignore=shutil.ignore_patterns("openpgp", "__pycache__", "node_modules", "tests"))
    assert not (copied / SOURCE).exists()
    return copied


@pytest.fixture
def without_npm(tmp_path: Path) -> str:
    """A PATH on which there is no npm."""
    (tmp_path / "bin").mkdir()
    return str(tmp_path / "bin")


def npm_that(tmp_path: Path, script: str) -> str:
    """A PATH with an npm that does something else."""
    npm = tmp_path / "bin/npm"
    npm.write_text(f"#!/bin/sh\n{script}\n")
    npm.chmod(0o755)
    return f"{tmp_path / 'bin'}:{os.environ['PATH']}"


@pytest.mark.deep
@pytest.mark.peer
def test_npm_brings_it(source: Path, without_npm: str, tmp_path: Path) -> None:
    """A wheel has the script and its licence, by their hashes; so has a source distribution, of which a wheel is built without npm."""
    peer("npm")
    (source / SOURCE).mkdir(parents=True)
    (source / SOURCE / "tmp12345").write_text("what was left by a build that was killed, or by somebody else")
    done = build(source, "sdist", "wheel", path=os.environ["PATH"])
    assert done.returncode == 0, done.stderr
    assert hashes(in_wheel(source / "dist")) == HASHES
    assert not list(source.rglob("node_modules"))
    (file,) = (source / "dist").glob("*.tar.gz")
    with tarfile.open(file) as archive:
        assert not [name for name in archive.getnames() if "tmp12345" in name]
        archive.extractall(tmp_path / "unpacked", filter="data")
    (unpacked,) = (tmp_path / "unpacked").iterdir()
    done = build(unpacked, "wheel", path=without_npm)
    assert done.returncode == 0, done.stderr
    found = in_wheel(unpacked / "dist")
    assert hashes(found) == HASHES
    assert b"GNU LESSER GENERAL PUBLIC LICENSE" in found["LICENSE"]
    assert b"OpenPGP.js v6.3" in found["openpgp.js"][:100]
    assert b"sourceMappingURL" not in found["openpgp.js"]


def test_without_npm(source: Path, without_npm: str) -> None:
    """Nothing is built where npm is not there, and a sentence says what to do; an editable installation goes on without."""
    done = build(source, "wheel", path=without_npm)
    assert done.returncode != 0
    assert "apt install npm" in done.stderr
    assert not list(source.rglob("*.whl"))
    done = install(source, path=without_npm)
    assert done.returncode == 0, done.stderr
    assert not (source / SOURCE / "openpgp.js").exists()


def test_npm_that_fails(source: Path, without_npm: str, tmp_path: Path) -> None:
    """Where npm does not reach its registry, that is said, with what it says itself."""
    assert without_npm
    done = build(source, "wheel", path=npm_that(tmp_path, "echo no network >&2; exit 1"))
    assert done.returncode != 0
    assert "reaches its registry" in done.stderr
    assert "no network" in done.stderr


def test_other_content(source: Path, without_npm: str, tmp_path: Path) -> None:
    """Another script than the expected one gets into nothing, be it from npm or out of a folder."""
    assert without_npm
    other = (
        "mkdir -p node_modules/openpgp/dist; cd node_modules/openpgp; echo evil > dist/openpgp.min.js; echo a > LICENSE"
    )
    path = npm_that(tmp_path, other)
    for done in (build(source, "wheel", path=path), install(source, path=path)):
        assert done.returncode != 0
        assert "is not the one that is expected" in done.stderr
    assert not (source / SOURCE).exists()
    (source / SOURCE).mkdir(parents=True)
    for name in HASHES:
        (source / SOURCE / name).write_text("evil")
    (tmp_path / "bin/npm").unlink()
    assert build(source, "wheel", path=without_npm).returncode != 0
    assert install(source, path=without_npm).returncode == 0
    assert not (source / SOURCE / "openpgp.js").exists()


def test_lock() -> None:
    """The lock has a hash for each package, the version that package.json names, and no address."""
    text = (PACKAGE / "package-lock.json").read_text()
    packages: dict[str, Any] = json.loads(text)["packages"]
    wanted = json.loads((PACKAGE / "package.json").read_text())["dependencies"]
    assert wanted == packages.pop("")["dependencies"]
    assert {name.removeprefix("node_modules/"): one["version"] for name, one in packages.items()} == wanted
    assert all(one["integrity"].startswith("sha512-") for one in packages.values())
    assert not re.search(r"https?:|resolved", text)
