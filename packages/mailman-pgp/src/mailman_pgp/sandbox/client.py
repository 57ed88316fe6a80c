"""A sandbox from Python: for tests, the demonstration, and benchmarks."""

from __future__ import annotations

import contextlib
import json
import os
import re
import selectors
import signal
import smtplib
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from mailman_pgp.sandbox import processes
from mailman_pgp.sandbox.behaviour import Behaviour
from mailman_pgp.sandbox.configuration import Options
from mailman_pgp.sandbox.console import Console
from mailman_pgp.sandbox.mailbox import Kept, Mailbox
from mailman_pgp.sandbox.place import Place
from mailman_pgp.sandbox.polling import DEFAULT_SECONDS, until
from mailman_pgp.sandbox.rest import Rest
from mailman_pgp.sandbox.service import RECEIVER, START_SECONDS, Runners
from mailman_pgp.sandbox.supervisor import SandboxError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from types import TracebackType

_STOP_SECONDS = 40.0
# So much of the logs stands in the complaint that something did not happen.
_TOLD_CHARACTERS = 4000
# The queues in the order in which mail goes through them; `retry` twice, since mail goes to and fro before it.
_FLOW = ("in", "command", "bounces", "pipeline", "archive", "digest", "virgin", "retry", "out", "retry")
_LINE_END = re.compile(rb"\r\n|\r|\n")


class CommandError(Exception):
    """A command of Mailman failed; `result` has its status and what it printed."""

    def __init__(self, result: subprocess.CompletedProcess[str]) -> None:
        super().__init__(f"{' '.join(result.args)}: status {result.returncode}\n{result.stdout}{result.stderr}")
        self.result = result


class Sandbox:
    """A sandbox in a process of its own: ``with Sandbox(directory) as sandbox: …``.

    It ends with the block, and at the latest with the process that started it.  Started again in the same directory
    it goes on with the same data.
    """

    def __init__(
        self, directory: Path | str, options: Options | None = None, *, runners: Runners = Runners.FORKED
    ) -> None:
        self.place = Place(Path(directory).resolve())
        self.options = options or Options()
        self.runners = runners
        self.mailbox = Mailbox(self.place.mail)
        self.description: dict[str, Any] = {}
        """What the sandbox announced."""
        self._process: subprocess.Popen[bytes] | None = None
        self._console: Console | None = None

    # -- life

    def __enter__(self) -> Self:
        """Start it."""
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop it."""
        self.stop()

    def start(self) -> None:
        """Start it and wait until it is ready.  Raises SandboxError with what it said instead."""
        self.place.make()
        errors = self.place.root / "start.log"
        with errors.open("wb") as sink:
            self._process = subprocess.Popen(  # noqa: S603 - our own module
                [sys.executable, "-m", "mailman_pgp.sandbox", *self._arguments()],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=sink,
                env={name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"},
            )
        line = self._first_line(self._process)
        if not line:
            self.stop()
            raise SandboxError(errors.read_text(errors="replace").strip() or "The sandbox did not start.")
        self.description = json.loads(line)

    def _arguments(self) -> list[str]:
        options = self.options
        arguments = [f"--dir={self.place.root}", "--stop-with-input", f"--sleep-time={options.sleep_time}"]
        arguments += [] if options.plugin else ["--no-plugin"]
        arguments += ["--master"] if self.runners is Runners.MASTER else []
        arguments += [] if options.database_url is None else [f"--database-url={options.database_url}"]
        for option, values in (
            ("--no-runner", options.no_runners),
            ("--omit", options.omit),
            ("--set", options.settings),
        ):
            arguments += [f"{option}={value}" for value in values]
        return arguments

    @staticmethod
    def _first_line(process: subprocess.Popen[bytes]) -> bytes:
        assert process.stdout is not None
        with selectors.DefaultSelector() as selector:
            selector.register(process.stdout, selectors.EVENT_READ)
            if not selector.select(START_SECONDS * 1.5):
                process.kill()
        return process.stdout.readline()

    def stop(self) -> None:
        """Stop it, which ends all of its processes; nothing happens when it does not run."""
        if self._console is not None:
            self._console.close()
            self._console = None
        process, self._process = self._process, None
        if process is None:
            return
        assert process.stdin is not None
        assert process.stdout is not None
        with contextlib.suppress(BrokenPipeError):
            process.stdin.close()
        try:
            process.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        process.stdout.close()

    # -- mail

    def lmtp_send(self, sender: str, recipients: str | Sequence[str], message: bytes) -> None:
        """Hand a message (any line ends) to Mailman, as an MTA does: one transaction for each recipient.

        Raises smtplib.SMTPResponseException or smtplib.SMTPRecipientsRefused when Mailman does not want it.
        """
        lmtp = self.description["lmtp"]
        content = _LINE_END.sub(b"\r\n", message)
        with smtplib.LMTP(lmtp["host"], lmtp["port"]) as connection:
            for recipient in [recipients] if isinstance(recipients, str) else recipients:
                connection.sendmail(sender, [recipient], content)

    def mail_for(self, address: str, count: int = 1, timeout: float = DEFAULT_SECONDS) -> list[Kept]:
        """All mail that an address got, in the order of its coming, as soon as there are `count` or more.

        Raises TimeoutError.
        """
        until(
            lambda: self.mailbox.count(address) >= count,
            lambda: f"{count} messages for {address} in {self.place.mail}, {self._stuck()}",
            timeout,
        )
        return self.mailbox.messages(address)

    def receive(self, behaviour: Behaviour | None = None) -> None:
        """Have the SMTP receiver behave so from its next command on; None: take everything."""
        (behaviour or Behaviour()).write(self.place.receiver)

    # -- administration

    @property
    def rest(self) -> Rest:
        """The REST interface: ``sandbox.rest("lists")``."""
        return Rest(**self.description["rest"])

    def mailman(self, *arguments: str, stdin: str | None = None) -> subprocess.CompletedProcess[str]:
        """Run ``mailman`` with this configuration; the caller looks at the status."""
        program = [str(Path(sys.executable).parent / "mailman"), "-C", str(self.place.config)]
        program += ["--run-as-root"] if os.geteuid() == 0 else []
        return subprocess.run(  # noqa: S603 - the program is stock Mailman's, the arguments are the caller's
            [*program, *arguments],
            check=False,
            capture_output=True,
            text=True,
            input=stdin,
            env={name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"},
        )

    def mailman_quickly(self, *arguments: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
        """The same without the start-up time of a second: for tests that need many commands."""
        if self._console is None:
            self._console = Console(self.place)
        return self._console.run(arguments, stdin)

    def command(self, *arguments: str, stdin: str = "") -> str:
        """What ``mailman ARGUMENTS`` prints, run in the manner of `mailman_quickly`.

        Raises CommandError when its status is not 0.
        """
        result = self.mailman_quickly(*arguments, stdin=stdin)
        if result.returncode != 0:
            raise CommandError(result)
        return result.stdout

    # -- what happens inside

    def queue(self, name: str) -> list[Path]:
        """The files in a queue, waiting or being worked on."""
        try:
            return sorted(path for path in (self.place.queues / name).iterdir() if not path.name.endswith(".tmp"))
        except FileNotFoundError:
            return []

    def wait_until_idle(self, timeout: float = DEFAULT_SECONDS) -> None:
        """Wait until no queue holds anything (shunted and bad mail aside).  Raises TimeoutError."""
        # Twice: a directory that is read while a file in it gets another name may show it under neither.
        until(
            lambda: not any(self.queue(name) for _ in range(2) for name in _FLOW),
            lambda: f"all queues empty, {self._stuck()}",
            timeout,
        )

    def _stuck(self) -> str:
        """Where mail is, and the end of the logs, for who has waited for it in vain."""
        queues = {path.name: len(self.queue(path.name)) for path in sorted(self.place.queues.iterdir())}
        held = ", ".join(f"{name} {number}" for name, number in queues.items() if number) or "nothing"
        return f"with {held} in the queues, and this at the end of the logs:\n{self.logs()[-_TOLD_CHARACTERS:]}"

    def logs(self) -> str:
        """All that Mailman and the sandbox wrote to log files."""
        files = [*sorted(self.place.logs.glob("*")), self.place.log]
        return "".join(path.read_text(errors="replace") for path in files if path.is_file())

    # -- processes

    def pids(self) -> dict[str, int]:
        """The process ids by name: ``sandbox``, ``smtp`` (the receiver), and Mailman's runners."""
        content: dict[str, int] = json.loads(self.place.pids.read_bytes())
        return content

    def runner_pid(self, name: str) -> int:
        """The process id of a runner, now.  Raises KeyError when it does not run."""
        return self.pids()[name]

    def kill(self, name: str, sign: signal.Signals = signal.SIGKILL, *, timeout: float = DEFAULT_SECONDS) -> int:
        """Send a signal to a process by its name; return its id.

        After SIGKILL, this waits until the next one of that name runs.  Raises KeyError, and TimeoutError.
        """
        pid = self.runner_pid(name)
        os.kill(pid, sign)
        if sign is signal.SIGKILL:
            until(lambda: self.pids().get(name, pid) != pid, f"{name} started again", timeout)
        return pid

    @contextlib.contextmanager
    def paused(self, name: str) -> Iterator[None]:
        """Hold a runner still while the block runs, so that mail stays in the queue before it.

        It stands still outside of transactions: on SQLite all others would wait for it, and fail in the end.
        """
        pid = self.runner_pid(name)
        until(lambda: _stop(pid), f"{name} stopped outside of a transaction")
        try:
            yield
        finally:
            processes.send(pid, signal.SIGCONT)

    def cpu_seconds(self) -> float:
        """The CPU time that Mailman's processes have used, those below the runners included, the receiver not."""
        pids = self.pids()
        return sum(
            processes.cpu_seconds(pid)
            for name, runner in pids.items()
            if name not in ("sandbox", RECEIVER)
            for pid in {runner, *(child for child in processes.descendants(runner) if child not in pids.values())}
        )


def _stop(pid: int) -> bool:
    os.kill(pid, signal.SIGSTOP)
    until(lambda: processes.state(pid) == "T", f"process {pid} stopped")
    if not processes.holds_lock(pid):
        return True
    os.kill(pid, signal.SIGCONT)
    return False
