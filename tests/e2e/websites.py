"""The website of a sandbox, and the browsers of those who look at it."""

from __future__ import annotations

import http.cookiejar
import os
import re
import signal
import urllib.error
import urllib.request
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

import observed

from django_pgpmailman.sandbox import project
from django_pgpmailman.sandbox.website import Website
from mailman_pgp.sandbox import processes
from mailman_pgp.sandbox.polling import until

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from mailman_pgp.sandbox.rest import Rest

ADMINISTRATOR = "admin@example.org"
_HERE = Path(__file__).parent
_TIMEOUT_SECONDS = 60.0
_OPTION = re.compile(r'<option value="\d+" selected>([^<]*)</option>')


@dataclass(frozen=True, slots=True)
class Page:
    """What a browser got, and from which process of the website."""

    status: int
    text: str
    process: str


class Browser:
    """Somebody's browser, with its cookies."""

    def __init__(self, base: str) -> None:
        self._base = base
        self._cookies = http.cookiejar.CookieJar()
        self._opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(self._cookies))

    def __call__(self, path: str, form: dict[str, str] | None = None) -> Page:
        """The page at a path; with a form, what comes back to it."""
        if form is not None:
            token = next(cookie.value for cookie in self._cookies if cookie.name == "csrftoken")
            form = form | {"csrfmiddlewaretoken": token or ""}
        body = None if form is None else urlencode(form).encode()
        try:
            with self._opener.open(f"{self._base}{path}", body, timeout=_TIMEOUT_SECONDS) as answer:
                return _page(answer.status, answer)
        except urllib.error.HTTPError as error:
            with error:
                return _page(error.code, error)

    def log_in(self, email: str, password: str) -> None:
        """By the page that stock has for it."""
        page = self("accounts/login/")
        assert page.status == HTTPStatus.OK, page.text
        self("accounts/login/", {"login": email, "password": password})
        assert any(cookie.name == "sessionid" for cookie in self._cookies), f"{email} could not log in."


def _page(status: int, answer: Any) -> Page:
    return Page(status, answer.read().decode(), answer.headers[observed.PROCESS])


class ServedWebsite(Website):
    """The website of a sandbox, as its visitors see it, and killed.

    :param with_events: Whether it takes events; else it is stock's.
    :param cache: The class of its cache.
    :param with_pgp: Whether it has the pages of encrypted lists.
    :param name: That of its endpoint.
    """

    application = "observed:application()"

    def __init__(
        self,
        directory: Path,
        *,
        with_events: bool = True,
        cache: str = "django.core.cache.backends.db.DatabaseCache",
        with_pgp: bool = False,
        name: str = "web",
    ) -> None:
        super().__init__(
            directory,
            CACHES={"default": {"BACKEND": cache, "LOCATION": "mailman_cache"}},
            COMPRESS_PRECOMPILERS=[],  # nobody sees its styles, which each process would make anew
            INSTALLED_APPS=[
                *(["django_pgpmailman"] if with_pgp else []),
                *project.STOCK,
                *(["mailman_rest_events.django"] if with_events else []),
            ],
            ROOT_URLCONF="django_pgpmailman.site_urls" if with_pgp else project.ROOT_URLS,
        )
        self.name = name
        self._browsers: dict[str, Browser] = {}
        self._answered: set[str] = set()

    @property
    def section(self) -> str:
        """See `Website`."""
        return super().section.replace("[endpoint.web]", f"[endpoint.{self.name}]")

    @property
    def key(self) -> str:
        """By which Mailman shows who it is, beside the signature."""
        return str(self._kept["api_key"])

    @property
    def secret(self) -> str:
        """By which Mailman signs."""
        return str(self._kept["secret"])

    def start_for(self, rest: Rest, people: Sequence[str]) -> None:
        """Have it serve these accounts and an administrator, and ask this Mailman."""
        self.start(
            rest,
            [
                {"email": email, "name": "", "password": self.password, "superuser": email == ADMINISTRATOR}
                for email in (ADMINISTRATOR, *people)
            ],
        )

    def kill(self) -> None:
        """Kill all of its processes."""
        assert self._process is not None
        for pid in (self._process.pid, *self._workers()):
            processes.send(pid, signal.SIGKILL)
        self._process.wait()

    def kill_workers(self) -> None:
        """Kill those of its processes that answer requests; they are started again."""
        for pid in self._workers():
            processes.send(pid, signal.SIGKILL)

    def _workers(self) -> list[int]:
        return [] if self._process is None else processes.children(self._process.pid)

    def catch_up(self) -> None:
        """What brings a stock website up to date: the job that it runs once an hour, and a look at Postorius' page of domains."""
        self.run("runjob", "new_lists_from_mailman")
        assert self.page(ADMINISTRATOR, "mailman3/domains/").status == HTTPStatus.OK

    @property
    def _environment(self) -> dict[str, str]:
        paths = os.pathsep.join(filter(None, (str(_HERE), os.environ.get("PYTHONPATH", ""))))
        return super()._environment | {"PYTHONPATH": paths}

    def page(self, email: str, path: str) -> Page:
        """A page as an account sees it, which logs in once."""
        if email not in self._browsers:
            self._browsers[email] = Browser(self.url)
            self._browsers[email].log_in(email, self.password)
        page = self._browsers[email](path)
        self._answered.add(page.process)
        return page

    def each_process(self, shown: Callable[[ServedWebsite], bool]) -> bool:
        """Whether each of its processes shows something; asks until all of them have answered, where any is asked for it."""
        self._answered.clear()
        found: list[bool] = []

        def enough() -> bool:
            found.append(shown(self))
            workers = {str(pid) for pid in self._workers()}
            return not found[-1] or not self._answered or workers <= self._answered

        until(enough, "an answer of each process")
        return found[-1]

    def send(self, body: bytes, headers: dict[str, str]) -> int:
        """Somebody who says that they are Mailman sends an event; the status of the answer."""
        headers = {**headers, "Content-Type": "application/json"}
        request = urllib.request.Request(f"{self.url}{project.EVENTS_PATH}", body, headers)
        try:
            with urllib.request.urlopen(request, timeout=_TIMEOUT_SECONDS) as answer:
                return int(answer.status)
        except urllib.error.HTTPError as error:
            with error:
                return error.code

    def archive_opens(self, email: str, fqdn_listname: str) -> bool:
        """Whether an account can read the archive of a list."""
        return self.page(email, f"archives/list/{fqdn_listname}/").status == HTTPStatus.OK

    def officers(self, fqdn_listname: str, role: str) -> set[str]:
        """Whom HyperKitty takes for owners or moderators of a list: what the administrator sees.

        :param role: ``owners`` or ``moderators``.
        """
        wanted = urlencode({"q": fqdn_listname.replace("@", ".")})
        found = self.page(ADMINISTRATOR, f"admin/hyperkitty/mailinglist/?{wanted}")
        number = re.search(r"/admin/hyperkitty/mailinglist/(\d+)/change/", found.text)
        assert number, f"HyperKitty has no {fqdn_listname}."
        page = self.page(ADMINISTRATOR, f"admin/hyperkitty/mailinglist/{number[1]}/change/").text
        chosen = re.search(rf'<select name="{role}".*?</select>', page, re.DOTALL)
        assert chosen, page
        return set(_OPTION.findall(chosen[0]))

    def has_domain(self, name: str) -> bool:
        """Whether a domain belongs to the website: what the administrator sees."""
        page = self.page(ADMINISTRATOR, "admin/django_mailman3/maildomain/").text
        return f"&lt;Mailman domain {name}&gt;" in page

    def knows_address(self, email: str, other: str) -> bool:
        """Whether an account sees another address among its own."""
        return other in self.page(email, "accounts/email/").text

    def says(self, email: str, path: str, *words: str) -> bool:
        """Whether an account gets a page, and reads all of this on it."""
        page = self.page(email, path)
        return page.status == HTTPStatus.OK and all(part in page.text for part in words)

    def keeps_silent(self, email: str, path: str, words: str) -> bool:
        """Whether an account gets a page, and does not read this on it."""
        page = self.page(email, path)
        return page.status == HTTPStatus.OK and words not in page.text

    def is_told_of_deletion(self, list_id: str) -> bool:
        """Whether an app that keeps something of lists was told that one is deleted."""
        try:
            return list_id in (self.directory / "deleted").read_text().splitlines()
        except FileNotFoundError:
            return False
