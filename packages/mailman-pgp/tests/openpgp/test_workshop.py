"""The worker processes: one for each request, confined, never outliving their parent."""

from __future__ import annotations

import contextlib
import os
import select
import signal
import socket
import subprocess
import sys
import textwrap
import threading
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from keys import forge_usable
from messages import literal, message
from workshops import ANTS, BOUNDS, PROC, children, gone, read_key, running, scripted, stem_of, wait_until, workers

from mailman_pgp.openpgp import worker
from mailman_pgp.openpgp.stem import FORK, READY

if TYPE_CHECKING:
    from mailman_pgp.openpgp.workshop import Workshop

pytestmark = pytest.mark.skipif(not PROC.joinpath("self/limits").exists(), reason="needs the /proc of Linux")


def test_the_stem_starts_when_it_is_needed_and_stays(shop: Workshop) -> None:
    """One process forks the workers of all requests, and each of these ends with its request."""
    assert shop.pid is None
    assert read_key(shop) == ANTS.fingerprint
    first = running(shop)
    assert workers(shop) == []
    assert read_key(shop) == ANTS.fingerprint
    assert shop.pid == first
    assert workers(shop) == []


def test_each_request_has_a_worker_of_its_own() -> None:
    """What takes a worker over by one message never sees another one, nor another list's keys."""
    shop = scripted("""
        header, blobs = request()
        write({"pid": os.getpid(), "seen": globals().setdefault("seen", [])})
        seen.append(1)
    """)
    answers = [shop.request("x", {}, [b"secret"], bounds=BOUNDS)[0] for _ in range(3)]
    assert len({answer["pid"] for answer in answers}) == 3
    assert [answer["seen"] for answer in answers] == [[], [], []]
    assert running(shop) not in {answer["pid"] for answer in answers}


def test_nothing_of_a_request_stays_in_the_stem(shop: Workshop) -> None:
    """Neither the message nor the keys pass through the process from which later workers come."""
    marker = b"the canary flies at noon"
    header = {"secrets": 1, "pkesks": 10, "wildcards": 1, "content_bytes": 1 << 20}
    _, (content,) = shop.request("open", header, [message(ANTS, literal(marker)), ANTS.secret], bounds=BOUNDS)
    assert content == marker
    assert not memory_holds(running(shop), marker)
    assert not memory_holds(running(shop), ANTS.secret[-64:])
    assert memory_holds(os.getpid(), marker)  # the search finds what is there


def memory_holds(pid: int, wanted: bytes) -> bool:
    """Whether a process has these octets in memory that it can write to."""
    with PROC.joinpath(str(pid), "mem").open("rb", buffering=0) as memory:
        for line in PROC.joinpath(str(pid), "maps").read_text().splitlines():
            span, mode, *_ = line.split()
            if not mode.startswith("rw") or "[vvar" in line:
                continue
            start, end = (int(number, 16) for number in span.split("-"))
            memory.seek(start)
            with contextlib.suppress(OSError):
                if wanted in memory.read(end - start):
                    return True
    return False


def test_a_worker_is_confined(monkeypatch: pytest.MonkeyPatch) -> None:
    """No environment, no files, no children, no core dump, no reader of its memory; memory and CPU time as the request is worth."""
    monkeypatch.setenv("MAILMAN_SECRET", "xyzzy")
    monkeypatch.setenv("RUST_BACKTRACE", "full")
    shop = scripted("""
        import ctypes, resource
        descriptors = os.listdir("/proc/self/fd")
        environment = {name for name in os.environ if name != "LC_CTYPE"}
        def report(header, blobs):
            names = ("CORE", "FSIZE", "NPROC", "NOFILE", "AS", "CPU")
            limits = {name: resource.getrlimit(getattr(resource, "RLIMIT_" + name)) for name in names}
            dumpable = ctypes.CDLL(None).prctl(3, 0, 0, 0, 0)  # PR_GET_DUMPABLE
            return {"limits": limits, "dumpable": dumpable, "environment": sorted(environment), "descriptors": sorted(descriptors)}, []
        worker._OPERATIONS["report"] = report
        worker.work()
    """)
    told, _ = shop.request("report", {}, [], bounds=BOUNDS)
    limits = told["limits"]
    for name in ("CORE", "FSIZE", "NPROC", "NOFILE"):
        assert limits[name] == [0, 0]
    assert told["dumpable"] == 0
    assert BOUNDS.memory_bytes < limits["AS"][0] < BOUNDS.memory_bytes + (256 << 20)
    assert 0 < limits["CPU"][0] < 60
    assert told["environment"] == []
    # The fourth is the directory that is being listed.
    assert told["descriptors"] == ["0", "1", "2", "3"]


def test_a_passphrase_may_take_threads() -> None:
    """Argon2 works in several, which to the kernel are processes; who may have none can't open a key.  Nobody else has them."""
    shop = scripted("""
        import resource
        def report(header, blobs):
            return {"processes": resource.getrlimit(resource.RLIMIT_NPROC)}, []
        worker._OPERATIONS.update(dict.fromkeys(worker._OPERATIONS, report))
        worker.work()
    """)
    without = {
        operation
        for operation in worker._OPERATIONS
        if shop.request(operation, {}, [], bounds=BOUNDS)[0]["processes"] == [0, 0]
    }
    assert set(worker._OPERATIONS) - without == {"unlock"}


def test_the_stem_loads_neither_core_nor_a_database() -> None:
    """It starts fast, and what it does not have no worker can give away."""
    script = "import mailman_pgp.openpgp.worker, sys; print([n for n in sys.modules])"
    modules = subprocess.run([sys.executable, "-I", "-c", script], capture_output=True, check=True).stdout.decode()
    assert "'pysequoia'" in modules
    for absent in ("mailman", "sqlalchemy", "zope", "lazr", "falcon", "asyncio"):
        assert f"'{absent}'" not in modules


def test_stem_and_worker_end_with_their_parent() -> None:
    """Also when the parent is killed and can say nothing, and a forked child of the parent lives on."""
    script = textwrap.dedent(f"""
        import os, signal, sys, threading, time
        sys.path.insert(0, {str(Path(__file__).parent)!r})
        import workshops
        from mailman_pgp.openpgp.workshop import Bounds
        shop = workshops.scripted("time.sleep(600)")
        bounds = Bounds(seconds=600, memory_bytes=64 << 20, answer_bytes=1 << 20)
        threading.Thread(target=shop.request, args=("x", {{}}, []), kwargs={{"bounds": bounds}}, daemon=True).start()
        workshops.wait_until(lambda: shop.pid and workshops.workers(shop))
        child = os.fork()
        if child == 0:
            os.close(1)
            time.sleep(60)
        print(shop.pid, *workshops.workers(shop), child, flush=True)
        signal.pause()
    """)
    with subprocess.Popen([sys.executable, "-W", "ignore", "-c", script], stdout=subprocess.PIPE) as parent:
        assert parent.stdout is not None
        stem, worker, child = map(int, parent.stdout.readline().split())
        assert not gone(stem)
        assert not gone(worker)
        parent.kill()
    try:
        wait_until(lambda: gone(stem) and gone(worker))
        assert not gone(child)
    finally:
        os.kill(child, signal.SIGKILL)


def test_a_worker_ends_with_a_parent_that_never_heard_of_it() -> None:
    """One that is killed before it has read that the worker is there: its end of the socket closes with words unread."""
    orders, theirs = socket.socketpair()
    conversation, theirs_of_worker = socket.socketpair()
    with conversation, theirs_of_worker:
        with orders:
            with theirs:
                stem = subprocess.Popen(stem_of("time.sleep(600)"), stdin=theirs.fileno(), stderr=subprocess.DEVNULL)
            assert orders.recv(1) == READY
            socket.send_fds(orders, [FORK], [theirs_of_worker.fileno()] * 2)
            wait_until(lambda: children(stem.pid))
            (worker,) = children(stem.pid)
            wait_until(lambda: select.select([orders], [], [], 0)[0])
        try:
            wait_until(lambda: gone(worker))
        finally:
            stem.wait()
            with contextlib.suppress(ProcessLookupError):
                os.kill(worker, signal.SIGKILL)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_stopping_a_service_does_not_end_them_first(number: int) -> None:
    """Else the message at hand would be refused because the machine is shut down."""
    shop = scripted(f"""
        request()
        os.kill(os.getpid(), {int(number)})
        os.kill(os.getppid(), {int(number)})
        write({{"stem": os.getppid()}})
    """)
    answers = [shop.request("x", {}, [], bounds=BOUNDS)[0] for _ in range(2)]
    assert answers == [{"stem": shop.pid}] * 2


def test_threads_take_turns(shop: Workshop) -> None:
    """Each gets the answer to its own question."""
    keys = [forge_usable(f"{number} <{number}@example.com>") for number in range(8)]
    found: dict[int, str] = {}

    def ask(number: int) -> None:
        answer, _ = shop.request("certificates", {}, [keys[number].public], bounds=BOUNDS)
        found[number] = answer["certificates"][0]["fingerprint"]

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == {number: key.fingerprint for number, key in enumerate(keys)}


def test_descriptors_are_closed(shop: Workshop) -> None:
    """A thousand requests must not leave a thousand pipes behind."""
    shop.close()
    before = len(list(PROC.joinpath("self/fd").iterdir()))
    for _ in range(3):
        read_key(shop)
        read_key(shop)
        shop.close()
    assert len(list(PROC.joinpath("self/fd").iterdir())) == before
