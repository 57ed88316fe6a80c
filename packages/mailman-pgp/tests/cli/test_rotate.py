"""`mailman-pgp rotate-site-key` begins only where Mailman stands still; what it does is in `tests/rotation` and `tests/e2e`."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner
from flufl.lock import Lock
from sqlalchemy.exc import OperationalError

from mailman_pgp.cli import keeping, main
from mailman_pgp.cli.left_behind import runners_of
from mailman_pgp.cli.standing_still import standing_still
from mailman_pgp.sandbox import until

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import OnDisk


@pytest.fixture
def locks(site: OnDisk) -> Path:
    """Where the lock of the master process is."""
    directory = site.root / "var" / "locks"
    directory.mkdir()
    return directory


def assert_refused(site: OnDisk, says: str) -> None:
    """It says why, and nothing was done."""
    before = site.key_file.read_bytes(), site.database.read_bytes()
    done = CliRunner().invoke(main, ["rotate-site-key", "--config", str(site.config)], catch_exceptions=False)
    assert done.exit_code == 1
    assert says in done.output
    assert (site.key_file.read_bytes(), site.database.read_bytes()) == before


def test_while_the_master_runs(site: OnDisk, locks: Path) -> None:
    """A process that holds the lock of the master is one that runs."""
    with Lock(str(locks / "master.lck"), timedelta(hours=1)):
        assert_refused(site, "Mailman is running. Stop it")


def test_after_a_process_that_was_killed(site: OnDisk, locks: Path) -> None:
    """The lock that it has left is taken over, at once, and nothing of it stays."""
    lock = locks / "master.lck"
    words = "import sys; from datetime import timedelta; from flufl.lock import Lock; Lock(sys.argv[1], timedelta(days=1)).lock(); print(1)"
    with subprocess.Popen(
        [sys.executable, "-c", f"{words}; input()", str(lock)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as killed:
        assert killed.stdout is not None
        killed.stdout.readline()
        killed.kill()
    core = keeping.core_configuration(site.config)
    assert lock.exists()
    with standing_still(core):
        assert len(list(locks.iterdir())) == 2  # the lock and our claim
    assert list(locks.iterdir()) == []


@pytest.mark.usefixtures("locks")
def test_two_at_once(site: OnDisk) -> None:
    """The second is told that the first is at it, and not that Mailman runs."""
    with standing_still(keeping.core_configuration(site.config)):
        assert_refused(site, "Another process replaces the site's key")


def test_while_a_process_has_its_number(site: OnDisk) -> None:
    """So is one that the file with the master's number names, also where it belongs to another user."""
    (site.root / "var" / "master.pid").write_text(str(os.getpid()))
    assert_refused(site, "Mailman is running. Stop it")


@pytest.mark.usefixtures("locks")
def test_while_runners_are_left_behind(site: OnDisk, tmp_path: Path) -> None:
    """Runners whose master was killed would go on with the key of before; those of another Mailman are none of our business."""
    other = tmp_path / "mailman.cfg"
    other.write_text("")
    command = [sys.executable, "-c", "input()", "--runner=out:0:1", "-C"]
    with (
        subprocess.Popen([*command, str(site.config)], stdin=subprocess.PIPE) as left,
        subprocess.Popen([*command, str(other)], stdin=subprocess.PIPE) as theirs,
    ):
        for config, process in (
            (other, theirs),
            (site.config, left),
        ):  # it has its arguments a moment after it has started
            until(lambda config=config, process=process: runners_of(config) == [process.pid], "it is seen to run")
        assert_refused(site, f"End them (`kill {left.pid}`)")
        for process in (left, theirs):
            process.communicate(b"\n")
    assert runners_of(site.config) == []


def test_while_a_master_elsewhere_holds_the_lock(site: OnDisk, locks: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of a Mailman on another host nobody can tell here whether it runs."""
    lock = Lock(str(locks / "master.lck"), timedelta(hours=1))
    with lock:
        monkeypatch.setattr(socket, "getfqdn", lambda: "elsewhere.example.com")
        assert_refused(site, "on another host")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a directory to another user")
def test_as_another_user(site: OnDisk) -> None:
    """Files that another user has written are none that Mailman can read."""
    os.chown(site.root / "var", 12345, 12345)
    assert_refused(site, "Run this as user 12345, the user that runs Mailman")


@pytest.mark.usefixtures("locks")
def test_while_the_database_is_busy(site: OnDisk, monkeypatch: pytest.MonkeyPatch) -> None:
    """A database that can't be written is said to be that, without what was to be written."""
    from mailman.config import config  # noqa: PLC0415 - core imports slowly
    from mailman.core import initialize  # noqa: PLC0415

    from mailman_pgp.rotation import procedure  # noqa: PLC0415
    from mailman_pgp.site import health  # noqa: PLC0415

    def busy(*_: object) -> None:
        raise OperationalError("UPDATE pgp_list_key", {"secret": "kestrel"}, Exception("database is locked"))

    class Database:
        @staticmethod
        def abort() -> None:
            """Do nothing."""

    monkeypatch.setattr(initialize, "initialize", lambda _: None)
    monkeypatch.setattr(health, "require", lambda: None)
    monkeypatch.setattr(procedure, "rotate", busy)
    monkeypatch.setattr(config, "db", Database)
    done = CliRunner().invoke(main, ["rotate-site-key", "--config", str(site.config)], catch_exceptions=False)
    assert done.exit_code == 1
    assert "(OperationalError). Wait until no other program uses it, and run this again" in " ".join(
        done.output.split()
    )
    assert "kestrel" not in done.output


def test_without_lines(site: OnDisk) -> None:
    """Without the line that names the settings nobody knows the key."""
    site.replace("configuration:", "# configuration:")
    assert_refused(site, "names no settings file")
