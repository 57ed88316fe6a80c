"""The owners' page for the keys of many people at once."""

from __future__ import annotations

from html import unescape
from typing import TYPE_CHECKING, Any

import pytest
from core_certificates import ANNE, FIRST, SECOND, key
from django.core.files.uploadedfile import SimpleUploadedFile
from visitors import ANTS, People

from django_pgpmailman.roles import Role

if TYPE_CHECKING:
    from core_server import CoreServer

PAGE = f"/pgp/lists/{ANTS}/keyring"


@pytest.fixture(autouse=True)
def _nobody_has_a_key(people: People, mailman: CoreServer) -> None:
    assert people
    mailman.certificates.chosen.clear()


def shown(response: Any) -> str:
    return unescape(response.content.decode())


def brought(mailman: CoreServer) -> list[dict[str, str]]:
    return [fields for method, path, fields in mailman.requests if method == "POST" and path.endswith("/keyring")]


def test_trial_first(people: People, mailman: CoreServer) -> None:
    """A keyring gets a line for each certificate and changes nothing; what is sent on then is the same, and who it was is named."""
    client = people.client(Role.OWNER)
    file = SimpleUploadedFile("ring.asc", (key(FIRST) + key(SECOND)).encode())
    tried = client.post(PAGE, {"action": "try", "file": file})
    text = shown(tried)
    assert tried.status_code == 200
    assert "nothing is done yet" in text
    for expected in ("AA11 AA11", "BB22 BB22", ">taken<", ANNE, "bob@example.com"):
        assert expected in text
    assert "<b>Anne</b>" not in tried.content.decode()
    assert "<i>anne</i>" not in tried.content.decode()
    assert mailman.certificates.chosen == {}
    done = client.post(PAGE, {"action": "bring", "keys": tried.context["keys"]})
    assert "What became of each" in shown(done)
    assert 'value="bring"' not in shown(done)
    first, second = brought(mailman)
    assert first == {"keyring": second["keyring"], "dry_run": "yes", "by": "owner@example.com"}
    assert "dry_run" not in second
    assert ANNE in mailman.certificates.chosen


def test_trial_is_what_counts_without_a_word(people: People, mailman: CoreServer) -> None:
    """A form that does not say that it is for good is a trial."""
    people.client(Role.OWNER).post(PAGE, {"keys": key(FIRST)})
    people.client(Role.OWNER).post(PAGE, {"action": "nonsense", "keys": key(FIRST)})
    assert [fields["dry_run"] for fields in brought(mailman)] == ["yes", "yes"]


def test_twice(people: People) -> None:
    """Whoever clicks twice is told that it counts already."""
    client = people.client(Role.OWNER)
    client.post(PAGE, {"action": "bring", "keys": key(FIRST)})
    assert ">refused<" in shown(client.post(PAGE, {"action": "bring", "keys": key(FIRST)}))


def test_all_or_nothing(people: People, mailman: CoreServer) -> None:
    """Where one is refused, and it was to be all or nothing, none is taken; that is said, and the same can be sent on without it."""
    client = people.client(Role.OWNER)
    assert 'name="all_or_nothing"' in shown(client.post(PAGE, {"action": "try", "keys": key(FIRST)}))
    client.post(PAGE, {"action": "bring", "keys": key(FIRST)})
    before = dict(mailman.certificates.chosen)
    asked = client.post(PAGE, {"action": "bring", "keys": key(SECOND), "all_or_nothing": "yes"})
    text = shown(asked)
    assert "none was taken, as you have asked" in text
    assert "nothing is done yet" in text
    assert " checked>" in text
    assert asked.context["keys"] == key(SECOND)
    assert mailman.certificates.chosen == before
    done = client.post(PAGE, {"action": "bring", "keys": asked.context["keys"]})
    assert "What became of each" in shown(done)
    assert [fields.get("all_or_nothing") for fields in brought(mailman)] == [None, None, "yes", None]


@pytest.mark.parametrize(
    ("keys", "status", "sentence"),
    [
        ("", 422, "Choose a file"),
        ("-----BEGIN PGP PRIVATE KEY BLOCK-----", 422, "This is a secret key."),
        ("no key", 400, "There is no certificate in it."),
    ],
)
def test_refusals(people: People, mailman: CoreServer, keys: str, status: int, sentence: str) -> None:
    """What is refused, here or by Mailman, is said with its status, and nothing is changed."""
    response = people.client(Role.OWNER).post(PAGE, {"action": "bring", "keys": keys})
    assert (response.status_code, sentence in shown(response)) == (status, True)
    assert mailman.certificates.chosen == {}
