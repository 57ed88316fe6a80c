"""What a post to an encrypted list costs, from LMTP to the last byte of SMTP, as ratios of one run.

    python benchmarks/post_path.py [--members 1000] [--bytes 10000] [--posts 9]

`benchmarks/README.md` says what is measured and how.
"""

from __future__ import annotations

import argparse
import os
import platform
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from mailman_pgp.openpgp import dearmor
from mailman_pgp.openpgp.memberkeys import MemberKey
from mailman_pgp.sandbox import Options, Sandbox, until
from mailman_pgp.sandbox.gnupg import GnuPG

LIST = "bench@example.com"
AUTHOR = "member0@example.com"
FLOOR_GOAL = 5
STOCK_GOAL = 1
# Core's own: runners that have nothing to do look into their queues once a second.
SLEEP_TIME = "1s"
# What is measured holds no failures: the sandbox's impatience with them is no part of it.
UNHURRIED = ("runner.retry.sleep_time=1s",)
_MAX_WAIT_SECONDS = 600
# Who looks more often takes cores and caches from what is measured.
_LOOK_SECONDS = 0.25
_GNUPG_MESSAGES = 20


@dataclass(frozen=True, slots=True)
class Cost:
    """What one post took.

    :ivar cpu: CPU seconds of all of Mailman's processes and their workers.
    :ivar wall: Seconds on the clock until Mailman was idle again.
    :ivar floor: CPU seconds of the floor for as many members, the mean of before and after the post.
    """

    cpu: float
    wall: float
    floor: float


def main() -> int:
    """Measure and print; returns 1 when a goal is missed."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--members", type=int, default=1000)
    parser.add_argument("--bytes", type=int, default=10_000)
    parser.add_argument("--posts", type=int, default=9, help="warm posts, of which the median is taken")
    options = parser.parse_args()
    root = Path(tempfile.mkdtemp(prefix="mailman-pgp-bench-"))
    try:
        return _compare(root, options)
    finally:
        shutil.rmtree(root, ignore_errors=True)


def _compare(root: Path, options: argparse.Namespace) -> int:
    members = options.members
    print(
        f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}; "
        f"{members} members with Curve25519 certificates, {options.bytes} bytes a post, median of {options.posts} posts\n"
    )
    print("An encrypted list: making keys, then posting …", flush=True)
    encrypted = _encrypted(root / "encrypted", options)
    print("Stock Mailman, the same post in the clear, in bulk …", flush=True)
    stock = _stock(root / "stock", options)
    gnupg = _gnupg(root, options.bytes)
    rows = [
        ("encrypted, first post (cold)", encrypted[0].cpu / members, encrypted[0].wall),
        ("encrypted, later posts", _cpu(encrypted) / members, median(cost.wall for cost in encrypted[1:])),
        ("stock in the clear, first post", stock[0].cpu / members, stock[0].wall),
        ("stock in the clear, later posts", _cpu(stock) / members, median(cost.wall for cost in stock[1:])),
        ("floor: X25519 by OpenSSL", median(cost.floor for cost in encrypted + stock) / members, None),
    ]
    if gnupg is not None:
        rows.append(("gpg, one process a member (without its agent)", gnupg, None))
    print(f"\n{'CPU a member':48}{'ms':>8}{'members a CPU second':>23}{'wall s a post':>15}")
    for name, cpu, wall in rows:
        print(f"{name:48}{1000 * cpu:8.3f}{1 / cpu:23.0f}{'' if wall is None else format(wall, '15.2f')}")
    to_floor = median(cost.cpu / cost.floor for cost in encrypted[1:])
    to_stock = _cpu(encrypted) / _cpu(stock)
    print(f"\nencrypted / floor = {to_floor:.2f}   (goal: at most {FLOOR_GOAL})")
    print(f"encrypted / stock = {to_stock:.2f}   (goal: less than {STOCK_GOAL})")
    return 0 if to_floor <= FLOOR_GOAL and to_stock < STOCK_GOAL else 1


def _cpu(costs: list[Cost]) -> float:
    """The CPU seconds of a later post."""
    return median(cost.cpu for cost in costs[1:])


def _floor(members: int) -> float:
    """The CPU seconds of one key generation and agreement for each member."""
    theirs = X25519PrivateKey.generate().public_key()
    begun = time.process_time()
    for _ in range(members):
        X25519PrivateKey.generate().exchange(theirs)
    return time.process_time() - begun


def _gnupg(root: Path, size: int) -> float | None:
    """The CPU seconds of gpg for one signed and encrypted message, start of the program included; None without gpg."""
    gnupg = GnuPG.find(root / "gnupg")
    if gnupg is None:
        return None
    fingerprint = gnupg.generate("Bench <bench@example.com>")
    content = _text(0, size).encode()
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    for _ in range(_GNUPG_MESSAGES):
        gnupg.write_to(fingerprint, content)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return (after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime) / _GNUPG_MESSAGES


def _encrypted(directory: Path, options: argparse.Namespace) -> list[Cost]:
    with Sandbox(directory, Options(sleep_time=SLEEP_TIME, settings=UNHURRIED)) as sandbox:
        author = make_encrypted(sandbox, options.members)
        return [
            _measure(sandbox, options.members, number, author.post(number, options.bytes))
            for number in range(1, options.posts + 2)
        ]


@dataclass(frozen=True, slots=True)
class Author:
    """The first member of an encrypted list."""

    key: MemberKey
    list_certificate: bytes

    def post(self, number: int, size: int) -> bytes:
        """Return a post of about `size` bytes, as it travels: encrypted to the list, CRLF."""
        inner = (
            f'From: {AUTHOR}\r\nTo: {LIST}\r\nSubject: post {number}\r\nContent-Type: text/plain; hp="cipher"\r\n\r\n'
            f"{_text(number, size)}"
        ).encode()
        armored = self.key.write(inner, self.list_certificate).decode("ascii")
        return (
            f"From: {AUTHOR}\r\nTo: {LIST}\r\nSubject: ...\r\nMessage-ID: <{number}@example.com>\r\nMIME-Version: 1.0\r\n"
            'Content-Type: multipart/encrypted; protocol="application/pgp-encrypted"; boundary="b"\r\n\r\n'
            "--b\r\nContent-Type: application/pgp-encrypted\r\n\r\nVersion: 1\r\n\r\n"
            f"--b\r\nContent-Type: application/octet-stream\r\n\r\n{armored}\r\n--b--\r\n"
        ).encode()


def make_encrypted(sandbox: Sandbox, members: int) -> Author:
    """Make the encrypted list with so many members, a certificate for each, and return the author, the first of them."""
    sandbox.rest.create_list(LIST)
    run(sandbox, "pgp", "enable", LIST)
    certificate = dearmor(run(sandbox, "pgp", "list-key", "export", LIST).encode())
    key = MemberKey.generate(f"Author <{AUTHOR}>")
    mine = sandbox.place.root / "author.pgp"
    mine.write_bytes(key.certificate)
    # Before they are a member: members are told of each change of their key, which is no part of a post.
    run(sandbox, "pgp", "certificate", "add", LIST, AUTHOR, str(mine))
    if members:
        _populate(sandbox, members)
    return Author(key, certificate)


def _stock(directory: Path, options: argparse.Namespace) -> list[Cost]:
    with Sandbox(directory, Options(plugin=False, sleep_time=SLEEP_TIME, settings=UNHURRIED)) as sandbox:
        list_id = sandbox.rest.create_list(LIST)
        sandbox.rest(
            f"lists/{list_id}/config",
            {"max_message_size": "0", "digests_enabled": "False", "archive_policy": "never"},
            "PATCH",
        )
        _populate(sandbox, options.members)

        def post(number: int) -> bytes:
            header = f"From: {AUTHOR}\r\nTo: {LIST}\r\nSubject: post {number}\r\nMessage-ID: <{number}@example.com>\r\n"
            return f"{header}\r\n{_text(number, options.bytes)}".encode()

        return [_measure(sandbox, options.members, number, post(number)) for number in range(1, options.posts + 2)]


def _text(number: int, size: int) -> str:
    line = f"This is line %06d of post {number}, and it says nothing that matters.\r\n"
    return "".join(line % index for index in range(size // len(line % 0)))


def _measure(sandbox: Sandbox, members: int, number: int, message: bytes) -> Cost:
    sandbox.wait_until_idle(_MAX_WAIT_SECONDS)
    last = f"member{members - 1}@example.com"
    floor_before = _floor(members)
    before, begun = sandbox.cpu_seconds(), time.monotonic()
    sandbox.lmtp_send(AUTHOR, LIST, message)
    until(
        lambda: sandbox.mailbox.count(last) >= number,
        "the copy of the last member",
        _MAX_WAIT_SECONDS,
        interval=_LOOK_SECONDS,
    )
    # What is done after the last byte (the ledger, the removal of queue files) belongs to the post, too.
    sandbox.wait_until_idle(_MAX_WAIT_SECONDS)
    wall = time.monotonic() - begun
    cpu = sandbox.cpu_seconds() - before
    counts = {sandbox.mailbox.count(f"member{index}@example.com") for index in range(members)}
    if counts != {number}:
        raise SystemExit(f"After {number} posts the members have {sorted(counts)} copies.")
    return Cost(cpu, wall, (floor_before + _floor(members)) / 2)


def _populate(sandbox: Sandbox, members: int) -> None:
    script = Path(__file__).with_name("populate.py")
    subprocess.run([sys.executable, str(script), str(sandbox.place.config), LIST, str(members)], check=True)


def run(sandbox: Sandbox, *arguments: str) -> str:
    """Run `mailman` with these arguments, and return what it prints; the benchmark ends where that fails."""
    done = sandbox.mailman(*arguments)
    if done.returncode:
        raise SystemExit(f"mailman {' '.join(arguments)}: {done.stderr or done.stdout}")
    return done.stdout


if __name__ == "__main__":
    sys.exit(main())
