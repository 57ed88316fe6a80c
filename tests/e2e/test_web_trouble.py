"""Mailman, or its plugin, is in trouble: stock pages are as without us, and ours say so."""

from __future__ import annotations

import threading
import urllib.error
import urllib.request
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler
from typing import TYPE_CHECKING, Any

import pytest
from core_http import listening

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from people import EncryptedList
    from visiting import Site

pytestmark = pytest.mark.deep

PLUGIN = "/plugins/pgp"


@contextmanager
def between(url: str, instead: Callable[[str], int | None]) -> Iterator[str]:
    """The URL of a server that hands each request on to another one; where `instead` has a status for its path, it answers so."""

    class Handler(BaseHTTPRequestHandler):
        def log_message(self, *_: Any) -> None:
            """Nothing is written down."""

        def _answer(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0)) or None
            status, answer = instead(self.path), b"{}"
            if status is None:
                kept = {name: self.headers[name] for name in ("Authorization", "Content-Type") if name in self.headers}
                request = urllib.request.Request(f"{url}{self.path}", body, kept, method=self.command)
                try:
                    with urllib.request.urlopen(request, timeout=60) as answered:
                        status, answer = answered.status, answered.read()
                except urllib.error.HTTPError as error:
                    with error:
                        status, answer = error.code, error.read()
            if not status:
                return  # hung up
            self.send_response(status)
            self.send_header("Content-Length", str(len(answer)))
            self.send_header("Content-Type", "application/json")
            self.end_headers()
            self.wfile.write(answer)

        do_GET = do_POST = do_PATCH = do_PUT = do_DELETE = _answer  # noqa: N815 - as the server calls them

    with listening(Handler) as own:
        yield own


class Trouble:
    """What goes wrong between the website and Mailman; at first nothing does."""

    def __init__(self) -> None:
        self.of_plugin: int | None = None
        self.of_core: int | None = None
        self.late = False
        self.released = threading.Event()

    def __call__(self, path: str) -> int | None:
        """The status instead of Mailman's answer; 0 to hang up, None to hand on."""
        if PLUGIN not in path:
            return self.of_core
        if self.late:
            self.released.wait(60)
            return 0
        return self.of_core if self.of_plugin is None else self.of_plugin


@pytest.fixture
def trouble(site: Site) -> Iterator[Trouble]:
    """There will be trouble."""
    made = Trouble()
    with between(site.sandbox.rest.url.removesuffix("/3.1"), made) as url:
        site.settings.MAILMAN_REST_API_URL = url
        site.settings.PGPMAILMAN = {"root_urls": "django_pgpmailman.sandbox.urls", "seconds": 1}
        try:
            yield made
        finally:
            made.released.set()


def postorius(mlist: EncryptedList) -> list[str]:
    """Pages of Postorius on which something of ours stands: the list, its menu, and the menu of a person."""
    base = f"/mailman3/lists/{mlist.list_id}/"
    return [base, f"{base}settings/list_identity", "/mailman3/accounts/subscriptions/", "/mailman3/lists/"]


@pytest.fixture
def archive(site: Site, encrypted_list: EncryptedList) -> list[str]:
    """Pages of HyperKitty, about the list's archive, which everybody may read here."""
    from hyperkitty.models import ArchivePolicy, MailingList  # noqa: PLC0415 - Django must be ready

    assert site
    policy = ArchivePolicy.public.value
    MailingList.objects.create(name=encrypted_list.address, list_id=encrypted_list.list_id, archive_policy=policy)
    base = f"/archives/list/{encrypted_list.address}/"
    return [base, f"{base}latest", "/archives/"]


TROUBLES: dict[str, tuple[dict[str, Any], str]] = {
    "plugin missing": ({"of_plugin": 404}, "it lacks the plugin for them"),
    "plugin fails": ({"of_plugin": 500}, "Something went wrong in Mailman"),
    "plugin hangs up": ({"of_plugin": 0}, "Mailman does not answer at the moment"),
    "plugin late": ({"late": True}, "Mailman does not answer at the moment"),
    "plugin closed": ({"of_plugin": 401}, "Mailman does not let this website in"),
}


@pytest.mark.parametrize("name", TROUBLES)
def test_plugin(site: Site, encrypted_list: EncryptedList, trouble: Trouble, archive: list[str], name: str) -> None:
    """All stock pages are there when the plugin is not; ours are not, and say why."""
    owner = site.officer("owner", encrypted_list)
    stock = [*postorius(encrypted_list), *archive]
    assert {owner.get(path).status for path in stock} == {200}
    assert "This list is encrypted" in owner.get(stock[0]).text
    from django.core.cache import cache  # noqa: PLC0415 - Django must be ready

    cache.clear()
    of_trouble, sentence = TROUBLES[name]
    for attribute, value in of_trouble.items():
        setattr(trouble, attribute, value)
    for path in stock:
        page = owner.get(path)
        assert page.status == 200, path
        assert "This list is encrypted" not in page.text
    for path in (f"/pgp/lists/{encrypted_list.list_id}/settings", "/pgp/keys"):
        page = owner.get(path)
        assert page.status in {502, 503}, path
        assert sentence in page.text


@pytest.mark.parametrize(
    ("status", "sentence"), [(0, "Mailman does not answer"), (401, "does not let this website in")]
)
def test_core(
    site: Site, encrypted_list: EncryptedList, trouble: Trouble, archive: list[str], status: int, sentence: str
) -> None:
    """When all of Mailman is away, or does not let the website in, HyperKitty's pages are there, and Postorius shows its own page
    for it, as without us; ours say it in a sentence.
    """
    visitor, owner = site.visitor(), site.officer("owner", encrypted_list)
    trouble.of_core = status
    assert {visitor.get(path).status for path in archive} == {200}
    for path in postorius(encrypted_list)[:2]:
        page = owner.get(path)
        assert page.status in {401, 500, 503}
        assert "Encrypted lists" not in page.text
    for path in (
        f"/pgp/lists/{encrypted_list.list_id}/settings",
        f"/pgp/lists/{encrypted_list.list_id}/certificate.asc",
    ):
        page = owner.get(path)
        assert page.status == 503, path
        assert sentence in page.text
