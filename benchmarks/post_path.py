"""What a post to an encrypted list costs, from LMTP to the last byte of SMTP, as ratios of one run.

    python benchmarks/post_path.py [--members 1000] [--bytes 10000]

Measured is the CPU time of all of Mailman's processes with their OpenPGP workers, not of the SMTP receiver and not of this
script.  Two things it is compared with, measured in the same run on the same machine:

- the floor: one X25519 key generation and agreement by OpenSSL for each recipient, which nobody who encrypts can avoid;
- the same post, in the clear, delivered in bulk by stock Mailman to the same members.
"""

from __future__ import annotations

import argparse
import platform
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from mailman_pgp.openpgp import dearmor
from mailman_pgp.openpgp.memberkeys import MemberKey
from mailman_pgp.sandbox import Options, Sandbox, until

LIST = "bench@example.com"
AUTHOR = "member0@example.com"
_MAX_WAIT_SECONDS = 600


@dataclass(frozen=True, slots=True)
class Cost:
    """CPU seconds of Mailman for one post, and the seconds on the clock until the last copy was there."""

    cpu: float
    wall: float


def main() -> int:
    """Measure and print; returns 1 when a goal is missed."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--members", type=int, default=1000)
    parser.add_argument("--bytes", type=int, default=10_000)
    parser.add_argument("--posts", type=int, default=4, help="warm posts, of which the median is taken")
    options = parser.parse_args()
    root = Path(tempfile.mkdtemp(prefix="mailman-pgp-bench-"))
    try:
        return _compare(root, options)
    finally:
        shutil.rmtree(root, ignore_errors=True)


def _compare(root: Path, options: argparse.Namespace) -> int:
    floor = _floor(options.members)
    print(
        f"{platform.machine()}, Python {platform.python_version()}, {options.members} members, {options.bytes} bytes a post"
    )
    print("Encrypted list …", flush=True)
    encrypted = _encrypted(root / "encrypted", options)
    print("Stock Mailman, the same post in the clear, in bulk …", flush=True)
    stock = _stock(root / "stock", options)
    warm, stock_warm = _median(encrypted[1:]), _median(stock[1:])
    per_member = 1000 / options.members
    print()
    print(f"{'':44}{'CPU s':>9}{'ms/member':>11}{'wall s':>9}")
    for name, cost in (
        ("encrypted, first post (cold)", encrypted[0]),
        ("encrypted, later post (median)", warm),
        ("stock in the clear, first post", stock[0]),
        ("stock in the clear, later post (median)", stock_warm),
        ("floor: X25519 by OpenSSL, a member each", Cost(floor, floor)),
    ):
        print(f"{name:44}{cost.cpu:9.3f}{cost.cpu * per_member:11.3f}{cost.wall:9.2f}")
    to_floor, to_stock = warm.cpu / floor, warm.cpu / stock_warm.cpu
    print()
    print(f"encrypted / floor = {to_floor:.2f}   (goal: at most 5)")
    print(f"encrypted / stock = {to_stock:.3f}   (goal: less than 1)")
    return 0 if to_floor <= 5 and to_stock < 1 else 1


def _floor(members: int) -> float:
    """The CPU seconds of one key generation and agreement for each member."""
    theirs = X25519PrivateKey.generate().public_key()
    runs = []
    for _ in range(5):
        begun = time.process_time()
        for _ in range(members):
            X25519PrivateKey.generate().exchange(theirs)
        runs.append(time.process_time() - begun)
    return sorted(runs)[len(runs) // 2]


def _encrypted(directory: Path, options: argparse.Namespace) -> list[Cost]:
    with Sandbox(directory) as sandbox:
        sandbox.rest.create_list(LIST)
        _run(sandbox, "pgp", "enable", LIST)
        _populate(sandbox, options.members)
        certificate = dearmor(_run(sandbox, "pgp", "list-key", "export", LIST).encode())
        author = MemberKey.generate(f"Author <{AUTHOR}>")
        mine = directory / "author.pgp"
        mine.write_bytes(author.certificate)
        _run(sandbox, "pgp", "certificate", "add", LIST, AUTHOR, str(mine))

        def post(number: int) -> bytes:
            inner = f"Content-Type: text/plain\r\n\r\n{_text(number, options.bytes)}".encode()
            armored = author.write(inner, certificate).decode("ascii")
            return (
                f"From: {AUTHOR}\r\nTo: {LIST}\r\nSubject: ...\r\nMessage-ID: <{number}@example.com>\r\nMIME-Version: 1.0\r\n"
                'Content-Type: multipart/encrypted; protocol="application/pgp-encrypted"; boundary="b"\r\n\r\n'
                "--b\r\nContent-Type: application/pgp-encrypted\r\n\r\nVersion: 1\r\n\r\n"
                f"--b\r\nContent-Type: application/octet-stream\r\n\r\n{armored}\r\n--b--\r\n"
            ).encode()

        return [_measure(sandbox, options.members, number, post(number)) for number in range(1, options.posts + 2)]


def _stock(directory: Path, options: argparse.Namespace) -> list[Cost]:
    with Sandbox(directory, Options(plugin=False)) as sandbox:
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
    before, begun = sandbox.cpu_seconds(), time.monotonic()
    sandbox.lmtp_send(AUTHOR, LIST, message)
    addresses = [f"member{index}@example.com" for index in range(members)]
    until(lambda: sandbox.mailbox.count(last) >= number, "the copy of the last member", _MAX_WAIT_SECONDS)
    until(
        lambda: all(sandbox.mailbox.count(address) >= number for address in addresses), "all copies", _MAX_WAIT_SECONDS
    )
    wall = time.monotonic() - begun
    # What is done after the last byte (the ledger, the removal of queue files) belongs to the post, too.
    sandbox.wait_until_idle(_MAX_WAIT_SECONDS)
    return Cost(sandbox.cpu_seconds() - before, wall)


def _populate(sandbox: Sandbox, members: int) -> None:
    script = Path(__file__).with_name("populate.py")
    subprocess.run([sys.executable, str(script), str(sandbox.place.config), LIST, str(members)], check=True)


def _run(sandbox: Sandbox, *arguments: str) -> str:
    done = sandbox.mailman(*arguments)
    if done.returncode:
        raise SystemExit(f"mailman {' '.join(arguments)}: {done.stderr or done.stdout}")
    return done.stdout


def _median(costs: list[Cost]) -> Cost:
    return sorted(costs, key=lambda cost: cost.cpu)[len(costs) // 2]


if __name__ == "__main__":
    sys.exit(main())
