"""What is uploaded is taken apart before it is sent on: no secret key, one key, and which."""

from __future__ import annotations

import base64
import re
import time
from typing import TYPE_CHECKING

import pytest

from mailman_pgp.openpgp import armor, inspect, read_certificate
from mailman_pgp.openpgp.memberkeys import KeyKind, MemberKey

if TYPE_CHECKING:
    from collections.abc import Iterator

    from website import Website

PUBLIC, PRIVATE = "PGP PUBLIC KEY BLOCK", "PGP PRIVATE KEY BLOCK"
KEY = MemberKey.generate("Anne <anne@example.com>")
OTHER = MemberKey.generate("Bart <bart@example.com>")
REVOCATION = bytes.fromhex("c2050420000000")  # the packet of a signature; what is in it nobody looks at here
SECRETS = {
    "binary": KEY.secret,
    "armored": armor(KEY.secret, PRIVATE),
    "as a public one": armor(KEY.secret, PUBLIC),
    "in lower case": armor(KEY.secret, PRIVATE).lower(),
    "after a public one": armor(KEY.certificate, PUBLIC) + armor(KEY.secret, PRIVATE),
    "binary, after a public one": KEY.certificate + KEY.secret,
    "a part of one": armor(KEY.secret, PRIVATE)[:100],
    "UTF-16": armor(KEY.secret, PRIVATE).decode().encode("utf-16"),
    "of SSH": b"-----BEGIN OPENSSH PRIVATE KEY-----\nAAAA\n-----END OPENSSH PRIVATE KEY-----\n",
    "of TLS": b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n",
    "of gpg's folder": b"Key: (protected-private-key (ecc (curve Ed25519)(flags eddsa)))\n",
    "of gpg's old folder": b"(21:protected-private-key(3:rsa(1:n1:a)(1:e1:b)))",
    "its subkeys": KEY.certificate + bytes.fromhex("c70104"),
}
DAMAGED = b"-----BEGIN PGP PUBLIC KEY BLOCK-----\n\n*\n-----END PGP PUBLIC KEY BLOCK-----\n"
HIDDEN = {
    **SECRETS,
    "after a damaged one": DAMAGED + armor(KEY.secret, PUBLIC),
    "without its end": KEY.secret[:20],
    "among many": armor(KEY.certificate, PUBLIC) + armor(OTHER.certificate + KEY.secret, PUBLIC),
}
REFUSED = {
    "nothing": (b"\0", "no OpenPGP key"),
    "a picture": (b"\x89PNG\r\n\x1a\n" + bytes(100), "damaged|no OpenPGP key"),
    "a text": (b"Here is my key.", "no OpenPGP key"),
    "a message": (armor(KEY.write(b"Hello", KEY.certificate), "PGP MESSAGE"), "no OpenPGP key|damaged"),
    "two keys": (KEY.certificate + OTHER.certificate, "more than one key"),
    "two blocks": (armor(KEY.certificate, PUBLIC) + armor(OTHER.certificate, PUBLIC), "more than one key"),
    "a part": (KEY.certificate[:-10], "damaged"),
    "a part of the armor": (armor(KEY.certificate, PUBLIC)[:-60], "damaged"),
    "no base64": (DAMAGED, "damaged"),
    "an empty block": (
        b"-----BEGIN PGP PUBLIC KEY BLOCK-----\n\n-----END PGP PUBLIC KEY BLOCK-----\n",
        "no OpenPGP key",
    ),
    "version 3": (bytes.fromhex("c60403000000"), "kind that is not used"),
    "without end": (bytes.fromhex("9b04"), "damaged"),
    "in parts": (bytes.fromhex("c6e004"), "damaged"),
    "too long": (KEY.certificate + bytes.fromhex("d1ff00100000") + bytes(2**20), "1 MiB"),
}


@pytest.fixture(autouse=True)
def _in_english(web: Website) -> Iterator[None]:
    from django.utils import translation  # noqa: PLC0415 - Django must be ready

    assert web
    with translation.override("en"):
        yield


@pytest.mark.parametrize("kind", list(KeyKind))
def test_certificates(kind: KeyKind) -> None:
    """A certificate is known by its own fingerprint, binary and armored, with what stands around it; what is sent on is that certificate."""
    from django_pgpmailman import uploads  # noqa: PLC0415 - Django must be ready

    key = MemberKey.generate("Anne <anne@example.com>", kind)
    armored = armor(key.certificate, PUBLIC)
    with_head = armored.replace(b"-----\n\n", b"-----\nComment: Anne\n\n", 1)
    for data in (
        key.certificate,
        armored,
        with_head,
        armored.replace(b"\n", b"\r\n"),
        b"Here it is:\n" + armored + b"Anne",
    ):
        found = uploads.read(data)
        assert found.fingerprint == inspect(key.certificate).fingerprint
        assert read_certificate(found.armored.encode()).fingerprint == found.fingerprint
        assert re.search(r"[A-Za-z0-9+/]{20}", repr(found)) is None or found.fingerprint in repr(found)
        assert uploads.read(found.armored.encode()) == found


def test_revocation() -> None:
    """A revocation alone is taken for one."""
    from django_pgpmailman import uploads  # noqa: PLC0415 - Django must be ready

    found = uploads.read(REVOCATION)
    assert found.fingerprint == ""
    assert base64.b64encode(REVOCATION).decode() in found.armored


@pytest.mark.parametrize("name", SECRETS)
def test_secret_keys(name: str) -> None:
    """A secret key is refused in every dress, and nothing of it is in the error."""
    from django_pgpmailman import uploads  # noqa: PLC0415 - Django must be ready

    with pytest.raises(uploads.UploadError) as refused:
        uploads.read(SECRETS[name])
    assert "This is a secret key" in str(refused.value.sentence)
    assert (str(refused.value), refused.value.args) == (str(refused.value.sentence), ())


@pytest.mark.parametrize("name", REFUSED)
def test_other_things(name: str) -> None:
    """What is no whole certificate is refused, with a sentence that says what to do."""
    from django_pgpmailman import uploads  # noqa: PLC0415 - Django must be ready

    data, sentence = REFUSED[name]
    with pytest.raises(uploads.UploadError) as refused:
        uploads.read(data)
    assert re.search(sentence, str(refused.value.sentence))


def test_long_nonsense() -> None:
    """What is made to take long does not."""
    from django_pgpmailman import uploads  # noqa: PLC0415 - Django must be ready

    begin = b"-----BEGIN PGP PUBLIC KEY BLOCK-----\n"
    started = time.process_time()
    for data in (begin + b"\n" * 2**21, begin * 50_000, begin + b":\n" * 2**20, b"\xc6\x00" * 2**19):
        with pytest.raises(uploads.UploadError):
            uploads.read(data)
    assert time.process_time() - started < 20


@pytest.mark.parametrize("secret", HIDDEN.values(), ids=list(HIDDEN))
def test_secret_keys_among_many(secret: bytes) -> None:
    """Where the keys of many people are taken, a secret one is found in every dress, too; public ones pass."""
    from django_pgpmailman import uploads  # noqa: PLC0415 - Django must be ready

    with pytest.raises(uploads.UploadError) as refused:
        uploads.refuse_secret(secret)
    assert "This is a secret key" in str(refused.value)
    uploads.refuse_secret(armor(KEY.certificate, PUBLIC) + armor(OTHER.certificate, PUBLIC))


def test_word_in_a_name() -> None:
    """Who calls their key by a word of secret keys has a public one all the same."""
    from django_pgpmailman import uploads  # noqa: PLC0415 - Django must be ready

    key = MemberKey.generate("Anne (private-key of 2026) <anne@example.com>")
    uploads.refuse_secret(key.certificate)
    assert uploads.read(key.certificate).fingerprint
