"""``mailman`` commands without their start-up time, for tests that need many.

A command of core spends more than a second on its start.  ``python -m mailman_pgp.sandbox.console DIR`` starts once and
forks for each command; it reads a line of JSON for each (`Console` writes them), and ends with its standard input.
"""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from mailman_pgp.sandbox import forked
from mailman_pgp.sandbox.place import Place
from mailman_pgp.sandbox.supervisor import Child, fork


class Console:
    """The client's side: runs commands in the Mailman at `place`, one after the other."""

    def __init__(self, place: Place) -> None:
        with (place.root / "console.log").open("wb") as errors:
            self._process = subprocess.Popen(  # noqa: S603 - our own module
                [sys.executable, "-m", "mailman_pgp.sandbox.console", str(place.root)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=errors,
                env={name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"},
                text=True,
            )

    def run(self, arguments: tuple[str, ...], stdin: str = "") -> subprocess.CompletedProcess[str]:
        """Run ``mailman ARGUMENTS``.  Raises RuntimeError when the console itself has ended."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        print(json.dumps([arguments, stdin]), file=self._process.stdin, flush=True)
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError("The console has ended; console.log beside the sandbox's log may say why.")
        status, output, errors = json.loads(line)
        return subprocess.CompletedProcess(["mailman", *arguments], status, output, errors)

    def close(self) -> None:
        """End it."""
        with self._process:
            pass


def _serve(place: Place) -> None:
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # what core prints while it starts is no answer
    forked.initialise(place)
    for line in sys.stdin.buffer:
        arguments, stdin = json.loads(line)
        print(json.dumps(_run(arguments, stdin)), file=answers, flush=True)


def _run(arguments: list[str], stdin: str) -> tuple[int, str, str]:
    # In memory: what a command prints may be a secret.
    given, output, errors = (os.memfd_create(name) for name in ("stdin", "stdout", "stderr"))
    os.pwrite(given, stdin.encode(), 0)

    def work() -> int:
        for number, file in enumerate((given, output, errors)):
            os.dup2(file, number)
        sys.stdin = io.TextIOWrapper(os.fdopen(0, "rb"))
        return _mailman(arguments)

    pid = fork(Child("mailman", work))
    _, status = os.waitpid(pid, 0)
    texts = [_content(file) for file in (output, errors)]
    os.close(given)
    return os.waitstatus_to_exitcode(status), texts[0], texts[1]


def _content(file: int) -> str:
    os.lseek(file, 0, os.SEEK_SET)
    with os.fdopen(file, "rb") as content:
        return content.read().decode("utf-8", "replace")


def _mailman(arguments: list[str]) -> int:
    import mailman.bin.mailman as program  # noqa: PLC0415 - core is imported in a sandbox's process only
    from mailman.config import config  # noqa: PLC0415

    def initialised(*_arguments: Any) -> None:
        """Core is initialised already."""

    config.db.engine.dispose(close=False)
    program.initialize = initialised
    program.main(["--run-as-root", *arguments], prog_name="mailman")
    return 0


if __name__ == "__main__":
    _serve(Place(Path(sys.argv[1])))
