"""Running a sandbox from its start to its end: what the command does."""

from __future__ import annotations

import contextlib
import fcntl
import json
import logging
import os
import secrets
import signal
import sys
import time
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

from mailman_pgp.sandbox import forked, master, ports, processes, readiness, receiver
from mailman_pgp.sandbox.configuration import REST_USER, Doors, Options, write
from mailman_pgp.sandbox.supervisor import Child, SandboxError, Supervisor

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from mailman_pgp.sandbox.place import Place

log = logging.getLogger("mailman_pgp.sandbox")

RECEIVER = "smtp"
START_SECONDS = 180.0
_READY_POLL_SECONDS = 0.02


class Runners(Enum):
    """Who starts Mailman's runners."""

    FORKED = "forked"
    MASTER = "master"


@dataclass(frozen=True, slots=True)
class Service:
    """One run of a sandbox."""

    place: Place
    options: Options
    runners: Runners = Runners.FORKED
    stop_with_input: bool = False

    def run(self, announce: Callable[[str], None]) -> None:
        """Start everything, call `announce` with one line of JSON, go on until we are told to stop, end everything.

        Raises SandboxError, ConfigurationError and OSError.
        """
        self.place.make()
        with _lock(self.place):
            self._log_to_file()
            supervisor = Supervisor(self.place, stop_with_input=self.stop_with_input)
            supervisor.take_signals()
            try:
                doors = self._start(supervisor)
                if self._wait_until_ready(supervisor, doors):
                    announce(json.dumps(self._description(doors)))
                while not supervisor.stopping:
                    supervisor.wait()
            finally:
                supervisor.stop(last=[RECEIVER])
                self.place.master_pid.unlink(missing_ok=True)

    def _log_to_file(self) -> None:
        handler = logging.FileHandler(self.place.log)
        handler.setFormatter(logging.Formatter("%(asctime)s (%(process)d) %(message)s"))
        log.handlers[:] = [handler]
        log.setLevel(logging.INFO)
        log.propagate = False

    def _start(self, supervisor: Supervisor) -> Doors:
        self.place.receiver.unlink(missing_ok=True)
        listener = receiver.listen()
        with ports.reserve() as lmtp, ports.reserve() as rest:
            doors = Doors(
                lmtp=ports.port_of(lmtp),
                smtp=ports.port_of(listener),
                rest=ports.port_of(rest),
                rest_password=secrets.token_urlsafe(18),
            )
            write(self.place, self.options, doors)
            if self.options.plugin and not self.place.site_key.exists():
                from mailman_pgp.site.sitekey import SiteKey  # noqa: PLC0415 - not needed without the plugin

                SiteKey.create(self.place.site_key)

            def receive() -> int:
                self._redirect_output()
                lmtp.close()
                rest.close()
                receiver.receive(listener, self.place)
                return 0

            # While this process is small.
            supervisor.start(Child(RECEIVER, receive))
            if self.runners is Runners.FORKED:
                self._initialise()
                # As core's master does: what is done only while Mailman stands still sees that it runs.
                self.place.master_pid.write_text(str(os.getpid()), encoding="ascii")
        # From here on the two ports are free for Mailman.
        if self.runners is Runners.MASTER:
            self._start_master(supervisor)
        else:
            for spec in forked.specs():

                def run(spec: forked.RunnerSpec = spec) -> int:
                    self._redirect_output()
                    listener.close()
                    return forked.run(spec)

                supervisor.start(Child(spec.process_name, run))
        return doors

    def _initialise(self) -> None:
        try:
            forked.initialise(self.place)
        except SystemExit as leaving:
            raise SandboxError(f"Mailman did not start: {leaving.code}; look into {self.place.logs}.") from leaving
        except Exception as error:
            log.exception("Mailman did not start")
            raise SandboxError(f"Mailman did not start: {error}; {self.place.log} has the details.") from error
        processes.all_children_die_with_their_parent()

    def _start_master(self, supervisor: Supervisor) -> None:
        def run() -> int:
            self._redirect_output()
            return master.be(self.place)

        # It ends its runners when it is asked to; killed, it would leave them.
        child = Child(master.NAME, run, essential=True, death_signal=signal.SIGTERM)
        supervisor.start(child)
        pid = supervisor.pids[child.name]
        supervisor.more_pids = lambda: master.runner_pids(pid)

    def _redirect_output(self) -> None:
        """What our processes print goes to the log: standard output carries the announcement only."""
        sink = os.open(self.place.log, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        nothing = os.open(os.devnull, os.O_RDONLY)
        os.dup2(nothing, 0)
        os.dup2(sink, 1)
        os.dup2(sink, 2)
        os.close(sink)
        os.close(nothing)

    def _wait_until_ready(self, supervisor: Supervisor, doors: Doors) -> bool:
        """True when Mailman is ready, False when it was told to stop before.  Raises SandboxError after a time."""
        waiting: list[Callable[[], bool]] = [lambda: self._runners_ready(supervisor)]
        if "lmtp" not in self.options.no_runners:
            waiting.append(lambda: readiness.lmtp_ready(doors))
        if "rest" not in self.options.no_runners:
            waiting.append(lambda: readiness.rest_ready(doors))
        deadline = time.monotonic() + START_SECONDS
        while not supervisor.stopping:
            supervisor.wait(_READY_POLL_SECONDS)
            waiting = [ready for ready in waiting if not ready()]
            if not waiting:
                return True
            if time.monotonic() > deadline:
                raise SandboxError(
                    f"Mailman was not ready after {START_SECONDS:.0f} seconds; look into {self.place.log} and "
                    f"{self.place.logs}."
                )
        return False

    def _runners_ready(self, supervisor: Supervisor) -> bool:
        pids = {name: pid for name, pid in supervisor.pids.items() if name not in ("sandbox", RECEIVER, master.NAME)}
        return bool(pids) and readiness.runners_ready(self.place, pids.values())

    def _description(self, doors: Doors) -> dict[str, object]:
        place = self.place
        return {
            "lmtp": {"host": ports.LOOPBACK, "port": doors.lmtp},
            "smtp": {"host": ports.LOOPBACK, "port": doors.smtp},
            "rest": {
                "url": f"http://{ports.LOOPBACK}:{doors.rest}/3.1",
                "user": REST_USER,
                "password": doors.rest_password,
            },
            "config": str(place.config),
            "mail": str(place.mail),
            "pids": str(place.pids),
            "queues": str(place.queues),
            "logs": str(place.logs),
            "receiver": str(place.receiver),
        }


@contextlib.contextmanager
def _lock(place: Place) -> Iterator[None]:
    with place.lock.open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise SandboxError(f"A sandbox is running in {place.root}: stop it, or choose another --dir.") from None
        yield


def run(service: Service) -> None:
    """Run a sandbox and announce it on standard output.  See `Service.run`."""
    # Whoever set this for another program: bytecode that is not kept makes each start three times slower.
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    sys.dont_write_bytecode = False
    service.run(lambda line: print(line, flush=True))  # noqa: T201 - the announcement
