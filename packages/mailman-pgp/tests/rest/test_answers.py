"""Every resource: what it refuses is said in a sentence, and leaves nothing behind."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from conftest import Door, MakeCertificate

ANNE = "anne@example.com"
NAMES = {
    "list": "ant.example.com",
    "address": ANNE,
    "token": "0123456789",
    "domain": "example.com",
    "hash": "x",
    "number": "1",
    "message_id": "<1@x>",
}


def every_operation() -> list[tuple[str, str, Any]]:
    """Method, path and operation of all there are."""
    from mailman_pgp.rest.operations import operations_of  # noqa: PLC0415 - after the fixtures of core
    from mailman_pgp.rest.root import RESOURCES  # noqa: PLC0415

    return [
        (method.upper(), f"/{path.format(**NAMES)}".rstrip("/"), operation)
        for path, resource in RESOURCES.items()
        for method, operation in operations_of(resource).items()
    ]


def test_all_responders_are_operations(core: Any) -> None:  # noqa: ARG001 - core must be initialised
    """No resource answers past the place where its transaction ends."""
    from mailman_pgp.rest.operations import Operation  # noqa: PLC0415
    from mailman_pgp.rest.root import RESOURCES, Root  # noqa: PLC0415

    responders = [
        getattr(resource, name)
        for resource in (*RESOURCES.values(), Root)
        for name in dir(resource)
        if name.startswith("on_")
    ]
    assert len(responders) > len(RESOURCES)
    assert all(isinstance(responder.operation, Operation) for responder in responders)


@pytest.mark.usefixtures("encrypted")
def test_without_credentials(door: Door) -> None:
    """Core's own credentials are asked for everywhere."""
    for method, path, _ in every_operation():
        assert door(method, path, credentials="Basic bm9ib2R5Om5vdGhpbmc=").status_code == 401


@pytest.mark.usefixtures("encrypted")
def test_unknown_fields(door: Door) -> None:
    """A field that is not known is refused everywhere, and those there are are named."""
    for method, path, operation in every_operation():
        asked = f"{path}?colour=red" if method == "GET" else path
        sentence = door.refused(400, method, asked, None if method == "GET" else {"colour": "red"})
        assert "no field 'colour'" in sentence
        assert all(field.name in sentence for field in operation.fields)


@pytest.mark.usefixtures("encrypted")
def test_not_healthy(door: Door) -> None:
    """Then only those answer that say so, or what there is."""
    from mailman_pgp.site import health  # noqa: PLC0415 - after the fixtures of core

    health.fail("The key file is gone.", "Bring it back.")
    for method, path, operation in every_operation():
        if operation.needs_health:
            assert "The key file is gone. Bring it back." in door.refused(503, method, path)
    found = door.get("")
    assert not found["healthy"]
    assert found["problems"] == [{"problem": "The key file is gone.", "mend": "Bring it back."}]
    assert door.get("/openapi.json")["openapi"] == "3.1.0"


@pytest.mark.parametrize("spec", ["bee.example.com", "bee@example.com", "b\0e", "b\ufffde", "ü@ü", "a" * 5000, "x@"])
def test_no_such_list(door: Door, spec: str) -> None:
    """Whatever stands in its place, it is said that there is no such list."""
    assert "There is no mailing list" in door.refused(404, "GET", f"/lists/{spec}")


@pytest.mark.parametrize(
    "text", ["bart@example.com", "b", "b\0@example.com", "b\ud7ff@ü.com", "a" * 5000 + "@example.com"]
)
def test_no_such_certificate(door: Door, encrypted: str, text: str) -> None:
    """The same with addresses."""
    assert "No certificate is chosen" in door.refused(404, "GET", f"{encrypted}/certificates/{text}")
    assert door("GET", f"{encrypted}/certificates/a\nb").status_code == 404
    assert door("GET", f"{encrypted}/certificates/").status_code == 404
    assert door("GET", f"{encrypted}/nothing").status_code == 404
    assert "no request" in door.refused(404, "GET", f"{encrypted}/requests/{'a' * 3000}").lower()


def test_plain_lists(mlist: Any, door: Door) -> None:
    """A list that is not encrypted is not here."""
    assert "is not an encrypted list" in door.refused(404, "GET", f"/lists/{mlist.list_id}")
    assert door.get("/lists") == {**door.get("/lists"), "start": 0, "total_size": 0}


def test_forms_of_bodies(door: Door, encrypted: str) -> None:
    """Fields come as a form or as a JSON object, once each, and nothing else is taken."""
    assert door.good("PATCH", encrypted, {"footer_note": "no"}).json["settings"]["footer_note"] is False
    assert door.good("PATCH", encrypted, json={"footer_note": True}).json["settings"]["footer_note"] is True
    assert door.good("PATCH", encrypted).json["settings"]["footer_note"] is True
    assert "JSON object" in door.refused(400, "PATCH", encrypted, json=["footer_note"])
    assert "form" in door.refused(415, "PATCH", encrypted, body=b"footer_note: no", content_type="text/plain")
    assert "more than once" in door.refused(
        400, "POST", "/lists", body=b"list_id=a&list_id=b", content_type="application/x-www-form-urlencoded"
    )
    assert "behind a question mark" in door.refused(400, "PATCH", f"{encrypted}?footer_note=no")
    assert "JSON object" in door.refused(400, "PATCH", encrypted, body=b"{", content_type="application/json")
    assert "JSON object" in door.refused(400, "PATCH", encrypted, body=b'"\xff"', content_type="application/json")
    assert "zero bytes" in door.refused(400, "POST", "/lists", json={"list_id": "a\0"})
    assert "halves of characters" in door.refused(
        400, "POST", "/lists", body=rb'{"list_id": "\ud800"}', content_type="application/json"
    )
    assert "takes a text" in door.refused(400, "POST", "/lists", json={"list_id": 5})
    assert "Missing: list_id" in door.refused(400, "POST", "/lists", {})
    assert "is empty" in door.refused(400, "POST", "/lists", {"list_id": " "})


def test_too_long(door: Door, encrypted: str) -> None:
    """There is a limit to what is read."""
    body = b"address=anne%40example.com&certificate=" + b"a" * (8 * 2**20)
    assert "longer than 8 MiB" in door.refused(
        413, "POST", f"{encrypted}/certificates", body=body, content_type="application/x-www-form-urlencoded"
    )


@pytest.mark.parametrize(
    "page", ["page=0&count=1", "page=1&count=0", "page=-1&count=2", "page=x&count=1", "count=10000000"]
)
def test_bad_pages(door: Door, encrypted: str, page: str) -> None:
    """A page has a number from 1 on."""
    assert "takes a whole number from 1 to" in door.refused(400, "GET", f"{encrypted}/certificates?{page}")
    assert "needs a count" in door.refused(400, "GET", f"{encrypted}/events?page=2")


def test_nothing_but_plain_values(
    door: Door, encrypted: str, rows: Callable[[], dict[str, int]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """An answer with something in it that is no value for programs is none, and what was done for it is undone."""
    from mailman_pgp.rest import listkey  # noqa: PLC0415 - core must be initialised

    before, secret = rows(), b"bytes of a key"
    monkeypatch.setattr(listkey, "link", lambda *_: secret)
    result = door("POST", f"{encrypted}/key", {"action": "extend"})
    assert (result.status_code, result.json["code"]) == (500, "failed")
    assert "bytes of a key" not in result.text
    assert rows() == before


@pytest.mark.usefixtures("encrypted")
def test_an_error_that_nobody_thought_of(
    door: Door,
    make: MakeCertificate,
    rows: Callable[[], dict[str, int]],
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Core would commit what was half done; nothing of it stays, and neither the answer nor the log says what was sent."""
    from mailman_pgp.exchange import changing  # noqa: PLC0415 - after the fixtures of core

    def fail(*_: object, **__: object) -> None:
        raise KeyError("canary")

    before = rows()
    monkeypatch.setattr(changing, "_record", fail)
    asked = {"address": ANNE, "certificate": make()[1]}
    sentence = door.refused(500, "POST", "/lists/ant.example.com/certificates", asked)
    assert sentence.startswith("Something went wrong here, and nothing was changed.")
    assert rows() == before
    assert "KeyError" in caplog.text
    assert "canary" not in caplog.text


@pytest.mark.usefixtures("mlist")
def test_turned_on_by_half(door: Door, rows: Callable[[], dict[str, int]], monkeypatch: pytest.MonkeyPatch) -> None:
    """A list that could not be turned on to its end is a plain one, without a key and with its settings as they were."""
    from mailman_pgp.lists import core_settings  # noqa: PLC0415 - after the fixtures of core

    set_needed = core_settings.set_needed

    def fail(mlist: Any) -> None:
        set_needed(mlist)
        raise RuntimeError

    before = rows()
    monkeypatch.setattr(core_settings, "set_needed", fail)
    assert "nothing was changed" in door.refused(500, "POST", "/lists", {"list_id": "ant.example.com"})
    assert rows() == before
    assert door.mlist().posting_pipeline == "default-posting-pipeline"


@pytest.mark.usefixtures("encrypted")
def test_a_request_that_fails_to_go_on(
    door: Door, make: MakeCertificate, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """The change that it has waited for is made all the same, and is not said to have failed."""
    from mailman_pgp.exchange import waiting  # noqa: PLC0415 - after the fixtures of core

    def fail(*_: object) -> None:
        raise KeyError("canary")

    monkeypatch.setattr(waiting, "look_again", fail)
    asked = {"address": ANNE, "certificate": make()[1]}
    (waited,) = door.good("POST", "/lists/ant.example.com/certificates", asked).json["requests"]
    assert waited["failed"]
    assert door.get(f"/lists/ant.example.com/certificates/{ANNE}")["usable"]
    assert "KeyError" in caplog.text
    assert "canary" not in caplog.text


@pytest.mark.usefixtures("encrypted")
def test_the_database_fails(
    door: Door, make: MakeCertificate, rows: Callable[[], dict[str, int]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """That is said, without the statement and its values; nothing is changed."""
    from sqlalchemy.exc import OperationalError  # noqa: PLC0415 - after the fixtures of core

    from mailman_pgp.keys import journal  # noqa: PLC0415

    def fail(*_: object, **__: object) -> None:
        raise OperationalError("INSERT canary", {}, RuntimeError())

    before = rows()
    monkeypatch.setattr(journal, "write", fail)
    asked = {"address": ANNE, "certificate": make()[1]}
    sentence = door.refused(503, "POST", "/lists/ant.example.com/certificates", asked)
    assert "OperationalError" in sentence
    assert "canary" not in sentence
    assert rows() == before


@pytest.mark.usefixtures("encrypted")
def test_changed_at_the_same_moment(
    door: Door, make: MakeCertificate, rows: Callable[[], dict[str, int]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who comes second is told to look again."""
    from mailman_pgp.keys import registry  # noqa: PLC0415 - after the fixtures of core

    before = rows()
    monkeypatch.setattr(registry, "insert_once", lambda *_, **__: False)
    asked = {"address": ANNE, "certificate": make()[1]}
    assert "at the same moment" in door.refused(409, "POST", "/lists/ant.example.com/certificates", asked)
    assert rows() == before
