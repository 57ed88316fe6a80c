"""A worker that dies, hangs, lies or does not start, and a stem that is killed: the message is not to blame."""

from __future__ import annotations

import os
import signal
import sys
from typing import TYPE_CHECKING

import pytest
from messages import literal, message
from workshops import ANTS, BOUNDS, PROC, gone, read_key, running, scripted, wait_until, workers

from mailman_pgp import openpgp
from mailman_pgp.openpgp import workshop
from mailman_pgp.openpgp.workshop import Bounds, Workshop

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.skipif(not PROC.joinpath("self/limits").exists(), reason="needs the /proc of Linux")


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
