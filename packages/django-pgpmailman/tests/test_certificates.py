"""The certificate of a list: as a file, and in the Web Key Directory."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from core_answers import ARMORED, BINARY
from visitors import ANTS, People

from django_pgpmailman.roles import Role

if TYPE_CHECKING:
    from core_server import CoreServer

NAME = "ants-in-z-base-32"
DIRECT = f"/.well-known/openpgpkey/hu/{NAME}"
ADVANCED = f"/.well-known/openpgpkey/example.com/hu/{NAME}"


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


def asked_the_same(get: Any, path: str, *names: str) -> list[Any]:
    """What is answered about each name, without the name itself."""
    found = []
    for name in names:
        response = get(path.replace("ants", name), "example.com")
        headers = {key: value for key, value in response.items() if key != "Expires"}  # it is now
        found.append((response.status_code, response.content.decode("latin-1").replace(name, "ants"), headers))
    return found


@pytest.mark.parametrize("path", [f"/pgp/lists/{ANTS}/certificate.asc", DIRECT, ADVANCED])
def test_of_no_list(get: Any, mailman: CoreServer, path: str) -> None:
    """Whether there is no list of a name, or a plain one, is not to be told apart: not by the status, the page, or a header."""
    mailman.mlist("wasp@example.com", encrypted=False)
    plain, none = asked_the_same(get, path, "wasp", "moth")
    assert plain == none
    assert plain[0] == 404
    assert "no-store" in plain[2]["Cache-Control"]
    (found,) = asked_the_same(get, path, "ants")
    assert found[0] == 200


@pytest.mark.parametrize(
    "path", [f"/pgp/lists/{ANTS}/certificate.asc", DIRECT, ADVANCED, DIRECT.replace(f"hu/{NAME}", "policy")]
)
def test_kept_for_a_short_while(get: Any, mailman: CoreServer, path: str) -> None:
    """Caches may keep what is the same for everybody for some minutes, and that there is nothing, or nobody knows, not at all."""
    assert get(path, "example.com")["Cache-Control"] == "public, max-age=300"
    if "policy" not in path:
        mailman.plugin = False
        assert "no-store" in get(path, "example.com")["Cache-Control"]


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
    for query in ("", "?l=ants", "?l=bees"):
        response = get(f"{path}{query}", host)
        assert response.status_code == 200
        assert response.content == BINARY
        assert response["Content-Type"] == "application/octet-stream"
        assert response["Access-Control-Allow-Origin"] == "*"


@pytest.mark.parametrize(
    ("path", "host"),
    [
        (DIRECT, "other.example.org"),
        (ADVANCED.replace("example.com", "other.example.org"), "openpgpkey.example.com"),
        (ADVANCED.replace("ants", "plain"), "openpgpkey.example.com"),
        (ADVANCED.replace("ants", "none"), "openpgpkey.example.com"),
        (ADVANCED.replace("example.com", ".."), "openpgpkey.example.com"),
        (ADVANCED.replace("example.com", "..%2f"), "openpgpkey.example.com"),
        (ADVANCED.replace("example.com", "a%3fb"), "openpgpkey.example.com"),
    ],
)
def test_directory_without(get: Any, mailman: CoreServer, path: str, host: str) -> None:
    """Nothing is found of a plain list, of no list, of another domain, nor by names that lead elsewhere."""
    mailman.mlist("plain@example.com", encrypted=False)
    response = get(path, host)
    assert response.status_code == 404
    assert BINARY not in response.content


def test_directory_while_mailman_is_away(get: Any, settings: Any) -> None:
    """That nobody knows is not said as that there is none: a mail program would go on without encryption."""
    settings.MAILMAN_REST_API_URL = "http://127.0.0.1:9"
    assert get(ADVANCED, "openpgpkey.example.com").status_code == 503


def test_policy(get: Any) -> None:
    """The file is there by which programs know that there is a directory."""
    for path in ("/.well-known/openpgpkey/policy", "/.well-known/openpgpkey/example.com/policy"):
        response = get(path)
        assert (response.status_code, response.content) == (200, b"")
        assert response["Access-Control-Allow-Origin"] == "*"


@pytest.mark.parametrize(
    ("name", "header"),
    [
        ('a"; filename="b', 'attachment; filename="a\\"; filename=\\"b.asc"'),
        ("../../etc/passwd", 'attachment; filename=".._.._etc_passwd.asc"'),
        ("..\\a", 'attachment; filename=".._a.asc"'),
        ("a\r\nSet-Cookie: b=c", 'attachment; filename="a__Set-Cookie: b=c.asc"'),
        ("a\0b", 'attachment; filename="a_b.asc"'),
        ("a\u202egpj.exe", 'attachment; filename="a_gpj.exe.asc"'),
        ("\u00e4", "attachment; filename*=utf-8''%C3%A4.asc"),
    ],
)
def test_names_of_files(web: Any, name: str, header: str) -> None:
    """A file is called by a name that is neither a path nor another header, whatever somebody is called."""
    from django_pgpmailman.certificate_file import certificate_file  # noqa: PLC0415 - Django must be ready

    assert web
    assert certificate_file(ARMORED, name)["Content-Disposition"] == header
