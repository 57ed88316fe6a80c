"""People who use another OpenPGP program: it makes their key, writes their posts and opens their mail."""

from __future__ import annotations

import subprocess
from abc import ABC, abstractmethod
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from peers import peer

from mailman_pgp.openpgp import armor, dearmor, inspect
from mailman_pgp.openpgp.key_packets import sort

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

CERTIFICATE = "PGP PUBLIC KEY BLOCK"
MESSAGE = "PGP MESSAGE"
BEGIN = b"-----BEGIN PGP "


def run(command: Sequence[str | Path], data: bytes = b"", *, check: bool = True) -> subprocess.CompletedProcess[bytes]:
    """Run a program; when it fails, what it said is in the error."""
    done = subprocess.run(command, input=data, capture_output=True, check=False, timeout=300)
    if check and done.returncode:
        raise AssertionError(f"{command} ended with {done.returncode}: {done.stderr.decode(errors='replace')}")
    return done


@dataclass(frozen=True, slots=True)
class Opened:
    """What a program made of a message: its content, and whether it says that the one certificate it was given made it."""

    content: bytes
    good: bool


class Program(ABC):
    """Another OpenPGP program with a home of its own, in which it keeps one person's secret key."""

    executable = ""

    def __init__(self, home: Path) -> None:
        self.program = peer(self.executable)
        self.home = home
        self.home.mkdir(mode=0o700)

    def __repr__(self) -> str:
        return f"<{self.executable}>"

    @abstractmethod
    def generate(self, user_id: str) -> bytes:
        """Make a key as the program does by default, and return its certificate (any form)."""

    @abstractmethod
    def open(self, message: bytes, signer: bytes) -> Opened:
        """Open an armored message, and judge its signature by a certificate (binary)."""

    @abstractmethod
    def signing(self) -> list[str]:
        """The options that have a message signed, too."""

    @abstractmethod
    def encrypt(self, content: bytes, *certificates: bytes, options: Sequence[str]) -> bytes:
        """Encrypt content to certificates (any form), with more options of the program's.  Any form."""

    def write(self, content: bytes, *certificates: bytes, sign: bool = True) -> bytes:
        """Encrypt content to certificates (any form), signed; everything else as by default.  Any form."""
        return self.encrypt(content, *certificates, options=self.signing() if sign else [])

    @abstractmethod
    def sign(self, content: bytes) -> bytes:
        """Make an armored detached signature."""

    @abstractmethod
    def verifies(self, content: bytes, signature: bytes, signer: bytes) -> bool:
        """Say whether an armored detached signature over exactly this content is good by a certificate (binary)."""

    def _file(self, name: str, data: bytes) -> Path:
        path = self.home / name
        path.write_bytes(data)
        return path


class Gpg(Program):
    """GnuPG; `key` is its name for a kind of key, with the kind of the subkey for encryption where there must be one."""

    executable = "gpg"

    def __init__(self, home: Path, key: tuple[str, str] = ("future-default", "")) -> None:
        super().__init__(home)
        self._kind, self._subkey = key
        self._fingerprint = ""
        self.days_ago = 0
        """The age of all that it makes."""

    def __call__(
        self, *arguments: str | Path, data: bytes = b"", check: bool = True
    ) -> subprocess.CompletedProcess[bytes]:
        """Run gpg with its status lines on standard error."""
        fixed = ["--homedir", self.home, "--batch", "--yes", "--no-auto-key-locate", "--status-fd", "2"]
        secrets = ["--pinentry-mode", "loopback", "--passphrase", "", "--trust-model", "always"]
        then = datetime.now(UTC) - timedelta(days=self.days_ago)
        clock = [f"--faked-system-time={then:%Y%m%dT%H%M%S}"] if self.days_ago else []
        return run([self.program, *fixed, *secrets, *clock, *arguments], data, check=check)

    def generate(self, user_id: str) -> bytes:
        """See `Program`."""
        self("--quick-generate-key", user_id, self._kind, "default", "never")
        listing = self("--with-colons", "--list-keys").stdout.splitlines()
        self._fingerprint = next(line.split(b":")[9].decode() for line in listing if line.startswith(b"fpr:"))
        if self._subkey:
            self("--quick-add-key", self._fingerprint, self._subkey, "encr", "never")
        return self("--armor", "--export", self._fingerprint).stdout

    def open(self, message: bytes, signer: bytes) -> Opened:
        """See `Program`."""
        self("--import", data=signer)
        done = self("--decrypt", data=message, check=False)
        assert b"[GNUPG:] DECRYPTION_OKAY" in done.stderr, done.stderr
        return Opened(done.stdout, self._valid(done.stderr, signer))

    def signing(self) -> list[str]:
        """See `Program`."""
        return ["--sign"]

    def encrypt(self, content: bytes, *certificates: bytes, options: Sequence[str]) -> bytes:
        """See `Program`."""
        recipients = [word for certificate in certificates for word in ("--recipient", self.known(certificate))]
        return self("--local-user", self._fingerprint, *options, *recipients, "--encrypt", data=content).stdout

    def known(self, certificate: bytes) -> str:
        """Take a certificate (any form) into its keyring; the fingerprint by which it is asked for."""
        self("--import", data=certificate)
        return inspect(binary(certificate)).fingerprint

    def sign(self, content: bytes) -> bytes:
        """See `Program`."""
        return self("--armor", "--detach-sign", data=content).stdout

    def verifies(self, content: bytes, signature: bytes, signer: bytes) -> bool:
        """See `Program`."""
        self("--import", data=signer)
        done = self("--verify", self._file("signature", signature), self._file("content", content), check=False)
        return done.returncode == 0 and self._valid(done.stderr, signer)

    @staticmethod
    def _valid(said: bytes, signer: bytes) -> bool:
        # VALIDSIG names the fingerprint of the primary key last.
        valid = [line.split() for line in said.splitlines() if line.startswith(b"[GNUPG:] VALIDSIG ")]
        return b"[GNUPG:] GOODSIG " in said and [words[-1] for words in valid] == [inspect(signer).fingerprint.encode()]


class Sq(Program):
    """Sequoia's sq."""

    executable = "sq"

    def generate(self, user_id: str) -> bytes:
        """See `Program`."""
        key = self.home / "key.pgp"
        run([self.program, "key", "generate", "--userid", user_id, "--export", key])
        return run([self.program, "key", "extract-cert", key]).stdout

    def open(self, message: bytes, signer: bytes) -> Opened:
        """See `Program`."""
        keys = ["--recipient-key", self.home / "key.pgp", "--signer-cert", self._file("signer", signer)]
        done = run([self.program, "decrypt", *keys], message, check=False)
        good = done.returncode == 0 and b"Good signature" in done.stderr
        # It shows nothing that no known signature speaks for, unless it is not asked to.
        return Opened(done.stdout if good else run([self.program, "decrypt", *keys[:2]], message).stdout, good)

    def signing(self) -> list[str]:
        """See `Program`."""
        return ["--signer-key", str(self.home / "key.pgp")]

    def encrypt(self, content: bytes, *certificates: bytes, options: Sequence[str]) -> bytes:
        """See `Program`."""
        files = [self._file(f"certificate{number}", data) for number, data in enumerate(certificates)]
        named = [word for file in files for word in ("--recipient-cert", file)]
        return run([self.program, "encrypt", *options, *named], content).stdout

    def sign(self, content: bytes) -> bytes:
        """See `Program`."""
        return run([self.program, "sign", "--detached", "--signer-key", self.home / "key.pgp"], content).stdout

    def verifies(self, content: bytes, signature: bytes, signer: bytes) -> bool:
        """See `Program`."""
        files = ["--detached", self._file("signature", signature), "--signer-cert", self._file("signer", signer)]
        done = run([self.program, "verify", *files], content, check=False)
        return done.returncode == 0 and b"Good signature" in done.stderr + done.stdout


class Rnp(Program):
    """RNP, Thunderbird's library."""

    executable = "rnp"

    def __init__(self, home: Path) -> None:
        super().__init__(home)
        self._keys = peer("rnpkeys")
        self._user_id = ""

    def _run(self, program: str, *arguments: str | Path, check: bool = True) -> subprocess.CompletedProcess[bytes]:
        fixed = ["--homedir", self.home, "--notty", "--password", ""]
        return run([program, *fixed, *arguments], check=check)

    def generate(self, user_id: str) -> bytes:
        """See `Program`."""
        self._user_id = user_id
        self._run(self._keys, "--generate-key", "--userid", user_id)
        return self._run(self._keys, "--export-key", user_id).stdout

    def _load(self, certificate: bytes) -> str:
        self._run(self._keys, "--import", self._file("import", certificate))
        return inspect(binary(certificate)).fingerprint

    def open(self, message: bytes, signer: bytes) -> Opened:
        """See `Program`."""
        self._load(signer)
        files = ["--output", self.home / "out", "--overwrite", self._file("in", message)]
        done = self._run(self.program, "--decrypt", *files, check=False)
        opened = self.home / "out"
        content = opened.read_bytes()
        opened.unlink()
        return Opened(content, self._good(done.stdout + done.stderr, signer))

    @staticmethod
    def _good(said: bytes, signer: bytes) -> bool:
        # It names the key that signed by its ID, which may be a subkey.
        named = [f"key {key.key_id.lower()}\n".encode() for key in sort(signer).keys]
        return b"Good signature made" in said and any(name in said for name in named)

    def signing(self) -> list[str]:
        """See `Program`."""
        return ["--sign", "--userid", self._user_id]

    def encrypt(self, content: bytes, *certificates: bytes, options: Sequence[str]) -> bytes:
        """See `Program`."""
        named = [word for certificate in certificates for word in ("--recipient", self._load(certificate))]
        files = ["--output", self.home / "out", "--overwrite", self._file("in", content)]
        self._run(self.program, "--encrypt", *options, *named, *files)
        return (self.home / "out").read_bytes()

    def sign(self, content: bytes) -> bytes:
        """See `Program`."""
        files = ["--output", self.home / "out", "--overwrite", self._file("in", content)]
        self._run(self.program, "--sign", "--detach", "--armor", "--userid", self._user_id, *files)
        return (self.home / "out").read_bytes()

    def verifies(self, content: bytes, signature: bytes, signer: bytes) -> bool:
        """See `Program`."""
        self._load(signer)
        files = ["--source", self._file("content", content), self._file("signature.asc", signature)]
        done = self._run(self.program, "--verify", *files, check=False)
        return done.returncode == 0 and self._good(done.stdout + done.stderr, signer)


class Sop(Program):
    """A program with the Stateless OpenPGP interface."""

    def generate(self, user_id: str) -> bytes:
        """See `Program`."""
        key = self._file("key", run([self.program, "generate-key", user_id]).stdout)
        return run([self.program, "extract-cert"], key.read_bytes()).stdout

    def open(self, message: bytes, signer: bytes) -> Opened:
        """See `Program`."""
        verifications = self.home / "verifications"
        verifications.unlink(missing_ok=True)
        verify = [
            f"--verify-with={self._file('signer', in_armor(signer))}",
            f"{self._verifications_option()}={verifications}",
        ]
        done = run([self.program, "decrypt", *verify, self.home / "key"], message, check=False)
        # Each line names the signing key and the certificate.
        lines = [line.split() for line in verifications.read_text().splitlines()] if verifications.exists() else []
        good = [words[2].upper() for words in lines] == [inspect(signer).fingerprint]
        if not done.stdout:
            done = run([self.program, "decrypt", self.home / "key"], message)
        return Opened(done.stdout, good)

    def _verifications_option(self) -> str:
        """Its name differs between the drafts of the interface."""
        done = run([self.program, "decrypt", "--help"], check=False)
        return "--verifications-out" if b"verifications-out" in done.stdout + done.stderr else "--verify-out"

    def signing(self) -> list[str]:
        """See `Program`."""
        return [f"--sign-with={self.home / 'key'}"]

    def encrypt(self, content: bytes, *certificates: bytes, options: Sequence[str]) -> bytes:
        """See `Program`."""
        files = [self._file(f"certificate{n}", in_armor(data)) for n, data in enumerate(certificates)]
        return run([self.program, "encrypt", *options, *files], content).stdout

    def sign(self, content: bytes) -> bytes:
        """See `Program`."""
        return run([self.program, "sign", self.home / "key"], content).stdout

    def verifies(self, content: bytes, signature: bytes, signer: bytes) -> bool:
        """See `Program`."""
        files = [self._file("signature", signature), self._file("signer", in_armor(signer))]
        return run([self.program, "verify", *files], content, check=False).returncode == 0


class Sqop(Sop):
    """Sequoia's sqop."""

    executable = "sqop"


class Gosop(Sop):
    """Proton's gosop."""

    executable = "gosop"


PROGRAMS: dict[str, type[Program]] = {program.executable: program for program in (Gpg, Sq, Rnp, Sqop, Gosop)}


def armored(message: bytes) -> bytes:
    """A message in armor (RFC 9580 §6), whatever form a program gave it."""
    return message if message.startswith(BEGIN) else armor(message, MESSAGE)


def in_armor(certificate: bytes) -> bytes:
    """A certificate in armor, whatever form it has."""
    return certificate if certificate.startswith(BEGIN) else armor(certificate, CERTIFICATE)


def binary(certificate: bytes) -> bytes:
    """A certificate without armor, whatever form a program gave it."""
    return dearmor(certificate) if certificate.startswith(BEGIN) else certificate


def stop_agents(homes: Iterator[Path]) -> None:
    """End the agents that gpg started for these homes."""
    for home in homes:
        run(["gpgconf", "--homedir", home, "--kill", "all"], check=False)
