"""What stock Postorius does it does with us, too: its own tests say so."""

from __future__ import annotations

import contextlib
import fcntl
import os
import re
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

_HERE = Path(__file__).parent


@pytest.mark.deep
@pytest.mark.timeout(2400)
def test_same_as_postorius(tmp_path: Path) -> None:
    """All of Postorius' own tests pass with us beside it."""
    paths = [_HERE, _HERE.parents[1] / "mailman-rest-events/tests"]
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-p",
        "postorius_suite",
        "-p",
        "no:xdist",
        "-p",
        "no:cacheprovider",
    ]
    command += ["--rootdir", str(tmp_path), "-c", os.devnull, "--pyargs", "postorius.tests"]
    output = tmp_path / "output"
    # As for core's tests: their Mailman listens at ports that are written in them, and may be left over.
    lock_file = Path(tempfile.gettempdir()) / "core_suite.lock"
    with lock_file.open("w") as lock, output.open("w") as said:
        fcntl.flock(lock, fcntl.LOCK_EX)
        process = subprocess.Popen(
            command,
            cwd=tmp_path,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(map(str, paths))},
            stdout=said,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            process.wait()
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
    last = output.read_text("utf-8")[-3000:]
    assert process.returncode == 0, last
    passed = re.search(r"(\d+) passed", last)
    assert passed is not None
    assert int(passed[1]) >= 350, last
