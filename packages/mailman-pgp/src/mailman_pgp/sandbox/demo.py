"""The demonstration: one post to an encrypted list, told as a story.

    python -m mailman_pgp.sandbox.demo [DIRECTORY]

Everything is real: the stock master process, LMTP in, SMTP out, and members who open what they get with their own keys.
Ends with status 0 when each step did what the story says, and with 1 and a sentence when one did not.
"""

from __future__ import annotations

import email
import email.policy
import shutil
import sys
import textwrap
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from mailman_pgp.openpgp import dearmor, grouped
from mailman_pgp.openpgp.memberkeys import KeyKind, MemberKey
from mailman_pgp.sandbox.client import Sandbox
from mailman_pgp.sandbox.gnupg import GnuPG
from mailman_pgp.sandbox.polling import until
from mailman_pgp.sandbox.service import Runners
from mailman_pgp.sandbox.supervisor import SandboxError

if TYPE_CHECKING:
    from collections.abc import Callable

LIST = "newsroom@example.com"
SUBJECT = "Kestrel: the documents are here"
BODY = "The source behind Kestrel hands over on Tuesday. Keep this off the phone."
# Words that stand in the post alone: wherever one is found, something leaked.
CANARIES = ("Kestrel", "hands over on Tuesday")
ANNE, BART, CRIS = "anne@example.com", "bart@example.com", "cris@example.com"


class DemoError(Exception):
    """A step did not do what the story says; the text is the sentence for the person."""


@dataclass(frozen=True, slots=True)
class Member:
    """A member of the demonstration's list, and how they open their mail."""

    address: str
    name: str
    kind: str
    certificate: bytes
    fingerprint: str
    # (armored message, list certificate) -> content, and whether the list signed it
    read: Callable[[bytes, bytes], tuple[bytes, bool]]
    # (content, list certificate) -> armored message, encrypted to the list and signed
    write: Callable[[bytes, bytes], bytes]


def main() -> int:
    """Run the demonstration; returns the exit status."""
    directory = Path(sys.argv[1] if len(sys.argv) > 1 else ".demo").resolve()
    begun = time.monotonic()
    try:
        _play(directory)
    except (DemoError, SandboxError, TimeoutError) as error:
        print(f"\nThe demonstration failed: {error}\nThe logs are in {directory / 'var' / 'logs'}.", file=sys.stderr)
        return 1
    print(f"\nThe end, after {time.monotonic() - begun:.0f} seconds. Everything lies in {directory}.")
    return 0


def _play(directory: Path) -> None:
    if directory.exists() and not (directory / "keys").is_dir() and any(directory.iterdir()):
        raise DemoError(f"{directory} is not empty and not a demonstration's. Name another directory.")
    shutil.rmtree(directory, ignore_errors=True)
    _title("An encrypted mailing list on a stock GNU Mailman")
    with ThreadPoolExecutor(max_workers=1) as background:
        members_ready = background.submit(_make_members, directory)
        _say(
            "Starting Mailman: its master process and twelve runners, LMTP in, SMTP out to a receiver in this directory."
        )
        with Sandbox(directory, runners=Runners.MASTER) as sandbox:
            _say(f"Mailman is up: {len(sandbox.pids())} processes.")
            list_certificate = _make_list(sandbox)
            _say("Three members make their keys, each with a program and of a kind of their own.")
            members = members_ready.result()
            _join(sandbox, directory, members)
            _post(sandbox, members[0], list_certificate)
            _show(sandbox, members, list_certificate)
            _refuse(sandbox)


def _make_members(directory: Path) -> list[Member]:
    return [
        _gnupg_member(directory) or _member(ANNE, "Anne", KeyKind.CURVE25519),
        _member(BART, "Bart", KeyKind.RSA),
        _member(CRIS, "Cris", KeyKind.V6),
    ]


def _member(address: str, name: str, kind: KeyKind) -> Member:
    key = MemberKey.generate(f"{name} <{address}>", kind)

    def read(message: bytes, list_certificate: bytes) -> tuple[bytes, bool]:
        found = key.read(message, list_certificate)
        return found.content, found.signed_by is not None

    return Member(address, name, str(kind), key.certificate, key.fingerprint, read, key.write)


def _gnupg_member(directory: Path) -> Member | None:
    """Anne uses GnuPG, where there is one."""
    gnupg = GnuPG.find(directory / "anne")
    if gnupg is None:
        return None
    fingerprint = gnupg.generate(f"Anne <{ANNE}>")
    certificate = gnupg.export(fingerprint)
    return Member(ANNE, "Anne", "Curve25519, made by GnuPG", certificate, fingerprint, gnupg.read, gnupg.write)


def _make_list(sandbox: Sandbox) -> bytes:
    sandbox.rest.create_list(LIST)
    _mailman(sandbox, "pgp", "enable", LIST)
    armored = _mailman(sandbox, "pgp", "list-key", "export", LIST)
    certificate = dearmor(armored.encode())
    _say(f"The list {LIST} is encrypted now, and has a key:")
    _quote(_mailman(sandbox, "pgp", "list-key", "show", LIST))
    return certificate


def _join(sandbox: Sandbox, directory: Path, members: list[Member]) -> None:
    for member in members:
        path = directory / f"{member.name.lower()}.pgp"
        path.write_bytes(member.certificate)
        _mailman(sandbox, "pgp", "certificate", "add", LIST, member.address, str(path))
        sandbox.rest.subscribe(LIST.replace("@", "."), member.address, member.name)
        print(f"    {member.name:5} {member.kind:32} {grouped(member.fingerprint)[:49]}")


def _post(sandbox: Sandbox, author: Member, list_certificate: bytes) -> None:
    _say(f"{author.name} writes to the list. Only what a mail program puts outside the encryption can be seen:")
    inner = (
        'Content-Type: text/plain; charset="utf-8"; hp="cipher"; protected-headers="v1"\n'
        f"From: {author.name} <{author.address}>\nTo: {LIST}\nSubject: {SUBJECT}\n\n{BODY}\n"
    ).encode()
    ciphertext = author.write(inner, list_certificate).decode("ascii")
    post = (
        f"From: {author.address}\nTo: {LIST}\nSubject: ...\nMessage-ID: <one@example.com>\nMIME-Version: 1.0\n"
        'Content-Type: multipart/encrypted; protocol="application/pgp-encrypted"; boundary="b"\n\n'
        "--b\nContent-Type: application/pgp-encrypted\n\nVersion: 1\n\n"
        f"--b\nContent-Type: application/octet-stream\n\n{ciphertext}\n--b--\n"
    )
    _quote("\n".join([*post.splitlines()[:8], *ciphertext.splitlines()[:4], "…"]))
    with sandbox.paused("out"):
        sandbox.lmtp_send(author.address, LIST, post.encode())
        until(lambda: len(sandbox.queue("out")) > 0, "the post in the queue `out`")
        _say(
            "Mailman has opened the post, checked the signature and written the payload. Before it leaves, a look at the disk:"
        )
        _look_at_disk(sandbox)


def _look_at_disk(sandbox: Sandbox) -> None:
    var = sandbox.place.var
    files = [path for path in sorted(var.rglob("*")) if path.is_file()]
    contents = {path: path.read_bytes() for path in files}
    for word in CANARIES:
        leaks = [path for path, content in contents.items() if word.encode() in content]
        if leaks:
            raise DemoError(f"The word {word!r} of the post stands in {leaks[0]}.")
    # A search that finds nothing proves nothing unless it can find something.
    if not any(LIST.encode() in content for content in contents.values()):
        raise DemoError("The search of the disk does not even find the list's name.")
    (entry,) = sandbox.queue("out")
    content = contents.get(entry) or entry.read_bytes()
    print(f"    {len(files)} files, {sum(map(len, contents.values())) // 1024} kB: no word of the post in any of them.")
    print(f"    The post itself, {entry.name[:28]}… in the queue `out`, begins its sealed content with")
    sealed = content.find(b"sealed") + 8
    _quote(" ".join(f"{byte:02x}" for byte in content[sealed : sealed + 24]) + " …")


def _show(sandbox: Sandbox, members: list[Member], list_certificate: bytes) -> None:
    _say("Each member has a copy of their own. This is what came, and what it says when its owner opens it:")
    for member in members:
        (kept,) = sandbox.mail_for(member.address)
        armored = _armored_part(kept.content)
        for word in CANARIES:
            if word.encode() in kept.content:
                raise DemoError(f"The copy of {member.name} shows the word {word!r} to everybody.")
        content, signed = member.read(armored, list_certificate)
        if not signed:
            raise DemoError(f"The copy of {member.name} is not signed by the list.")
        inside = email.message_from_bytes(content, policy=email.policy.default)
        if SUBJECT not in str(inside["subject"]) or BODY.encode() not in content:
            raise DemoError(f"{member.name} opened the copy, and the post is not in it.")
        print(f"\n  {member.name}, {member.kind}")
        print(f"    outside   Subject: {kept.message['subject']}   From: {kept.message['from']}")
        print(f"    inside    Subject: {inside['subject']}")
        print(f"              From: {inside['from']}")
        print("              signed by the list: yes")
        for part in inside.walk():
            if part.get_content_type() == "text/plain":
                _quote(str(part.get_content()).strip(), indent=14)


def _refuse(sandbox: Sandbox) -> None:
    _say("And when somebody forgets to encrypt? The post is refused with a sentence, and not quoted:")
    plain = (
        f"From: {BART}\nTo: {LIST}\nSubject: oops\nMessage-ID: <two@example.com>\n\nThis should have been encrypted.\n"
    )
    sandbox.lmtp_send(BART, LIST, plain.encode())
    answer = sandbox.mail_for(BART, count=2)[1]
    if b"should have been encrypted" in answer.content:
        raise DemoError("The refusal quotes the post.")
    print(f"    Subject (outside): {answer.message['subject']}")
    _quote(_mailman(sandbox, "pgp", "status", LIST, allowed=(0, 1)))


def _armored_part(message: bytes) -> bytes:
    begin = message.index(b"-----BEGIN PGP MESSAGE-----")
    end = message.index(b"-----END PGP MESSAGE-----")
    return message[begin:end] + b"-----END PGP MESSAGE-----\n"


def _mailman(sandbox: Sandbox, *arguments: str, allowed: tuple[int, ...] = (0,)) -> str:
    done = sandbox.mailman(*arguments)
    if done.returncode not in allowed:
        raise DemoError(f"`mailman {' '.join(arguments)}` says: {(done.stderr or done.stdout).strip()}")
    return done.stdout


def _title(text: str) -> None:
    print(f"\n{text}\n{'=' * len(text)}")


def _say(text: str) -> None:
    print("\n" + textwrap.fill(text, 100), flush=True)


def _quote(text: str, indent: int = 4) -> None:
    print(textwrap.indent(text.rstrip(), " " * indent), flush=True)


if __name__ == "__main__":
    sys.exit(main())
