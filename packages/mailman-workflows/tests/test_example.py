"""What docs/workflows.md shows works, and the example in docs/examples takes nobody for a customer whom the company's service does not name as one."""

from __future__ import annotations

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from sqlalchemy.orm import Session


class Service(ThreadingHTTPServer):
    """Answers with what a test has put here."""

    status = 200
    location = ""
    body = b""
    endless = False
    asked: list[str]

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.asked = []


class _Handler(BaseHTTPRequestHandler):
    server: Service

    def do_GET(self) -> None:
        self.server.asked.append(self.path)
        self.send_response(self.server.status)
        if self.server.location:
            self.send_header("Location", self.server.location)
        self.end_headers()
        self.wfile.write(self.server.body)
        try:
            while self.server.endless:
                self.wfile.write(b" " * 65536)
        except OSError:
            self.server.endless = False

    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture
def service(core: Any) -> Iterator[Service]:
    """The company's service, configured for this run."""
    configuration = dict(core.plugin_configs)["company_customers"]["configuration"]
    with Service() as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        thread.start()
        with open(configuration, "w", encoding="utf-8") as file:  # noqa: PTH123 - core gives a string
            file.write(f"[customers]\nurl = http://127.0.0.1:{server.server_address[1]}/c?a=b\nkey = secret\n")
        yield server
        server.endless = False
        server.shutdown()
        thread.join()


@pytest.fixture
def number() -> Callable[[str], str | None]:
    """What the example says of an address."""
    from company_customers.workflows.customers import customer_number  # noqa: PLC0415 - core must be initialised

    return customer_number


@pytest.mark.parametrize("answer", ["C-1", 17])
def test_a_customer(answer: Any, service: Service, number: Callable[[str], str | None]) -> None:
    """Who has a number; what is asked is the whole address, whatever is in it."""
    service.body = json.dumps({"number": answer}).encode()
    assert number("a&b=c#d?/..%0a@example.org") == str(answer)
    assert service.asked == ["/c?a=b&email=a%26b%3Dc%23d%3F%2F..%250a%40example.org"]


def test_no_customer(service: Service, number: Callable[[str], str | None]) -> None:
    """Whom the service does not find."""
    service.status = 404
    assert number("eve@example.net") is None


@pytest.mark.parametrize(
    "body",
    [b"", b"no JSON", b"[]", b"null", b'"number"', b"{}", b'{"number": null}', b'{"number": ""}', b'{"number": true}'],
)
def test_no_answer(body: bytes, service: Service, number: Callable[[str], str | None]) -> None:
    """An answer without a number is none: the request waits."""
    from company_customers.workflows.customers import ServiceDownError  # noqa: PLC0415 - core must be initialised

    service.body = body
    with pytest.raises(ServiceDownError):
        number("eve@example.net")


@pytest.mark.parametrize("status", [204, 301, 302, 401, 500, 503])
def test_other_answers(status: int, service: Service, number: Callable[[str], str | None]) -> None:
    """Neither is one of another kind, and the key goes to no other server."""
    from company_customers.workflows.customers import ServiceDownError  # noqa: PLC0415 - core must be initialised

    service.status = status
    service.body = b"" if status == 204 else b'{"number": 1}'
    service.location = f"http://127.0.0.1:{service.server_address[1]}/other"
    with pytest.raises(ServiceDownError):
        number("eve@example.net")
    assert len(service.asked) == 1


def test_an_endless_answer(service: Service, number: Callable[[str], str | None]) -> None:
    """Is given up, so that no process of Mailman's ends by it."""
    from company_customers.workflows.customers import ServiceDownError  # noqa: PLC0415 - core must be initialised

    service.endless = True
    with pytest.raises(ServiceDownError):
        number("eve@example.net")


def test_the_key_is_the_companys(
    service: Service, number: Callable[[str], str | None], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the environment of the process says of proxies and passwords changes nothing."""
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login eve password wrong\n")
    netrc.chmod(0o600)
    monkeypatch.setenv("NETRC", str(netrc))
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    seen: list[str | None] = []
    get = _Handler.do_GET

    def do_get(handler: _Handler) -> None:
        seen.append(handler.headers["Authorization"])
        get(handler)

    monkeypatch.setattr(_Handler, "do_GET", do_get)
    service.body = b'{"number": 1}'
    assert number("anne@example.org") == "1"
    assert seen == ["Bearer secret"]


def test_no_secret_in_an_error(service: Service, number: Callable[[str], str | None]) -> None:
    """What may come to a log quotes neither the key nor the address."""
    from company_customers.workflows.customers import ServiceDownError  # noqa: PLC0415 - core must be initialised

    service.status = 500
    with pytest.raises(ServiceDownError) as caught:
        number("eve@example.net")
    chain: list[BaseException | None] = [caught.value, caught.value.__cause__]
    if not caught.value.__suppress_context__:
        chain.append(caught.value.__context__)
    assert not any(secret in str(error) for error in chain for secret in ("secret", "eve", "%40"))


def test_what_a_moderator_sees(mlist: Any, manager: Any, person: Any, service: Service, store: Session) -> None:
    """The company is asked before the moderator, who sees beside the request which customer it is."""
    from mailman.interfaces.mailinglist import SubscriptionPolicy  # noqa: PLC0415 - core must be initialised
    from mailman.interfaces.pending import IPendings  # noqa: PLC0415
    from zope.component import getUtility  # noqa: PLC0415

    from mailman_workflows import choice  # noqa: PLC0415

    mlist.subscription_policy = SubscriptionPolicy.moderate
    choice.choose(mlist.list_id, "customers")
    service.body = b'{"number": 17}'
    token, owner, _ = manager(mlist).register(person())
    store.commit()
    assert len(service.asked) == 1
    assert owner.name == "moderator"
    assert getUtility(IPendings).confirm(token, expunge=False)["customer"] == "17"
    assert manager(mlist).confirm(token)[2] is not None


def test_the_workflow_in_the_text(mlist: Any, manager: Any, person: Any, install: Callable[[Any], Any]) -> None:
    """The first workflow that a reader sees does what is said of it."""
    from mailman_workflows import RefusedError, choice  # noqa: PLC0415 - core must be initialised

    text = (Path(__file__).parents[3] / "docs" / "workflows.md").read_text(encoding="utf-8")
    scope: dict[str, Any] = {"__name__": "company", "__all__": []}
    exec(text.partition("```python\n")[2].partition("```")[0], scope)
    install(scope["Company"])
    choice.choose(mlist.list_id, "company")
    token, _, _ = manager(mlist).register(person("anne@company.example"))
    assert manager(mlist).confirm(token)[2] is not None
    with pytest.raises(RefusedError, match="at the company"):
        manager(mlist).register(person("eve@example.net"))
    settled = {"pre_verified": True, "pre_confirmed": True, "pre_approved": True}
    assert manager(mlist).register(person("bart@example.org"), **settled)[2] is not None
