"""The worker processes: one for each request, confined, never outliving their parent."""

from __future__ import annotations

import contextlib
import json
import os
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


_made: list[Workshop] = []


@pytest.fixture(autouse=True)
def _closed() -> Iterator[None]:
    """No process is left of a test."""
    yield
    while _made:
        _made.pop().close()


@pytest.fixture
def shop() -> Workshop:
    """A workshop of our own."""
    made = Workshop()
    _made.append(made)
    return made


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
    """The process ID of the stem, which there must be."""
    assert shop.pid is not None
    return shop.pid


def workers(shop: Workshop) -> list[int]:
    """The process IDs of its workers."""
    return [int(pid) for pid in PROC.joinpath(f"{shop.pid}/task/{shop.pid}/children").read_text().split()]


def scripted(body: str) -> Workshop:
    """A workshop whose workers run a script; it has `read`, `request` and `write`."""
    script = """
        import json, os, sys, time
        from mailman_pgp.openpgp import stem, worker
        def read(count):
            data = b""
            while len(data) < count:
                piece = os.read(0, count - len(data))
                if not piece:
                    os._exit(0)
                data += piece
            return data
        def request():
            header = json.loads(read(int.from_bytes(read(4), "big")))
            return header, [read(length) for length in header["blobs"]]
        def write(header, *blobs):
            text = json.dumps({**header, "blobs": [len(blob) for blob in blobs]}).encode()
            rest = len(text).to_bytes(4, "big") + text + b"".join(blobs)
            while rest:
                rest = rest[os.write(1, rest):]
        def work():
            exec(BODY, globals())
        stem.main(work)
    """
    prelude = f"BODY = {textwrap.dedent(body)!r}\n"
    made = Workshop([sys.executable, "-c", prelude + textwrap.dedent(script)])
    _made.append(made)
    return made


# What a worker is


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
    """No environment, no files, no children, no core dump; memory and CPU time as the request is worth."""
    monkeypatch.setenv("MAILMAN_SECRET", "xyzzy")
    monkeypatch.setenv("RUST_BACKTRACE", "full")
    shop = scripted("""
        import resource
        descriptors = os.listdir("/proc/self/fd")
        environment = {name for name in os.environ if name != "LC_CTYPE"}
        def report(header, blobs):
            names = ("CORE", "FSIZE", "NPROC", "NOFILE", "AS", "CPU")
            limits = {name: resource.getrlimit(getattr(resource, "RLIMIT_" + name)) for name in names}
            return {"limits": limits, "environment": sorted(environment), "descriptors": sorted(descriptors)}, []
        worker._OPERATIONS["report"] = report
        worker.work()
    """)
    told, _ = shop.request("report", {}, [], bounds=BOUNDS)
    limits = told["limits"]
    for name in ("CORE", "FSIZE", "NPROC", "NOFILE"):
        assert limits[name] == [0, 0]
    assert BOUNDS.memory_bytes < limits["AS"][0] < BOUNDS.memory_bytes + (256 << 20)
    assert 0 < limits["CPU"][0] < 60
    assert told["environment"] == []
    # The fourth is the directory that is being listed.
    assert told["descriptors"] == ["0", "1", "2", "3"]


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
        import test_workshop
        from mailman_pgp.openpgp.workshop import Bounds
        shop = test_workshop.scripted("time.sleep(600)")
        bounds = Bounds(seconds=600, memory_bytes=64 << 20, answer_bytes=1 << 20)
        threading.Thread(target=shop.request, args=("x", {{}}, []), kwargs={{"bounds": bounds}}, daemon=True).start()
        test_workshop.wait_until(lambda: shop.pid and test_workshop.workers(shop))
        child = os.fork()
        if child == 0:
            os.close(1)
            time.sleep(60)
        print(shop.pid, *test_workshop.workers(shop), child, flush=True)
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


def test_a_forked_child_starts_its_own(shop: Workshop) -> None:
    """Two processes with one stem would end each other's workers."""
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


def test_a_stem_that_was_killed_is_replaced(shop: Workshop) -> None:
    """While it was idle: nobody notices."""
    read_key(shop)
    first = running(shop)
    os.kill(first, signal.SIGKILL)
    assert read_key(shop) == ANTS.fingerprint
    assert shop.pid != first


def test_a_stem_killed_in_the_middle_of_a_request_is_replaced(tmp_path: Path) -> None:
    """Its worker goes with it, also one that would not end by itself."""
    marker = tmp_path / "worker"
    shop = scripted(f"""
        header, blobs = request()
        if not os.path.lexists({str(marker)!r}):
            os.symlink(str(os.getpid()), {str(marker)!r})
            os.kill(os.getppid(), 9)
            os.kill(os.getpid(), 19)
        write({{"fine": True}})
    """)
    while not marker.is_symlink():  # a busy machine may not have run it at all in this time
        with pytest.raises(workshop.WorkerTimeoutError):
            shop.request("x", {}, [], bounds=Bounds(0.5, 64 << 20, 1))
    wait_until(lambda: gone(int(marker.readlink().name)))
    assert shop.request("x", {}, [], bounds=BOUNDS) == ({"fine": True}, [])


def test_a_worker_killed_in_the_middle_of_a_request_is_asked_again(tmp_path: Path) -> None:
    """It may have been killed for somebody else's sake; the message is not to blame."""
    marker = tmp_path / "died"
    shop = scripted(f"""
        request()
        if not os.path.exists({str(marker)!r}):
            open({str(marker)!r}, "w").close()
            os.kill(os.getpid(), 9)
        write({{"certificates": []}})
    """)
    assert shop.request("x", {}, [], bounds=BOUNDS) == ({"certificates": []}, [])
    assert marker.exists()


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
    assert workers(shop) == []
    with pytest.raises(openpgp.OpeningError) as caught:
        openpgp.verify_detached(b"x", b"", [], limits=openpgp.Limits(seconds=0.2))
    assert caught.value.problem is openpgp.OpeningProblem.TIMEOUT


def test_a_worker_that_does_not_listen_is_ended() -> None:
    """A request larger than a pipe does not block its sender for ever."""
    shop = scripted("time.sleep(600)")
    with pytest.raises(workshop.WorkerTimeoutError):
        shop.request("x", {}, [bytes(10 << 20)], bounds=Bounds(0.2, 1, 1))
    assert workers(shop) == []


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
    """)
    assert shop.request("x", {}, [], bounds=BOUNDS) == ({"fine": True}, [])


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
    monkeypatch.setattr(workshop, "_default", scripted(f"request()\n{answer}\n"))
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
    """A thousand requests must not leave a thousand pipes behind."""
    shop.close()
    before = len(list(PROC.joinpath("self/fd").iterdir()))
    for _ in range(3):
        read_key(shop)
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
