"""The certificate of a list: as a file, and in the Web Key Directory."""

from __future__ import annotations

import base64
import re
import subprocess
from typing import TYPE_CHECKING, Any

import pytest
from core_server import ARMORED
from peers import peer
from visitors import ANTS, People

from django_pgpmailman.roles import Role
from django_pgpmailman.wkd import dearmored, hash_of

if TYPE_CHECKING:
    from core_server import CoreServer

HASH = hash_of("ants")
DIRECT = f"/.well-known/openpgpkey/hu/{HASH}"
ADVANCED = f"/.well-known/openpgpkey/example.com/hu/{HASH}"


@pytest.fixture
def get(people: People, settings: Any) -> Any:
    """Ask for something on a host: ``get(path, "example.com")``."""
    settings.ALLOWED_HOSTS = ["example.com", "openpgpkey.example.com", "other.example.org", "testserver"]
    client = people.client(Role.EVERYBODY)
    return lambda path, host="testserver", **more: client.get(path, headers={"host": host}, **more)


def test_file(get: Any) -> None:
    """Everybody gets it as a file of its type."""
    response = get(f"/pgp/lists/{ANTS}/certificate.asc")
    assert response.content.decode() == ARMORED
    assert response["Content-Type"] == "application/pgp-keys"
    assert response["Content-Disposition"] == f'attachment; filename="{ANTS}.asc"'


def test_file_of_no_list(get: Any, mailman: CoreServer) -> None:
    """There is none of a plain list, and of none; the page says which."""
    mailman.mlist("plain@example.com", encrypted=False)
    for name, sentence in (("plain", "This list is not encrypted."), ("none", "There is no such list.")):
        response = get(f"/pgp/lists/{name}.example.com/certificate.asc")
        assert (response.status_code, sentence in response.content.decode()) == (404, True)


@pytest.mark.parametrize(
    ("path", "host"),
    [
        (DIRECT, "example.com"),
        (DIRECT, "example.com:8000"),
        (ADVANCED, "openpgpkey.example.com"),
        (ADVANCED, "other.example.org"),
        (ADVANCED.replace("example.com", "EXAMPLE.com"), "openpgpkey.example.com"),
    ],
)
def test_directory(get: Any, path: str, host: str) -> None:
    """Mail programs find the certificate, in binary, by both methods, and may be websites."""
    for local in ("ants", "Ants"):
        response = get(f"{path}?l={local}", host)
        assert response.status_code == 200
        assert response.content == b"hello"
        assert response["Content-Type"] == "application/octet-stream"
        assert response["Access-Control-Allow-Origin"] == "*"


@pytest.mark.parametrize(
    ("path", "host"),
    [
        (f"{DIRECT}?l=ants", "other.example.org"),
        (f"{ADVANCED}?l=bees", "openpgpkey.example.com"),
        (f"/.well-known/openpgpkey/example.com/hu/{hash_of('plain')}?l=plain", "openpgpkey.example.com"),
        (f"/.well-known/openpgpkey/example.com/hu/{hash_of('')}?l=", "openpgpkey.example.com"),
        (f"/.well-known/openpgpkey/example.com/hu/{hash_of('../x')}?l=../x", "openpgpkey.example.com"),
        (f"/.well-known/openpgpkey/../hu/{HASH}?l=ants", "openpgpkey.example.com"),
        (f"/.well-known/openpgpkey/..%2f/hu/{HASH}?l=ants", "openpgpkey.example.com"),
    ],
)
def test_directory_without(get: Any, mailman: CoreServer, path: str, host: str) -> None:
    """Nothing is found of a plain list, of another domain, by a digest of another name, nor by names that lead elsewhere."""
    mailman.mlist("plain@example.com", encrypted=False)
    response = get(path, host)
    assert response.status_code == 404
    assert b"hello" not in response.content


def test_directory_while_mailman_is_away(get: Any, settings: Any) -> None:
    """That nobody knows is not said as that there is none: a mail program would go on without encryption."""
    settings.MAILMAN_REST_API_URL = "http://127.0.0.1:9"
    assert get(f"{ADVANCED}?l=ants", "openpgpkey.example.com").status_code == 503


def test_policy(get: Any) -> None:
    """The file is there by which programs know that there is a directory."""
    for path in ("/.well-known/openpgpkey/policy", "/.well-known/openpgpkey/example.com/policy"):
        response = get(path)
        assert (response.status_code, response.content) == (200, b"")
        assert response["Access-Control-Allow-Origin"] == "*"


def test_digest_of_the_draft() -> None:
    """The draft's own example: Joe.Doe@example.org."""
    assert hash_of("Joe.Doe") == "iy9q119eutrkn8s1mk4r39qejnbu3n5q"


@pytest.mark.peer
def test_digest_of_others() -> None:
    """Sq asks for the same address."""
    said = subprocess.run(
        [peer("sq"), "wkd", "url", "Ants-And+Bees@example.com"], capture_output=True, text=True, check=True
    ).stdout
    assert re.search(r"/hu/([a-z0-9]{32})\?", said)[1] == hash_of("Ants-And+Bees")  # type: ignore[index]


@pytest.mark.parametrize(
    "armored",
    [
        "",
        "-----BEGIN PGP PUBLIC KEY BLOCK-----",
        ARMORED.replace("PUBLIC", "PRIVATE"),
        ARMORED.replace("hello", "h_llo")[:60],
    ],
)
def test_no_armor(armored: str) -> None:
    """What is no certificate in armor is refused, a secret key among it."""
    with pytest.raises(ValueError, match="no certificate"):
        dearmored(armored)


def test_armor() -> None:
    """Armor with headers, with the line ends of mail, with and without a checksum."""
    data = bytes(range(256))
    body = base64.encodebytes(data).decode()
    for text in (
        f"-----BEGIN PGP PUBLIC KEY BLOCK-----\nComment: x\n\n{body}=abcd\n-----END PGP PUBLIC KEY BLOCK-----\n",
        f"-----BEGIN PGP PUBLIC KEY BLOCK-----\n\n{body}-----END PGP PUBLIC KEY BLOCK-----",
    ):
        assert dearmored(text) == dearmored(text.replace("\n", "\r\n")) == data
