"""The memory of processes that know opened posts and keys is never written to a disk by a crash."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from unopened import a_bomb

from mailman_pgp.sandbox import Runners, processes, until

if TYPE_CHECKING:
    from conftest import StartSandbox
    from refusals import Guarded


def largest_dump(pid: int) -> tuple[str, str]:
    """How large a core dump of a process may be, and how large it could have it be at most (proc(5), /proc/PID/limits)."""
    (line,) = [line for line in Path(f"/proc/{pid}/limits").read_text().splitlines() if "core file size" in line]
    _max, _core, _file, _size, soft, hard, _unit = line.split()
    return soft, hard


def test_no_process_of_mailman_is_dumped(guarded: Guarded) -> None:
    """No runner, no process of REST, and none that opens a message, while it does."""
    sandbox, anne = guarded.list.sandbox, guarded.anne
    runners = {name: pid for name, pid in sandbox.pids().items() if name not in ("sandbox", "smtp")}
    assert {"in", "pipeline", "out", "virgin", "command", "rest"} <= set(runners)
    below = [pid for runner in runners.values() for pid in processes.descendants(runner)]
    assert {largest_dump(pid) for pid in {*runners.values(), *below}} == {("0", "0")}
    seen: dict[int, tuple[str, str]] = {}
    before = sandbox.mailbox.count(anne.address)

    def answered() -> bool:
        for stem in processes.children(runners["in"]):
            for worker in processes.children(stem):
                with contextlib.suppress(OSError):  # it has ended
                    seen[worker] = largest_dump(worker)
        return sandbox.mailbox.count(anne.address) > before

    anne.send(anne.envelope(a_bomb(guarded, anne)))
    until(answered, "an answer")
    assert set(seen.values()) == {("0", "0")}


@pytest.mark.deep
def test_no_process_below_the_stock_master_is_dumped(start_sandbox: StartSandbox) -> None:
    """Each of them has asked for it itself."""
    sandbox = start_sandbox(runners=Runners.MASTER)
    runners = {name: pid for name, pid in sandbox.pids().items() if name not in ("sandbox", "smtp")}
    assert len(runners) > 8
    below = [pid for runner in runners.values() for pid in processes.descendants(runner)]
    assert {largest_dump(pid) for pid in {*runners.values(), *below}} == {("0", "0")}
