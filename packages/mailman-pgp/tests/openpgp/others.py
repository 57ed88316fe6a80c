"""Members with keys, and the other OpenPGP programs that they use."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Protocol

import pysequoia
from keys import DAY, ENCRYPT, Key, forge
from peers import peer

from mailman_pgp.openpgp import hybrid, listkeys
from mailman_pgp.openpgp.armor import PRIVATE_KEY, PUBLIC_KEY, armor
from mailman_pgp.openpgp.memberkeys import KeyKind, MemberKey
from mailman_pgp.openpgp.packets import Tag, packet, walk

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path


LIST_ADDRESSES = ("ants@example.com", "ants-request@example.com", "ants-owner@example.com")


@dataclass(frozen=True)
class Member:
    """A member with a secret key (binary)."""

    address: str
    secret: bytes

    @property
    def certificate(self) -> bytes:
        """Its certificate, binary."""
        return bytes(pysequoia.Tsk.from_bytes(self.secret).extract_certificate())


def make_member(
    address: str,
    suite: pysequoia.CipherSuite = pysequoia.CipherSuite.Cv25519,
    profile: pysequoia.Profile = pysequoia.Profile.RFC4880,
) -> Member:
    """A member whose key says nothing about SEIPDv2 when it is of version 4, as most keys in the world."""
    if suite == pysequoia.CipherSuite.Cv25519 and profile == pysequoia.Profile.RFC4880:
        return Member(address, listkeys.generate("", [address]).secret)
    made = pysequoia.Tsk.generate(f"<{address}>", cipher_suite=suite, profile=profile)
    return Member(address, bytes(made))


@dataclass(frozen=True)
class RawKey(Key):
    """A public key of any algorithm, by its packet body."""

    raw: bytes = b""

    def __init__(self, raw: bytes) -> None:
        object.__setattr__(self, "raw", raw)
        object.__setattr__(self, "created", int.from_bytes(raw[1:5], "big"))

    @property
    def body(self) -> bytes:
        """The body of its packet."""
        return self.raw


def make_rsa_member_without_seipd2(address: str) -> Member:
    """A member with an RSA encryption subkey below a primary key that takes SEIPDv1 only."""
    tsk = pysequoia.Tsk.generate("x", cipher_suite=pysequoia.CipherSuite.RSA2k, profile=pysequoia.Profile.RFC4880)
    public = [one for one in walk(bytes(tsk.extract_certificate())) if one.tag == Tag.PUBLIC_SUBKEY][-1]
    secret = [one for one in walk(bytes(tsk)) if one.tag == Tag.SECRET_SUBKEY][-1]
    made = forge(address)
    made.bind(RawKey(public.body), ENCRYPT)
    (binding,) = made.subkeys[0].signatures
    bare = replace(made, subkeys=[])
    return Member(address, bare.secret + packet(Tag.SECRET_SUBKEY, secret.body) + binding)


def made_of_version_6_and_ml_kem(name: str, addresses: Sequence[str]) -> bytes:
    """A secret key for a list as no program here makes one: of version 6, which signs by Ed25519, with ML-KEM-768 alone to encrypt to."""
    member = MemberKey.generate("<x@example.com>", KeyKind.POST_QUANTUM)
    public, secret = (
        next(one.body for one in walk(data) if one.tag == tag and hybrid.is_hybrid(one.body))
        for data, tag in ((member.certificate, Tag.PUBLIC_SUBKEY), (member.secret, Tag.SECRET_SUBKEY))
    )
    created = int.from_bytes(public[1:5], "big")
    pairs = listkeys._drawn(pysequoia.Tsk.generate("x", profile=pysequoia.Profile.RFC9580), created)
    user_ids = listkeys.user_ids_of(name, addresses)
    return listkeys._bound_anew(replace(pairs, encrypting=(public, secret)), user_ids, created, 900 * DAY)


@dataclass(frozen=True)
class Opening:
    """What another program made of a message: its content, and whether it says the signature is good."""

    content: bytes
    good: bool


class Peer(Protocol):
    """Another OpenPGP program with a home of its own."""

    def open(self, message: bytes, secret: bytes, signer: bytes | None) -> Opening:
        """Open the armored `message` with a secret key, and verify it with the certificate `signer` if there is one."""

    def encrypt(self, text: bytes, certificate: bytes, address: str) -> bytes:
        """Encrypt to a certificate as the program does by default."""


def run(command: list[str | Path], data: bytes = b"", *, check: bool = True) -> subprocess.CompletedProcess[bytes]:
    """Run a program; when it fails, what it said is in the error."""
    done = subprocess.run(command, input=data, capture_output=True, check=False, timeout=300)
    if check and done.returncode:
        raise AssertionError(f"{command} ended with {done.returncode}: {done.stderr.decode(errors='replace')}")
    return done


class Gpg:
    """GnuPG."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.program = peer("gpg")

    def __call__(
        self, *arguments: str | Path, data: bytes = b"", check: bool = True
    ) -> subprocess.CompletedProcess[bytes]:
        """Run gpg with its status lines on standard error."""
        command = [self.program, "--homedir", self.home, "--batch", "--yes", "--no-auto-key-locate", "--status-fd", "2"]
        return run([*command, "--pinentry-mode", "loopback", "--passphrase", "", *arguments], data, check=check)

    def open(self, message: bytes, secret: bytes, signer: bytes | None) -> Opening:
        """See `Peer`."""
        self("--import", data=secret)
        if signer is not None:
            self("--import", data=signer)
        done = self("--decrypt", data=message)
        return Opening(done.stdout, b"[GNUPG:] GOODSIG " in done.stderr)

    def encrypt(self, text: bytes, certificate: bytes, address: str) -> bytes:
        """See `Peer`."""
        self("--import", data=certificate)
        return self("--trust-model", "always", "--recipient", address, "--encrypt", data=text).stdout


class Sq:
    """Sequoia's sq."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.program = peer("sq")

    def run(self, *arguments: str | Path, data: bytes = b"") -> subprocess.CompletedProcess[bytes]:
        """Run sq."""
        return run([self.program, *arguments], data)

    def open(self, message: bytes, secret: bytes, signer: bytes | None) -> Opening:
        """See `Peer`."""
        (self.home / "key").write_bytes(secret)
        keys: list[str | Path] = ["--recipient-key", self.home / "key"]
        if signer is not None:
            (self.home / "signer").write_bytes(signer)
            keys += ["--signer-cert", self.home / "signer"]
        done = self.run("decrypt", *keys, data=message)
        return Opening(done.stdout, b"Good signature" in done.stderr)

    def encrypt(self, text: bytes, certificate: bytes, address: str) -> bytes:  # noqa: ARG002 - sq needs no address
        """See `Peer`."""
        (self.home / "certificate").write_bytes(certificate)
        return self.run("encrypt", "--recipient-cert", self.home / "certificate", data=text).stdout


class Rnp:
    """RNP, Thunderbird's library."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.program = peer("rnp")
        self.keys = peer("rnpkeys")

    def load(self, data: bytes) -> None:
        """Import keys or certificates."""
        (self.home / "import").write_bytes(data)
        run([self.keys, "--homedir", self.home, "--import", self.home / "import"])

    def list_keys(self) -> bytes:
        """What rnpkeys shows of all keys."""
        return run([self.keys, "--homedir", self.home, "--list-keys"]).stdout

    def open(self, message: bytes, secret: bytes, signer: bytes | None) -> Opening:
        """See `Peer`."""
        self.load(secret)
        if signer is not None:
            self.load(signer)
        (self.home / "in").write_bytes(message)
        files = ["--output", self.home / "out", "--overwrite", self.home / "in"]
        done = run([self.program, "--homedir", self.home, "--notty", "--password", "", "--decrypt", *files])
        return Opening((self.home / "out").read_bytes(), b"Good signature" in done.stdout + done.stderr)

    def encrypt(self, text: bytes, certificate: bytes, address: str) -> bytes:
        """See `Peer`."""
        self.load(certificate)
        (self.home / "in").write_bytes(text)
        files = ["--output", self.home / "out", "--overwrite", self.home / "in"]
        run([self.program, "--homedir", self.home, "--notty", "--recipient", address, "--encrypt", *files])
        return (self.home / "out").read_bytes()


class Sop:
    """A program with the Stateless OpenPGP interface."""

    def __init__(self, home: Path, program: str) -> None:
        self.home = home
        self.program = peer(program)

    def _write(self, name: str, data: bytes, kind: str) -> Path:
        path = self.home / name
        path.write_bytes(armor(data, kind))
        return path

    def open(self, message: bytes, secret: bytes, signer: bytes | None) -> Opening:
        """See `Peer`."""
        verifications = self.home / "verifications"
        verifications.unlink(missing_ok=True)
        options = []
        if signer is not None:
            options.append(f"--verify-with={self._write('signer', signer, PUBLIC_KEY)}")
            options.append(f"{self._verifications_option()}={verifications}")
        key = self._write("key", secret, PRIVATE_KEY)
        done = run([self.program, "decrypt", *options, key], message)
        return Opening(done.stdout, verifications.exists() and bool(verifications.read_bytes().strip()))

    def _verifications_option(self) -> str:
        """Its name differs between the drafts of the interface."""
        done = run([self.program, "decrypt", "--help"], check=False)
        return "--verifications-out" if b"verifications-out" in done.stdout + done.stderr else "--verify-out"

    def encrypt(self, text: bytes, certificate: bytes, address: str) -> bytes:  # noqa: ARG002 - it needs no address
        """See `Peer`."""
        return run([self.program, "encrypt", self._write("certificate", certificate, PUBLIC_KEY)], text).stdout
