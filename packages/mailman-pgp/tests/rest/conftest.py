"""REST as core serves it, in this process: the whole way of a request but the socket."""

from __future__ import annotations

from dataclasses import dataclass
from http import HTTPStatus
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, Protocol
from urllib.parse import quote, urlencode

import jsonschema_rs
import pytest
from falcon.testing import TestClient
from keys import forge_usable
from sqlalchemy import func, select

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from falcon.testing import Result
    from sqlalchemy.orm import Session

ANNE = "anne@example.com"
BASE = "/3.1/plugins/pgp"
CREDENTIALS = "Basic cmVzdGFkbWluOnJlc3RwYXNz"  # restadmin:restpass, of core's configuration for tests
FORM = "application/x-www-form-urlencoded"


@pytest.fixture
def application(core: Any, healthy: Any) -> Iterator[Any]:  # noqa: ARG001 - the plugin must be healthy
    """Core's application, with our resource in it."""
    from mailman.rest.wsgiapp import make_application  # noqa: PLC0415 - core must be initialised

    from mailman_pgp.rest.root import Root  # noqa: PLC0415

    core.plugins["pgp"] = SimpleNamespace(resource=Root())
    made = make_application()

    def application(environ: Any, start_response: Any) -> Any:
        return made(environ, start_response)  # falcon looks at the names of its parameters

    yield application
    del core.plugins["pgp"]


def as_described(method: str, path: str, result: Result) -> None:
    """Every answer in any test is as the description says."""
    from mailman_pgp.rest import root  # noqa: PLC0415 - core must be initialised
    from mailman_pgp.rest.operations import operations_of  # noqa: PLC0415
    from mailman_pgp.rest.schemas.forms import ERROR  # noqa: PLC0415

    found = (resource for pattern, resource in root._PATTERNS if pattern.fullmatch(path.removeprefix("/")))
    resource = next(found, None)
    if resource is None:
        assert result.status_code == HTTPStatus.NOT_FOUND
        return
    operation = operations_of(resource)[method.lower()]
    if result.status_code >= HTTPStatus.BAD_REQUEST:
        jsonschema_rs.validate(ERROR, result.json)
        return
    assert result.status_code == operation.status
    if operation.answer is None:
        assert result.content == b""
    elif isinstance(operation.answer, str):
        assert result.headers["content-type"] == operation.answer
    else:
        jsonschema_rs.validate(operation.answer, result.json)


@dataclass(frozen=True, slots=True)
class Door:
    """Requests to our part of REST, each in a transaction of its own, as core has it."""

    client: Any
    store: Session

    def __call__(
        self,
        method: str,
        path: str = "",
        form: Mapping[str, Any] | None = None,
        *,
        json: Any = None,
        body: bytes | None = None,
        content_type: str | None = None,
        credentials: str = CREDENTIALS,
        base: str = BASE,
    ) -> Result:
        """Send a request; `path`, below `base`, is still as people write it, and has no query."""
        headers = {"Authorization": credentials}
        if form is not None:
            body, content_type = urlencode(form).encode(), FORM
        if content_type is not None:
            headers["Content-Type"] = content_type
        path, _, query = path.partition("?")
        result = self.client.simulate_request(
            method, f"{base}{quote(path, safe='/@')}", query_string=query, headers=headers, json=json, body=body
        )
        if base == BASE:
            as_described(method, path, result)
        return result

    def get(self, path: str = "") -> Any:
        """What GET answers, which must be a success."""
        return self.good("GET", path).json

    def good(self, method: str, path: str, form: Mapping[str, Any] | None = None, **more: Any) -> Result:
        """Send a request that must succeed."""
        result = self(method, path, form, **more)
        assert 200 <= result.status_code < 300, result.text
        return result

    def refused(self, status: int, method: str, path: str, form: Mapping[str, Any] | None = None, **more: Any) -> str:
        """Send a request that must be refused with this status; return its sentence."""
        result = self(method, path, form, **more)
        assert result.status_code == status, result.text
        assert result.headers["content-type"].startswith("application/json")
        assert result.json["title"].startswith(str(status))
        sentence: str = result.json["description"]
        assert sentence.endswith(".")
        return sentence

    @staticmethod
    def mlist(list_id: str = "ant.example.com") -> Any:
        """A list, ant@example.com unless another is named, found again: each request closes the session."""
        from mailman.interfaces.listmanager import IListManager  # noqa: PLC0415 - core must be initialised
        from zope.component import getUtility  # noqa: PLC0415

        return getUtility(IListManager).get(list_id)


@pytest.fixture
def door(application: Any, store: Session) -> Door:
    """``door("GET", "/lists")``."""
    return Door(TestClient(application), store)


@pytest.fixture
def encrypted(mlist: Any, door: Door) -> str:
    """The list ant@example.com, encrypted; its path."""
    door.good("POST", "/lists", {"list_id": mlist.list_id})
    return "/lists/ant.example.com"


class MakeCertificate(Protocol):
    """Make a new, good certificate of an address."""

    def __call__(self, address: str = ANNE, **more: Any) -> tuple[str, str]:
        """Its fingerprint, and itself in ASCII armor; `more` as for `forge_usable`."""


@pytest.fixture
def make() -> MakeCertificate:
    """Make certificates: ``make()``, ``make("bart@example.com")``."""
    from mailman_pgp import openpgp  # noqa: PLC0415 - after the fixtures of core

    def make(address: str = ANNE, **more: Any) -> tuple[str, str]:
        forged = forge_usable(f"<{address}>", **more)
        certificate = openpgp.read_certificate(forged.public)
        return certificate.fingerprint, openpgp.armor(forged.public, "PGP PUBLIC KEY BLOCK").decode("ascii")

    return make


@pytest.fixture
def rows(store: Session) -> Callable[[], dict[str, int]]:
    """Count what our tables hold, as another process would see it: ``rows()``."""
    from mailman_pgp.model import tables  # noqa: PLC0415 - after the fixtures of core

    def rows() -> dict[str, int]:
        store.rollback()
        return {
            table.name: store.scalar(select(func.count()).select_from(table)) or 0
            for table in tables.Base.metadata.sorted_tables
        }

    return rows


@pytest.fixture
def told(core: Any) -> Callable[[], list[set[str]]]:
    """The recipients of each mail that is about to leave, which is taken from the queues: ``told()``."""

    def told() -> list[set[str]]:
        found = []
        for name in ("virgin", "out"):
            queue = core.switchboards[name]
            for file in queue.files:
                found.append(set(queue.dequeue(file)[1].get("recipients", ())))
                queue.finish(file)
        return found

    return told


class AskWithKey(Protocol):
    """Somebody asks to join in the way of encrypted lists, or an owner for them."""

    def __call__(self, address: str, *, proved: bool = False) -> str:
        """The request's token."""


@pytest.fixture
def ask_with_key(door: Door) -> AskWithKey:
    """Ask to join ant@example.com: ``ask_with_key("anne@example.com")``."""

    def ask_with_key(address: str, *, proved: bool = False) -> str:
        from mailman.interfaces.subscriptions import ISubscriptionManager  # noqa: PLC0415 - core must be initialised
        from mailman.interfaces.usermanager import IUserManager  # noqa: PLC0415
        from zope.component import getUtility  # noqa: PLC0415

        users = getUtility(IUserManager)
        someone = users.get_address(address) or users.create_address(address)
        token, _, member = ISubscriptionManager(door.mlist()).register(
            someone, pre_verified=proved, pre_confirmed=proved
        )
        assert member is None
        door.store.commit()
        return str(token)

    return ask_with_key
