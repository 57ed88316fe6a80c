"""The memory of what knows keys and opened posts is neither dumped nor read by others."""

from __future__ import annotations

import ctypes
import os
import resource
from importlib.metadata import entry_points
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from mailman_pgp import cli
from mailman_pgp.site import health, memory

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_PR_GET_DUMPABLE, _PR_SET_DUMPABLE = 3, 4
_NOBODY = 65534
YAMA = Path("/proc/sys/kernel/yama/ptrace_scope")
_libc = ctypes.CDLL(None)


def private() -> bool:
    """Whether this process can be neither dumped nor read."""
    dumpable = _libc.prctl(_PR_GET_DUMPABLE, *(ctypes.c_ulong(0) for _ in range(4)))
    return dumpable == 0 and resource.getrlimit(resource.RLIMIT_CORE) == (0, 0)


def can_be_read() -> None:
    """Undo it for this process."""
    _libc.prctl(_PR_SET_DUMPABLE, *(ctypes.c_ulong(value) for value in (1, 0, 0, 0)))


def in_a_fork(check: Callable[[], bool]) -> bool:
    """What a fork of this process finds, which can be dumped and read at first; what it gives up, it gives up alone."""
    pid = os.fork()
    if pid == 0:
        found = False
        try:
            can_be_read()
            found = check()
        finally:
            os._exit(0 if found else 1)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0


def refused() -> None:
    raise PermissionError(1, "Operation not permitted")


@pytest.fixture
def _state_of_health() -> Iterator[None]:
    yield
    health.forget()


def test_private_from_now_on() -> None:
    """A process that asked for it, and what it forks; not one that did not ask."""

    def check() -> bool:
        memory.keep_private()
        child = os.fork()
        if child == 0:
            os._exit(0 if private() else 1)
        return private() and os.waitpid(child, 0)[1] == 0

    assert in_a_fork(check)
    assert not in_a_fork(private)


def read_by_another(begin: Callable[[], object]) -> bool:
    """Whether this process may read the memory of one that it forks, after that has done something."""
    ready, done = os.pipe(), os.pipe()
    child = os.fork()
    if child == 0:
        begin()
        os.write(ready[1], b"x")
        os.read(done[0], 1)
        os._exit(0)
    os.read(ready[0], 1)
    try:
        os.close(os.open(f"/proc/{child}/mem", os.O_RDONLY))
    except PermissionError:
        return False
    finally:
        os.write(done[1], b"x")
        os.waitpid(child, 0)
    return True


@pytest.mark.skipif(
    YAMA.exists() and int(YAMA.read_text()) > 1, reason="here nobody reads the memory of another process in any case"
)
def test_no_other_process_reads_it() -> None:
    """Of the same user neither, who reads what has not asked for it."""

    def check() -> bool:
        if os.geteuid() == 0:  # whom nothing is closed to
            os.setgroups([])
            os.setgid(_NOBODY)
            os.setuid(_NOBODY)
            can_be_read()
        return read_by_another(lambda: None) and not read_by_another(memory.keep_private)

    assert in_a_fork(check)


def test_processes_of_mailman(core: Any) -> None:  # noqa: ARG001 - core must be initialised
    """The plugin asks for it before it has the site's key, whether it finds all that it needs or not."""
    from mailman_pgp.plugin import PGPPlugin  # noqa: PLC0415 - core must be initialised

    def check() -> bool:
        PGPPlugin().pre_hook()
        return private()

    assert in_a_fork(check)


def test_program(monkeypatch: pytest.MonkeyPatch) -> None:
    """`mailman-pgp`, of which commands read the site's key, asks for it too."""
    (entry,) = entry_points(group="console_scripts", name="mailman-pgp")

    def check() -> bool:
        monkeypatch.setattr(cli, "main", lambda: os._exit(0 if private() else 1))
        entry.load()()
        return False

    assert in_a_fork(check)


def test_program_on_a_system_that_does_not_allow_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """It does nothing there, and says what to do."""
    monkeypatch.setattr(memory, "keep_private", refused)
    with pytest.raises(SystemExit, match=r"can't be kept from core dumps .* prctl"):
        cli.program()


@pytest.mark.usefixtures("_state_of_health")
def test_system_that_does_not_allow_it(core: Any, monkeypatch: pytest.MonkeyPatch) -> None:  # noqa: ARG001 - core must be initialised
    """A process that could be read is given no key: it lets mail of encrypted lists wait, and says why."""
    from mailman_pgp.plugin import PGPPlugin  # noqa: PLC0415 - core must be initialised

    monkeypatch.setattr(memory, "keep_private", refused)
    PGPPlugin().pre_hook()
    found = [problem for problem in health.current().problems if "memory" in problem.sentence]
    assert [problem.sentence for problem in found] == [
        "The memory of this process can't be kept from core dumps and from other processes (Operation not permitted)."
    ]
    assert "prctl" in found[0].mend
