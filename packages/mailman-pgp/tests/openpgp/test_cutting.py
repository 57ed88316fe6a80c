"""A post is encrypted once, and cut into copies that share what they can; nothing unexpected is cut."""

from __future__ import annotations

import base64
import subprocess
import sys
import textwrap
from typing import TYPE_CHECKING

import pysequoia
import pytest
from copies import TEXT, of, opened, parts, recipient
from hypothesis import given, settings
from hypothesis import strategies as st
from keys import DAY, ENCRYPT, Key, forge_usable, now
from others import make_member

from mailman_pgp.openpgp.errors import OpenPGPError
from mailman_pgp.openpgp.fanout import fan_out
from mailman_pgp.openpgp.packets import Tag, packet, walk

if TYPE_CHECKING:
    from keys import Forged
    from others import Member

    from mailman_pgp.openpgp.fanout import Recipient
    from mailman_pgp.openpgp.listkeys import ListSecretKey


def test_there_is_one_encryption_for_all(
    anne: Member, bart: Member, list_signer: ListSecretKey, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The payload is signed and encrypted once, and the copies share what is common, as one object."""
    calls = []
    encrypt = pysequoia.encrypt
    monkeypatch.setattr(pysequoia, "encrypt", lambda *args, **kwargs: calls.append(1) or encrypt(*args, **kwargs))
    one, two = fan_out(TEXT, of(anne, bart), list_signer)
    assert calls == [1]
    assert one.tail is two.tail
    assert parts(one)[1].body == parts(two)[1].body


def test_tails_are_shared_where_lines_fall_alike(list_signer: ListSecretKey) -> None:
    """The tail depends only on the length of the session keys modulo the 48 bytes of a line."""
    members = [forge_usable(f"m{number}@example.com") for number in range(4)]
    for count, made in enumerate(members):
        for _ in range(count):
            made.bind(Key.encrypting(now() - DAY), ENCRYPT)
    suites = [pysequoia.CipherSuite.P256, pysequoia.CipherSuite.P384]
    others = [make_member(f"{suite}@example.com".lower(), suite) for suite in suites]
    recipients = [recipient("m@example.com", made.public) for made in members]
    recipients += [one._replace(address="o@example.com") for one in of(*others)]
    tails: dict[tuple[int, int], bytes] = {}
    for copy in fan_out(TEXT * 50, recipients, list_signer):
        keys, seipd = parts(copy)
        tail = tails.setdefault((seipd.body[0], keys[-1].end % 48), copy.tail)
        assert tail is copy.tail
    assert 1 < len(tails) < len(recipients)


def test_there_is_one_tail_at_a_time(anne: Member, list_signer: ListSecretKey) -> None:
    """A tail is as large as the post: the one before is let go when the next one is made."""
    suites = [pysequoia.CipherSuite.P256, pysequoia.CipherSuite.P384]
    members = of(anne, *(make_member(f"{suite}@example.com".lower(), suite) for suite in suites))
    copies = fan_out(TEXT, [*members, *members], list_signer)
    tail, tails = next(copies).tail, 1
    for copy in copies:
        if copy.tail is not tail:
            assert sys.getrefcount(tail) == 2  # ours, and that of the question
            tail, tails = copy.tail, tails + 1
    assert tails > 1


@pytest.fixture(scope="module")
def everybody_of_all_time(anne: Member, cris: Member, dora: Member, rita: Member, two_keys: Forged) -> list[Recipient]:
    """Recipients whose session keys have different lengths, in both feature groups."""
    return [*of(anne, cris, dora, rita), recipient("eva@example.com", two_keys.public)]


@settings(max_examples=60)
@given(payload=st.binary(max_size=400))
def test_a_copy_is_one_block_of_armor(
    payload: bytes, everybody_of_all_time: list[Recipient], list_signer: ListSecretKey
) -> None:
    """CRLF, 64 columns, no line that SMTP would change; what is inside is one whole message, whatever its length."""
    for copy in fan_out(payload, everybody_of_all_time, list_signer):
        text = copy.head + copy.tail
        lines = text.split(b"\r\n")
        assert b"\n" not in b"".join(lines)
        assert lines[:2] == [b"-----BEGIN PGP MESSAGE-----", b""]
        assert lines[-2:] == [b"-----END PGP MESSAGE-----", b""]
        body = lines[2:-2]
        assert {len(line) for line in body[:-1]} <= {64}
        assert 0 < len(body[-1]) <= 64
        assert copy.head.endswith(b"\r\n")
        _keys, seipd = parts(copy)
        assert seipd.end == len(base64.b64decode(b"".join(body), validate=True))
        if seipd.body[0] == 1:
            # gpg 2.2 takes the END line for base64 where neither padding nor a checksum stands before it.
            assert body[-1].endswith(b"=")


def test_large_posts_are_cut_too(anne: Member, bart: Member, list_signer: ListSecretKey) -> None:
    """Where the library writes partial lengths."""
    payload = bytes(range(256)) * 12_000
    one, two = fan_out(payload, of(anne, bart), list_signer)
    assert opened(one, anne.secret, list_signer) == payload
    assert opened(two, bart.secret, list_signer) == payload
    assert one.tail is two.tail


def _spoil(message: bytes, how: str) -> bytes:
    *keys, seipd = walk(message)
    raw = [message[one.start : one.end] for one in (*keys, seipd)]
    match how:
        case "a key is missing":
            return b"".join(raw[1:])
        case "a key is doubled":
            return raw[0] + b"".join(raw)
        case "there is a key too many":
            return packet(Tag.PKESK, b"\x03" + bytes(range(8)) + b"\x12") + b"".join(raw)
        case "there is no data":
            return b"".join(raw[:-1])
        case "there is something behind the data":
            return b"".join(raw) + packet(Tag.LITERAL, b"b\0\0\0\0\0text")
        case "there is other data":
            return b"".join(raw[:-1]) + packet(Tag.SED, b"\1" + bytes(40))
        case _:
            return b"".join(raw[:-1]) + packet(Tag.SEIPD, b"\2" + bytes(60))


@pytest.mark.parametrize(
    "how",
    [
        "a key is missing",
        "a key is doubled",
        "there is a key too many",
        "there is no data",
        "there is something behind the data",
        "there is other data",
        "the data is of another version",
    ],
)
def test_nothing_unexpected_is_cut(
    how: str, anne: Member, bart: Member, list_signer: ListSecretKey, monkeypatch: pytest.MonkeyPatch
) -> None:
    """When the library writes anything but a session key for each and one packet of data, nobody gets anything."""
    encrypt = pysequoia.encrypt

    def spoilt(data: bytes, *args: object, **kwargs: object) -> bytes:
        message = encrypt(data, *args, **kwargs)
        return _spoil(message, how) if data else message

    monkeypatch.setattr(pysequoia, "encrypt", spoilt)
    with pytest.raises(OpenPGPError):
        fan_out(TEXT, of(anne, bart), list_signer)


def test_forked_processes_do_not_repeat_each_other(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Runners are forked; a random generator copied by the fork would give two posts one session key."""
    script = textwrap.dedent("""
        import os, sys
        import pysequoia
        tsk = pysequoia.Tsk.generate("a@example.com")
        cert = tsk.extract_certificate()
        pysequoia.encrypt(b"", [cert], signer=tsk.signer())
        for _ in range(3):
            if not os.fork():
                message = pysequoia.encrypt(b"", [cert], armor=False)
                os.write(1, message.hex().encode() + b"\\n")
                os._exit(0)
        for _ in range(3):
            os.wait()
    """)
    home = tmp_path_factory.mktemp("fork")
    done = subprocess.run([sys.executable, "-c", script], cwd=home, capture_output=True, check=True, timeout=300)
    messages = [bytes.fromhex(line.decode()) for line in done.stdout.split()]
    assert len({bytes(next(walk(message)).body) for message in messages}) == 3
    # The end of the encapsulated key, and the salt of the data, would be alike.
    assert len({list(walk(message))[-1].body[:40] for message in messages}) == 3
