"""Keeps the processes of a sandbox: starts them, starts them again as core's master does, ends them all."""

from __future__ import annotations

import contextlib
import logging
import os
import select
import signal
import socket
import sys
import time
import traceback
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from mailman_pgp.sandbox import processes
from mailman_pgp.sandbox.configuration import MAX_RESTARTS
from mailman_pgp.sandbox.place import Place, replace_json

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from types import FrameType

log = logging.getLogger("mailman_pgp.sandbox")

STOP_SECONDS = 10.0
# Our own children's ends wake us; those of `Supervisor.more_pids` don't.
IDLE_SECONDS = 5.0
POLL_SECONDS = 0.2
_STOP_SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
_STANDARD_INPUT = 0


class SandboxError(Exception):
    """The sandbox can't start or go on; the text says where to look."""


@dataclass(slots=True)
class Child:
    """A process by its name; `essential` ones are not started again, their end is the sandbox's end."""

    name: str
    work: Callable[[], int]
    essential: bool = False
    death_signal: signal.Signals = signal.SIGKILL
    restarts: int = 0


@dataclass(slots=True)
class Supervisor:
    """The parent of all processes; it is single-threaded, so it may fork.

    `more_pids` names processes that are not its own children, for the file of process ids.
    """

    place: Place
    stop_with_input: bool = False
    more_pids: Callable[[], dict[str, int]] | None = None
    stopping: bool = False
    _children: dict[int, Child] = field(default_factory=dict)
    _waker: socket.socket | None = None
    _written: dict[str, int] = field(default_factory=dict)

    def take_signals(self) -> None:
        """Handle signals from here on, and adopt the orphans of our children."""
        processes.adopt_orphans()
        self._waker, sender = socket.socketpair()
        for end in (self._waker, sender):
            end.setblocking(False)  # noqa: FBT003 - the standard library's interface
        signal.set_wakeup_fd(sender.detach(), warn_on_full_buffer=False)
        for sign in _STOP_SIGNALS:
            signal.signal(sign, self._on_stop_signal)
        signal.signal(signal.SIGCHLD, lambda _sign, _frame: None)

    def _on_stop_signal(self, _sign: int, _frame: FrameType | None) -> None:
        self.stopping = True

    @property
    def pids(self) -> dict[str, int]:
        """The process ids by name."""
        own = {child.name: pid for pid, child in self._children.items()}
        more = {} if self.more_pids is None else self.more_pids()
        return {"sandbox": os.getpid()} | own | more

    def start(self, child: Child) -> None:
        """Start a child."""
        self._children[fork(child)] = child

    def wait(self, seconds: float | None = None) -> None:
        """Wait for something to happen, at most so long; then look after the children and write their ids."""
        if seconds is None:
            seconds = IDLE_SECONDS if self.more_pids is None else POLL_SECONDS
        readers: list[socket.socket | int] = [self._waker] if self._waker else []
        if self.stop_with_input:
            readers.append(_STANDARD_INPUT)
        ready = select.select(readers, [], [], seconds)[0]
        if self._waker in ready and self._waker is not None:
            with contextlib.suppress(BlockingIOError):
                self._waker.recv(4096)
        if _STANDARD_INPUT in ready and not os.read(_STANDARD_INPUT, 4096):
            self.stopping = True
        self._reap()
        if (pids := self.pids) != self._written:
            replace_json(self.place.pids, dict(pids))
            self._written = pids

    def _reap(self) -> None:
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if pid == 0:
                break
            if child := self._children.pop(pid, None):
                self._ended(child, pid, status)
        for pid in processes.children(os.getpid()):
            if pid not in self._children:  # its parent ended before it
                processes.send(pid, signal.SIGKILL)

    def _ended(self, child: Child, pid: int, status: int) -> None:
        why = os.WTERMSIG(status) if os.WIFSIGNALED(status) else os.WEXITSTATUS(status)
        if self.stopping:
            return
        log.info("%s (%d) ended with %d", child.name, pid, why)
        if child.essential:
            self.stopping = True
            if why != 0:
                raise SandboxError(f"{child.name} ended with status {why}; {self.place.log} may say why.")
            return
        # The rules of core's master: an end by SIGTERM is wanted, one by SIGUSR1 is not counted.
        if why == signal.SIGTERM:
            return
        if why != signal.SIGUSR1:
            child.restarts += 1
        if child.restarts > MAX_RESTARTS:
            log.error("%s is not started again: it ended too often", child.name)
            return
        self.start(child)

    def stop(self, *, last: Iterable[str] = ()) -> None:
        """End all children, `last` after the others, and then whatever else descends from us."""
        self.stopping = True
        late = set(last)
        for names in ({child.name for child in self._children.values()} - late, late):
            chosen = {pid for pid, child in self._children.items() if child.name in names}
            for pid in (*chosen, *(pid for root in chosen for pid in processes.descendants(root))):
                processes.send(pid, signal.SIGCONT)  # a stopped process would never see the other signal
            for pid in chosen:
                processes.send(pid, signal.SIGTERM)
            deadline = time.monotonic() + STOP_SECONDS
            while not chosen.isdisjoint(self._children) and time.monotonic() < deadline:
                self.wait(POLL_SECONDS)
        processes.kill_descendants()
        self.place.pids.unlink(missing_ok=True)


def fork(child: Child) -> int:
    """Start `child.work` in a process of its own, in a session of its own; its return value is the exit status."""
    sys.stdout.flush()
    sys.stderr.flush()
    parent = os.getpid()
    # No signal may meet our handlers in the child.
    before = signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())
    pid = os.fork()
    if pid == 0:
        status = 1
        try:
            _become(child, parent)
            signal.pthread_sigmask(signal.SIG_SETMASK, before)
            status = child.work()
        except SystemExit as leaving:
            status = leaving.code if isinstance(leaving.code, int) else int(leaving.code is not None)
        except BaseException:  # noqa: BLE001 - nothing may return into the parent's code
            traceback.print_exc()
        finally:
            logging.shutdown()
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(status)
    signal.pthread_sigmask(signal.SIG_SETMASK, before)
    return pid


def _become(child: Child, parent: int) -> None:
    signal.set_wakeup_fd(-1)
    for sign in (*_STOP_SIGNALS, signal.SIGCHLD):
        signal.signal(sign, signal.SIG_DFL)
    processes.die_with_parent(parent, child.death_signal)
    os.setsid()  # Ctrl-C in a terminal is for the supervisor
    processes.set_name(f"sb:{child.name}")
