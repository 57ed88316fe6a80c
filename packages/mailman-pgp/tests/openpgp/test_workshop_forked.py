"""A child that this process forks has a stem of its own, and holds nothing of that of its parent: it could keep it alive."""

from __future__ import annotations

import contextlib
import socket
import sys
import threading
from typing import TYPE_CHECKING, Any

import pytest
from workshops import ANTS, BOUNDS, PROC, children, descriptors, in_a_child, read_key, running, scripted, wait_until

from mailman_pgp.openpgp import processes, workshop

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from mailman_pgp.openpgp.workshop import Workshop

pytestmark = pytest.mark.skipif(not PROC.joinpath("self/limits").exists(), reason="needs the /proc of Linux")


def test_it_starts_its_own(shop: Workshop) -> None:
    """Two processes with one stem would end each other's workers."""
    read_key(shop)
    first = running(shop)

    def tell() -> list[Any]:
        before, fingerprint, after = shop.pid, read_key(shop), shop.pid
        shop.close()
        return [before, fingerprint, after]

    before, fingerprint, after = in_a_child(tell)
    assert (before, fingerprint) == (None, ANTS.fingerprint)
    assert after not in (None, first)
    assert read_key(shop) == ANTS.fingerprint
    assert shop.pid == first


def asked_by_a_thread(shop: Workshop) -> Callable[[], dict[str, Any]]:
    """Ask for something beside this thread; the answer, when it is there."""
    found: list[dict[str, Any]] = []
    thread = threading.Thread(target=lambda: found.append(shop.request("x", {}, [], bounds=BOUNDS)[0]))
    thread.start()

    def answer() -> dict[str, Any]:
        thread.join()
        return found[0]

    return answer


def kept(before: set[str]) -> list[str]:
    """What a child that is forked now has open that was not open before, but for the pipe by which it tells that."""
    pipe = descriptors()
    return in_a_child(lambda: sorted(name for name in (descriptors() & pipe) - before))


def test_forked_while_a_stem_starts(tmp_path: Path) -> None:
    """In another thread: the child holds no end of its socket."""
    ready = tmp_path / "ready"
    shop = scripted('request(); write({"fine": True})')
    shop._command = [sys.executable, "-c", waiting_for(ready) + shop._command[2]]
    before, others = descriptors(), children_of_all_threads()
    answer = asked_by_a_thread(shop)
    wait_until(lambda: bool(children_of_all_threads() - others))
    wait_until(lambda: len(descriptors() - before) == 1)  # what starts a process has closed what it had open for that
    assert kept(before) == []
    ready.touch()
    assert answer() == {"fine": True}


def waiting_for(file: Path) -> str:
    """Python that goes on when a file is there."""
    return f"import os, time\nwhile not os.path.exists({str(file)!r}): time.sleep(0.01)\n"


def children_of_all_threads() -> set[int]:
    """The process IDs of the children of this process, whichever thread has started them."""
    found: set[int] = set()
    for task in PROC.joinpath("self/task").iterdir():
        with contextlib.suppress(OSError):  # a thread that has ended meanwhile
            found.update(map(int, task.joinpath("children").read_text().split()))
    return found


def test_forked_while_a_worker_works(tmp_path: Path) -> None:
    """In another thread: the child hears nothing of what the worker answers."""
    done = tmp_path / "done"
    shop = scripted(f'request()\n{waiting_for(done)}\nwrite({{"fine": True}})')
    before = descriptors()
    answer = asked_by_a_thread(shop)
    wait_until(lambda: shop.pid is not None and bool(children(shop.pid)))
    wait_until(lambda: len(descriptors() - before) == 3)
    assert kept(before) == []
    done.touch()
    assert answer() == {"fine": True}


def test_a_fork_waits_for_what_is_opened(shop: Workshop, monkeypatch: pytest.MonkeyPatch) -> None:
    """Between a socket that is there and the first who knows of it no child is forked; after that it lets go of it."""
    shop.close()
    before, forks = descriptors(), threading.Event()
    told: list[Any] = []

    def fork() -> None:
        told.append(kept(before))
        forks.set()

    forker = threading.Thread(target=fork)

    def waits() -> bool:
        frame = sys._current_frames().get(forker.ident or 0)
        while frame is not None and frame.f_code is not workshop._before_fork.__code__:
            frame = frame.f_back
        return frame is not None

    socketpair = socket.socketpair

    def opened() -> Any:
        pair = socketpair()
        monkeypatch.setattr(processes.socket, "socketpair", socketpair)
        forker.start()
        wait_until(lambda: forks.is_set() or waits())
        return pair

    monkeypatch.setattr(processes.socket, "socketpair", opened)
    assert read_key(shop) == ANTS.fingerprint
    forker.join()
    assert told == [[]]
