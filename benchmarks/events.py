"""What events cost: those who are told, and the Mailman that tells them.

    python benchmarks/events.py [--events 10000] [--postgresql]

`benchmarks/README.md` says what is measured and how.
"""

from __future__ import annotations

import argparse
import base64
import contextlib
import os
import platform
import secrets
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

from mailman_pgp.sandbox import Options, Sandbox, processes, until

if TYPE_CHECKING:
    from collections.abc import Iterator

LIST = "bench@example.com"
FEW = 1000
RATE_GOAL = 500  # events a CPU second
MEMORY_GOAL = 1.1  # times the peak after so few events
SUBSCRIPTION_GOAL = 1.0  # milliseconds
SLOW_SECONDS = 0.05
PAIRS = 500
_MAX_WAIT_SECONDS = 1800
_ANSWER = b"HTTP/1.1 204 No Content\r\n\r\n"
_LENGTH = b"\r\nContent-Length: "


@dataclass(slots=True)
class Receiver:
    """Takes events on the loopback and counts them.

    :ivar delay: Seconds before each answer.
    """

    delay: float = 0.0
    port: int = 0
    count: int = 0

    @contextlib.contextmanager
    def listening(self) -> Iterator[None]:
        """Take them while the block runs."""
        with socket.create_server(("127.0.0.1", 0)) as door:
            self.port = door.getsockname()[1]
            threading.Thread(target=self._serve, args=(door,), daemon=True).start()
            yield

    def _serve(self, door: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while True:
                connection, _ = door.accept()
                with connection:
                    while self._one(connection):
                        time.sleep(self.delay)
                        connection.sendall(_ANSWER)
                        self.count += 1

    @staticmethod
    def _one(connection: socket.socket) -> bool:
        """Read a request; False where the other side has closed."""
        got, wanted = b"", None
        while wanted is None or len(got) < wanted:
            more = connection.recv(65536)
            if not more:
                return False
            got += more
            head, end, _ = got.partition(b"\r\n\r\n")
            if end:
                wanted = len(head) + len(end) + int(head.partition(_LENGTH)[2].split(b"\r\n", 1)[0])
        return True


@dataclass(frozen=True, slots=True)
class Sent:
    """What it took until the healthy endpoint had all.

    :ivar cpu: Seconds of the process that sends, for all three endpoints.
    :ivar wall: Seconds on the clock.
    :ivar peak: The most memory that this process has ever had, in bytes.
    """

    cpu: float
    wall: float
    peak: int


def main() -> int:
    """Measure and print; returns 1 when a goal is missed."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--events", type=int, default=10_000)
    parser.add_argument("--postgresql", action="store_true", help="on an embedded PostgreSQL instead of SQLite")
    options = parser.parse_args()
    root = Path(tempfile.mkdtemp(prefix="mailman-events-bench-"))
    try:
        with _database(wanted=options.postgresql) as url:
            return _measure(root, options.events, url)
    finally:
        shutil.rmtree(root, ignore_errors=True)


@contextlib.contextmanager
def _database(*, wanted: bool) -> Iterator[str | None]:
    if not wanted:
        yield None
        return
    from postgresql import embedded_server  # noqa: PLC0415 - the tests' own: the Makefile names the place

    with embedded_server() as url:
        yield url


def _measure(root: Path, events: int, url: str | None) -> int:
    print(
        f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}, "
        f"{'PostgreSQL' if url else 'SQLite'}; three endpoints: one healthy, one that takes {1000 * SLOW_SECONDS:.0f} ms for "
        "each answer, one that is down\n"
    )
    healthy, slow = Receiver(), Receiver(SLOW_SECONDS)
    with healthy.listening(), slow.listening(), _nobody() as down:
        settings = _settings(root, {"healthy": healthy.port, "slow": slow.port, "down": down})
        options = Options(plugin=False, database_url=url, sleep_time="1s", settings=settings)
        with Sandbox(root / "sandbox", options) as site:
            print(f"Sending {FEW} events, then {events} …", flush=True)
            few, many = _send(site, healthy, FEW), _send(site, healthy, events)
            slowly = slow.count
            print(f"Subscribing {2 * PAIRS} addresses …", flush=True)
            site.rest.create_list(LIST)
            with site.paused("events"):
                pairs = _subscriptions(site)
    return _judge(events, few, many, slowly, pairs)


def _judge(events: int, few: Sent, many: Sent, slowly: int, pairs: list[tuple[float, float]]) -> int:
    rate, growth = events / many.cpu, many.peak / few.peak
    without = 1000 * median(one for one, _ in pairs)
    added = 1000 * median(other - one for one, other in pairs)
    print(f"\nThe healthy endpoint had all {events} after {many.wall:.1f} seconds; the slow one {slowly} by then.")
    print(f"\nevents a second on the clock = {events / many.wall:.0f}")
    print(f"events a CPU second of the sender = {rate:.0f}   (goal: at least {RATE_GOAL})")
    print(
        f"peak memory of the sender after {events} / after {FEW} = {many.peak / 2**20:.1f} MiB / {few.peak / 2**20:.1f} MiB "
        f"= {growth:.3f}   (goal: at most {MEMORY_GOAL})"
    )
    print(f"a subscription in core without the plugin = {without:.2f} ms of CPU")
    print(f"what the plugin adds to it = {added:.2f} ms of CPU   (goal: less than {SUBSCRIPTION_GOAL:.0f})")
    print(f"with / without = {median(other / one for one, other in pairs):.3f}")
    return 0 if rate >= RATE_GOAL and growth <= MEMORY_GOAL and added < SUBSCRIPTION_GOAL else 1


@contextlib.contextmanager
def _nobody() -> Iterator[int]:
    """A port at which nobody listens, and nobody else will."""
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        yield held.getsockname()[1]


def _settings(root: Path, ports: dict[str, int]) -> list[str]:
    configuration = root / "events.cfg"
    sections = [
        f"[endpoint.{name}]\nurl: http://127.0.0.1:{port}/\nallow_private: yes\napi_key: {secrets.token_urlsafe(24)}\n"
        f"secret: whsec_{base64.b64encode(secrets.token_bytes(32)).decode()}\nevents: .*\n"
        for name, port in ports.items()
    ]
    configuration.write_text("".join(sections), encoding="utf-8")
    lines = {
        "plugin.events.class": "mailman_rest_events.plugin.EventsPlugin",
        "plugin.events.enabled": "yes",
        "plugin.events.component_package": "mailman_rest_events",
        "plugin.events.configuration": str(configuration),
        "runner.events.class": "mailman_rest_events.runners.EventsRunner",
    }
    return [f"{name}={value}" for name, value in lines.items()]


def _send(site: Sandbox, healthy: Receiver, count: int) -> Sent:
    """Write events down while nobody sends, and let all go to the healthy endpoint."""
    # What happened at the start of Mailman is told first.
    until(lambda: _left(site) == 0, "all events so far to be delivered", _MAX_WAIT_SECONDS)
    with site.paused("events"):
        _feed(site, "write", str(count))
        wanted, sender = healthy.count + count, site.runner_pid("events")
        before, begun = processes.cpu_seconds(sender), time.monotonic()
    until(lambda: healthy.count >= wanted, "all events to be delivered", _MAX_WAIT_SECONDS, interval=0.05)
    wall = time.monotonic() - begun
    # What is written down about the last ones belongs to it, too.
    until(lambda: _left(site) == 0, "all to be written down", _MAX_WAIT_SECONDS)
    return Sent(processes.cpu_seconds(sender) - before, wall, _peak(sender))


def _left(site: Sandbox) -> int:
    """How many events the healthy endpoint has not got yet, by Mailman's own count."""
    found = site.rest("plugins/events/endpoints/healthy")
    return int(found["waiting"])


def _peak(pid: int) -> int:
    """The most memory that a process has had (VmHWM), in bytes."""
    status = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    return 1024 * int(status.partition("VmHWM:")[2].split()[0])


def _subscriptions(site: Sandbox) -> list[tuple[float, float]]:
    """Pairs of subscriptions: CPU seconds without the plugin, and with it."""
    lines = _feed(site, "subscribe", LIST, str(PAIRS)).splitlines()
    return [(float(without), float(told)) for without, told in map(str.split, lines)]


def _feed(site: Sandbox, *arguments: str) -> str:
    script = Path(__file__).with_name("feed_events.py")
    command = [sys.executable, str(script), str(site.place.config), *arguments]
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout


if __name__ == "__main__":
    sys.exit(main())
