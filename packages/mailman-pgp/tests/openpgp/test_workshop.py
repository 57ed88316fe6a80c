"""The worker process: confined, replaced when it dies, never outliving its parent."""

from __future__ import annotations

import contextlib
import json
import os
import resource
import signal
import subprocess
import sys
import textwrap
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from keys import forge_usable
from messages import literal, message

from mailman_pgp import openpgp
from mailman_pgp.openpgp import frames, workshop
from mailman_pgp.openpgp.workshop import Bounds, Workshop

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

ANTS = forge_usable("Ants <ants@example.com>")
BOUNDS = Bounds(seconds=30, memory_bytes=64 << 20, answer_bytes=1 << 20)
PROC = Path("/proc")

pytestmark = pytest.mark.skipif(not PROC.joinpath("self/limits").exists(), reason="needs the /proc of Linux")


@pytest.fixture
def shop() -> Iterator[Workshop]:
    """A workshop of our own."""
    made = Workshop()
    yield made
    made.close()


def read_key(shop: Workshop) -> str:
    """Have a certificate read; return its fingerprint."""
    answer, _ = shop.request("certificates", {}, [ANTS.public], bounds=BOUNDS)
    fingerprint: str = answer["certificates"][0]["fingerprint"]
    return fingerprint


def wait_until(condition: Callable[[], bool]) -> None:
    """Poll until something is so."""
    deadline = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def gone(pid: int) -> bool:
    """Whether a process has ended (a zombie has)."""
    try:
        return PROC.joinpath(str(pid), "stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except OSError:
        return True


def running(shop: Workshop) -> int:
    """The process ID of the worker, which there must be."""
    assert shop.pid is not None
    return shop.pid


def scripted(body: str) -> Workshop:
    """A workshop whose worker is a script; it has `ready`, `read` and `write`."""
    script = """
        import json, os, sys, time
        def read(count):
            data = b""
            while len(data) < count:
                piece = os.read(0, count - len(data))
                if not piece:
                    sys.exit()
                data += piece
            return data
        def request():
            header = json.loads(read(int.from_bytes(read(4), "big")))
            for length in header["blobs"]:
                read(length)
        def write(header, *blobs):
            text = json.dumps({**header, "blobs": [len(blob) for blob in blobs]}).encode()
            os.write(1, len(text).to_bytes(4, "big") + text + b"".join(blobs))
        write({"ready": True})
    """
    return Workshop([sys.executable, "-c", textwrap.dedent(script) + textwrap.dedent(body)])


# What the worker is


def test_the_worker_starts_when_it_is_needed_and_stays(shop: Workshop) -> None:
    """One process serves all requests."""
    assert shop.pid is None
    assert read_key(shop) == ANTS.fingerprint
    first = running(shop)
    assert read_key(shop) == ANTS.fingerprint
    assert shop.pid == first


def test_the_worker_is_confined(shop: Workshop, monkeypatch: pytest.MonkeyPatch) -> None:
    """No environment, no files, no children, no core dump; memory and CPU time as the request is worth."""
    monkeypatch.setenv("MAILMAN_SECRET", "xyzzy")
    monkeypatch.setenv("RUST_BACKTRACE", "full")
    read_key(shop)
    here = PROC / str(running(shop))
    assert here.joinpath("environ").read_bytes().replace(b"\0", b"") in (b"", b"LC_CTYPE=C.UTF-8")
    for limit in (resource.RLIMIT_CORE, resource.RLIMIT_FSIZE, resource.RLIMIT_NPROC, resource.RLIMIT_NOFILE):
        assert resource.prlimit(running(shop), limit) == (0, 0)
    memory, _ = resource.prlimit(running(shop), resource.RLIMIT_AS)
    assert BOUNDS.memory_bytes < memory < BOUNDS.memory_bytes + (256 << 20)
    cpu, _ = resource.prlimit(running(shop), resource.RLIMIT_CPU)
    assert 0 < cpu < 60
    assert {int(one.name) for one in here.joinpath("fd").iterdir()} == {0, 1, 2}


def test_the_worker_loads_neither_core_nor_a_database() -> None:
    """It starts fast, and what it does not have it cannot give away."""
    script = "import mailman_pgp.openpgp.worker, sys; print([n for n in sys.modules])"
    modules = subprocess.run([sys.executable, "-I", "-c", script], capture_output=True, check=True).stdout.decode()
    assert "'pysequoia'" in modules
    for absent in ("mailman", "sqlalchemy", "zope", "lazr", "falcon", "asyncio", "socket"):
        assert f"'{absent}'" not in modules


def test_the_worker_ends_with_its_parent() -> None:
    """Also when the parent is killed and can say nothing, and a forked child of the parent lives on."""
    script = textwrap.dedent(f"""
        import os, signal, sys, time
        from mailman_pgp.openpgp import workshop
        from mailman_pgp.openpgp.workshop import Bounds
        bounds = Bounds(seconds=30, memory_bytes=64 << 20, answer_bytes=1 << 20)
        workshop.request("certificates", {{}}, [{ANTS.public!r}], bounds=bounds)
        child = os.fork()
        if child == 0:
            os.close(1)
            time.sleep(60)
        print(workshop._default.pid, child, flush=True)
        signal.pause()
    """)
    with subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE) as parent:
        assert parent.stdout is not None
        worker, child = map(int, parent.stdout.readline().split())
        assert not gone(worker)
        parent.kill()
    try:
        wait_until(lambda: gone(worker))
        assert not gone(child)
    finally:
        os.kill(child, signal.SIGKILL)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_stopping_a_service_does_not_end_the_worker_first(shop: Workshop, number: int) -> None:
    """Else the message at hand would be refused because the machine is shut down."""
    read_key(shop)
    first = running(shop)
    os.kill(first, number)
    assert read_key(shop) == ANTS.fingerprint
    assert shop.pid == first


def test_a_forked_child_starts_its_own(shop: Workshop) -> None:
    """Two processes on one pipe would read each other's mail."""
    read_key(shop)
    first = running(shop)
    read_end, write_end = os.pipe()
    child = os.fork()
    if child == 0:
        with contextlib.suppress(BaseException):
            result = {"before": shop.pid, "fingerprint": read_key(shop), "after": shop.pid}
            shop.close()
            os.write(write_end, json.dumps(result).encode())
        os._exit(0)
    os.close(write_end)
    with os.fdopen(read_end) as pipe:
        told = json.load(pipe)
    os.waitpid(child, 0)
    assert (told["before"], told["fingerprint"]) == (None, ANTS.fingerprint)
    assert told["after"] not in (None, first)
    assert read_key(shop) == ANTS.fingerprint
    assert shop.pid == first


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


# What happens when it fails


def test_a_worker_that_was_killed_is_replaced(shop: Workshop) -> None:
    """While it was idle: nobody notices."""
    read_key(shop)
    first = running(shop)
    os.kill(first, signal.SIGKILL)
    assert read_key(shop) == ANTS.fingerprint
    assert shop.pid != first


def test_a_worker_killed_in_the_middle_of_a_request_is_asked_again(tmp_path: Path) -> None:
    """It may have been killed for somebody else's sake; the message is not to blame."""
    marker = tmp_path / "died"
    shop = scripted(f"""
        request()
        if not os.path.exists({str(marker)!r}):
            open({str(marker)!r}, "w").close()
            os.kill(os.getpid(), 9)
        write({{"certificates": []}})
        request()
    """)
    assert shop.request("x", {}, [], bounds=BOUNDS) == ({"certificates": []}, [])
    assert marker.exists()
    shop.close()


def test_a_request_that_kills_every_worker_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """After the second; the next request finds a new worker."""
    monkeypatch.setattr(workshop, "_default", scripted("request(); os.kill(os.getpid(), 9)"))
    with pytest.raises(openpgp.OpeningError) as caught:
        openpgp.open_message(b"x", [], [])
    assert caught.value.problem is openpgp.OpeningProblem.WORKER_DIED
    with pytest.raises(openpgp.CertificateError) as refused:
        openpgp.read_certificates(ANTS.public)
    assert refused.value.problem is openpgp.CertificateProblem.BROKEN


def test_a_request_that_takes_too_long_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    """The worker is killed, and the message has a verdict instead of a stuck queue."""
    shop = scripted("request(); time.sleep(600)")
    monkeypatch.setattr(workshop, "_default", shop)
    with pytest.raises(openpgp.OpeningError) as caught:
        openpgp.open_message(b"x", [], [], limits=openpgp.Limits(seconds=0.2))
    assert caught.value.problem is openpgp.OpeningProblem.TIMEOUT
    assert shop.pid is None
    with pytest.raises(openpgp.OpeningError) as caught:
        openpgp.verify_detached(b"x", b"", [], limits=openpgp.Limits(seconds=0.2))
    assert caught.value.problem is openpgp.OpeningProblem.TIMEOUT


def test_a_worker_that_does_not_listen_is_ended() -> None:
    """A request larger than a pipe does not block its sender for ever."""
    shop = scripted("time.sleep(600)")
    with pytest.raises(workshop.WorkerTimeoutError):
        shop.request("x", {}, [bytes(10 << 20)], bounds=Bounds(0.2, 1, 1))
    assert shop.pid is None


def test_running_out_of_memory_is_told_from_dying(monkeypatch: pytest.MonkeyPatch) -> None:
    """Rust's runtime aborts the process when it gets no memory, and says so."""
    body = 'request(); os.write(2, b"memory allocation of 99 bytes failed"); os.abort()'
    monkeypatch.setattr(workshop, "_default", scripted(body))
    with pytest.raises(openpgp.OpeningError) as caught:
        openpgp.open_message(b"x", [], [])
    assert caught.value.problem is openpgp.OpeningProblem.TOO_LARGE


def test_a_worker_that_complains_without_end_does_not_get_stuck() -> None:
    """Nobody reads its standard error while it works."""
    shop = scripted("""
        request()
        for _ in range(1000):
            try:
                os.write(2, b"x" * 1000)
            except BlockingIOError:
                pass
        write({"fine": True})
        request()
    """)
    assert shop.request("x", {}, [], bounds=BOUNDS) == ({"fine": True}, [])
    shop.close()


@pytest.mark.parametrize(
    "answer",
    [
        'os.write(1, b"\\xff" * 100)',
        'os.write(1, b"\\0\\0\\0\\4nope")',
        'os.write(1, b"\\0\\0\\0\\2[]")',
        'os.write(1, b"\\0\\0\\0\\x0c" + b\'{"blobs": 1}\')',
        'write({"x": 1}, bytes(2 << 20))',
        'write({"failed": "unexpected"})',
        'write({"problem": "made-up"})',
        'write({"signatures": [{"status": "splendid"}]}, b"")',
        'write({"signatures": 3}, b"")',
        'write({}, b"", b"")',
        'os.write(1, b"\\0\\1\\0\\0" + b"[" * 65536)',
    ],
)
def test_a_worker_that_was_taken_over_can_only_lie(monkeypatch: pytest.MonkeyPatch, answer: str) -> None:
    """Whatever it says is data: an answer that makes no sense is a dead worker, never an accident in the parent."""
    limits = openpgp.Limits(content_bytes=1 << 20)
    monkeypatch.setattr(workshop, "_default", scripted(f"while True:\n    request()\n    {answer}\n"))
    with pytest.raises(openpgp.OpeningError) as caught:
        openpgp.open_message(b"x", [], [], limits=limits)
    assert caught.value.problem is openpgp.OpeningProblem.WORKER_DIED


@pytest.mark.parametrize("command", [["/nonexistent/python"], [sys.executable, "-c", "raise SystemExit"]])
def test_a_worker_that_does_not_start_is_not_the_messages_fault(
    monkeypatch: pytest.MonkeyPatch, command: list[str]
) -> None:
    """The message must be kept, not refused: this error is another one."""
    monkeypatch.setattr(workshop, "_default", Workshop(command))
    with pytest.raises(openpgp.WorkshopError):
        openpgp.open_message(message(ANTS, literal(b"x")), [ANTS.secret], [])
    with pytest.raises(openpgp.WorkshopError):
        openpgp.read_certificates(ANTS.public)


def test_no_text_of_a_library_passes(shop: Workshop) -> None:
    """Their errors come with stack backtraces, and may quote what they read."""
    damaged = message(ANTS, literal(b"xyzzy"))[:-1]
    header = {"secrets": 1, "pkesks": 10, "wildcards": 1, "content_bytes": 1 << 20}
    assert shop.request("open", header, [damaged, ANTS.secret], bounds=BOUNDS) == ({"problem": "damaged"}, [])
    with pytest.raises(workshop.WorkerDiedError) as caught:
        shop.request("open", header, [message(ANTS, literal(b"xyzzy")), b"no secret key"], bounds=BOUNDS)
    assert str(caught.value) == ""


def test_descriptors_are_closed(shop: Workshop) -> None:
    """A thousand workers that die must not leave a thousand pipes behind."""
    shop.close()
    before = len(list(PROC.joinpath("self/fd").iterdir()))
    for _ in range(3):
        read_key(shop)
        shop.close()
    assert len(list(PROC.joinpath("self/fd").iterdir())) == before


def test_frames_come_back_as_they_went() -> None:
    """Header and blobs, also empty ones."""
    data = b"".join(frames.encode({"a": [1, None, "é"]}, [b"", b"x" * 1000]))
    position = 0

    def read(count: int) -> bytes:
        nonlocal position
        position += count
        return data[position - count : position]

    assert frames.decode(read, max_blob_bytes=1000) == ({"a": [1, None, "é"]}, [b"", b"x" * 1000])
    position = 0
    with pytest.raises(frames.FrameError):
        frames.decode(read, max_blob_bytes=999)
