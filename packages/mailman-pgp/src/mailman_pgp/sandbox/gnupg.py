"""A person who uses GnuPG, with a home directory of their own."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
import weakref
from pathlib import Path
from typing import Self

# The agent's socket lies in the home directory, and the path of a socket has a limit of 108 bytes.
_LONGEST_HOME = 80


class GnuPG:
    """The program `gpg`, with one person's keys."""

    def __init__(self, program: str, home: Path) -> None:
        self._program = program
        if len(str(home)) > _LONGEST_HOME:
            home = Path(tempfile.mkdtemp(prefix="gnupg-"))
        home.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.home = home
        # An agent that stays behind would keep the directory busy.
        self._end = weakref.finalize(self, _end_agent, str(home))

    @classmethod
    def find(cls, home: Path) -> Self | None:
        """GnuPG with `home`, or None where it is not installed."""
        program = shutil.which("gpg")
        return None if program is None else cls(program, home)

    def generate(self, user_id: str) -> str:
        """Make a Curve25519 key without a passphrase; returns its fingerprint, upper-case hex."""
        self._run("--passphrase", "", "--quick-generate-key", user_id, "future-default", "default", "never")
        listing = self._run("--with-colons", "--list-keys", user_id).decode()
        return next(line.split(":")[9] for line in listing.splitlines() if line.startswith("fpr:"))

    def export(self, fingerprint: str) -> bytes:
        """The certificate, binary."""
        return self._run("--export", fingerprint)

    def write(self, content: bytes, certificate: bytes) -> bytes:
        """Encrypt content to a certificate, signed, as gpg does by default (compressed); armored."""
        self._import(certificate)
        return self.write_to(self._fingerprint_of(certificate), content)

    def write_to(self, fingerprint: str, content: bytes) -> bytes:
        """The same to a certificate that is known here, by its fingerprint."""
        return self._run("--armor", "--sign", "--encrypt", "--recipient", fingerprint, stdin=content)

    def read(self, message: bytes, signer: bytes) -> tuple[bytes, bool]:
        """Open a message; returns the content, and whether it has a good signature by the certificate `signer`."""
        self._import(signer)
        fingerprint = self._fingerprint_of(signer)
        done = self._start("--status-fd", "2", "--decrypt", stdin=message)
        if done.returncode not in (0, 2) or not done.stdout:
            raise ValueError("The message can't be opened with this key.")
        # VALIDSIG names the signing subkey first and the primary key last.
        # Bytes, since other lines of the status may be cut in the middle of a character.
        valid = [line.split() for line in done.stderr.splitlines() if line.startswith(b"[GNUPG:] VALIDSIG ")]
        return done.stdout, any(words[-1] == fingerprint.encode() for words in valid)

    def _import(self, certificate: bytes) -> None:
        self._run("--import", stdin=certificate)

    def _fingerprint_of(self, certificate: bytes) -> str:
        listing = self._run("--with-colons", "--show-keys", stdin=certificate).decode()
        return next(line.split(":")[9] for line in listing.splitlines() if line.startswith("fpr:"))

    def _run(self, *arguments: str, stdin: bytes = b"") -> bytes:
        done = self._start(*arguments, stdin=stdin)
        if done.returncode:
            raise RuntimeError(f"gpg {arguments[0]} failed: {done.stderr.decode(errors='replace').strip()}")
        return done.stdout

    def _start(self, *arguments: str, stdin: bytes) -> subprocess.CompletedProcess[bytes]:
        fixed = ("--batch", "--yes", "--no-tty", "--pinentry-mode", "loopback", "--trust-model", "always")
        return subprocess.run(  # noqa: S603  # the program was found by name, the arguments are ours
            [self._program, "--homedir", str(self.home), *fixed, *arguments],
            input=stdin,
            capture_output=True,
            check=False,
            env={**os.environ, "LC_ALL": "C.UTF-8"},
        )


def _end_agent(home: str) -> None:
    program = shutil.which("gpgconf")
    if program is not None:
        subprocess.run([program, "--homedir", home, "--kill", "all"], check=False, capture_output=True)  # noqa: S603
