"""How the costs of a list grow with its members: twenty times as many, and what each of them costs then.

    python benchmarks/large_lists.py [--members 20000]

`benchmarks/README.md` says what is measured and how.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import platform
import resource
import shutil
import sqlite3
import subprocess
import sys
import tempfile
from dataclasses import astuple, dataclass, fields
from pathlib import Path
from statistics import median

from large_posts import MEMORY_GOAL, Sink, peak_memory
from post_path import AUTHOR, LIST, SLEEP_TIME, UNHURRIED, Author, make_encrypted, run

from mailman_pgp.openpgp.memberkeys import MemberKey
from mailman_pgp.sandbox import Options, Sandbox, processes, until

SHARE = 20
POST_BYTES = 10_000
#: What one member of the large list may cost, beside one of the small list.
GROWTH_GOAL = 1.5
_POSTS = 3
_MAX_WAIT_SECONDS = 1800
_LOOK_SECONDS = 0.25
_PAGE = 100
_POPULATE = Path(__file__).with_name("populate.py")


@dataclass(frozen=True, slots=True)
class Costs:
    """CPU milliseconds, divided by the members."""

    importing: float
    accepting: float
    sending: float
    telling: float
    status: float
    members: float


def main() -> int:
    """Measure and print; returns 1 when a goal is missed."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--members", type=int, default=20_000)
    many: int = parser.parse_args().members
    few = many // SHARE
    print(
        f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}; Curve25519 certificates\n"
    )
    root = Path(tempfile.mkdtemp(prefix="mailman-pgp-bench-"))
    try:
        (small, small_memory), (large, large_memory) = (
            _measure(root / str(members), members) for members in (few, many)
        )
    finally:
        shutil.rmtree(root, ignore_errors=True)
    print(f"\n{'CPU milliseconds a member':40}{few:>12}{many:>12}   ratio")
    growths = []
    for field, before, after in zip(fields(Costs), astuple(small), astuple(large), strict=True):
        growths.append(after / before)
        print(f"{_NAMES[field.name]:40}{before:12.3f}{after:12.3f}{after / before:8.2f}")
    print(f"\n{'The most memory of a process, MiB':40}{few:>12}{many:>12}   ratio")
    for name, before in small_memory.items():
        print(f"{name:40}{before:12.0f}{large_memory[name]:12.0f}{large_memory[name] / before:8.2f}")
    peak = max(large_memory.values())
    print(f"\nworst growth of a member's cost = {max(growths):.2f}   (goal: at most {GROWTH_GOAL})")
    print(f"most memory of a process = {peak:.0f} MiB   (goal: at most {MEMORY_GOAL})")
    return 0 if max(growths) <= GROWTH_GOAL and peak <= MEMORY_GOAL else 1


_NAMES = {
    "importing": "bringing their certificates",
    "accepting": "a post, until it is cut into chunks",
    "sending": "a post, chunk by chunk to the mail server",
    "telling": "telling each of their key",
    "status": "mailman pgp status",
    "members": "REST, all pages of the members",
}


def _measure(directory: Path, members: int) -> tuple[Costs, dict[str, float]]:
    sink = Sink()
    settings = (*UNHURRIED, f"mta.smtp_port={sink.port}")
    try:
        with Sandbox(directory, Options(sleep_time=SLEEP_TIME, no_runners=["out"])) as sandbox:
            author, start_up, importing = _found(sandbox, members)
        # That each is told of their key, by a message of its own, is measured by itself.
        _write(sandbox, "UPDATE pgp_key_event SET tell_at = NULL")
        with Sandbox(directory, Options(sleep_time=SLEEP_TIME, settings=settings)) as sandbox:
            accepting, sending = _post(sandbox, sink, author, members)
            telling = _tell(sandbox, sink, members)
            memory = {name: peak_memory(sandbox.runner_pid(name)) for name in ("in", "pipeline", "out")}
            status = _command(sandbox, "status", LIST, "--json") - start_up
            listing = _all_pages(sandbox, members)
    finally:
        sink.close()
    costs = (importing, accepting, sending, telling, status, listing)
    return Costs(*(1000 * cost / members for cost in costs)), memory


def _found(sandbox: Sandbox, members: int) -> tuple[Author, float, float]:
    """Make the list, its members and their keys; CPU seconds of a command that does nothing, and of bringing the certificates."""
    print(f"{members} members: making them and their keys …", flush=True)
    author = make_encrypted(sandbox, 0)
    subprocess.run(
        [sys.executable, str(_POPULATE), str(sandbox.place.config), LIST, str(members), "--bare"], check=True
    )
    keyring = sandbox.place.root / "keyring.pgp"
    with keyring.open("wb") as file:
        for number in range(1, members):  # the author has a certificate already
            file.write(MemberKey.generate(f"Member {number} <member{number}@example.com>").certificate)
    print("… bringing the certificates …", flush=True)
    start_up = _command(sandbox, "--help")
    return author, start_up, _command(sandbox, "certificate", "import", LIST, str(keyring)) - start_up


def _post(sandbox: Sandbox, sink: Sink, author: Author, members: int) -> tuple[float, float]:
    """CPU seconds of a later post: of all of Mailman but `out`, and of `out`."""
    print("… posting …", flush=True)
    posts = []
    for number in range(1, _POSTS + 2):
        before, wanted = _cpu(sandbox), sink.copies + members
        sandbox.lmtp_send(AUTHOR, LIST, author.post(number, POST_BYTES))
        until(
            lambda wanted=wanted: sink.copies >= wanted,
            "a copy for each member",
            _MAX_WAIT_SECONDS,
            interval=_LOOK_SECONDS,
        )
        sandbox.wait_until_idle(_MAX_WAIT_SECONDS)
        posts.append(tuple(now - then for now, then in zip(_cpu(sandbox), before, strict=True)))
    accepting, sending = (median(of_each) for of_each in zip(*posts[1:], strict=True))
    return accepting, sending


def _tell(sandbox: Sandbox, sink: Sink, members: int) -> float:
    """CPU seconds of `out` for telling each of the key that was brought for them, until the mail server has taken all that."""
    print("… telling …", flush=True)
    (_, before), wanted = _cpu(sandbox), sink.copies + members - 1  # the author's key was not brought
    _write(sandbox, "UPDATE pgp_key_event SET tell_at = at WHERE act = 'added' AND door = 'cli'")
    until(lambda: sink.copies >= wanted, "a message for each member", _MAX_WAIT_SECONDS, interval=_LOOK_SECONDS)
    sandbox.wait_until_idle(_MAX_WAIT_SECONDS)
    return _cpu(sandbox)[1] - before


def _write(sandbox: Sandbox, statement: str) -> None:
    with (
        contextlib.closing(sqlite3.connect(sandbox.place.var / "data" / "mailman.db", timeout=60)) as database,
        database,
    ):
        database.execute(statement)


def _command(sandbox: Sandbox, *arguments: str) -> float:
    """CPU seconds of a command, start-up included."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    run(sandbox, "pgp", *arguments)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def _cpu(sandbox: Sandbox) -> tuple[float, float]:
    """CPU seconds: of all of Mailman but `out`, and of `out`."""
    out = processes.cpu_seconds(sandbox.runner_pid("out"))
    return sandbox.cpu_seconds() - out, out


def _all_pages(sandbox: Sandbox, members: int) -> float:
    """CPU seconds of the REST interface for all pages of the members."""

    def spent() -> float:
        runner = sandbox.runner_pid("rest")
        return sum(processes.cpu_seconds(pid) for pid in (runner, *processes.descendants(runner)))

    before = spent()
    for page in range(1, -(-members // _PAGE) + 1):
        found = sandbox.rest(f"plugins/pgp/lists/{LIST}/members?count={_PAGE}&page={page}")
        if not found["entries"]:
            raise SystemExit(f"Page {page} of the members is empty.")
    return spent() - before


if __name__ == "__main__":
    sys.exit(main())
