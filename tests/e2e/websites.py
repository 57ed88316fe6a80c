"""Websites with stock Postorius and HyperKitty, served by gunicorn, and the browsers of those who look at them."""

from __future__ import annotations

import http.cookiejar
import json
import os
import re
import secrets
import signal
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from dataclasses import dataclass, field
from http import HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

import website

from mailman_pgp.sandbox import processes

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mailman_pgp.sandbox.rest import Rest

ADMINISTRATOR = "admin@example.org"
_PASSWORD = "password"
_ADDRESS = "mailman-events/"
_HERE = Path(__file__).parent
_WORKERS = 2
_TIMEOUT_SECONDS = 60.0
_STOP_SECONDS = 20.0
_OPTION = re.compile(r'<option value="\d+" selected>([^<]*)</option>')


@dataclass(frozen=True, slots=True)
class Page:
    """What a browser got."""

    status: int
    text: str


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
                return Page(answer.status, answer.read().decode())
        except urllib.error.HTTPError as error:
            with error:
                return Page(error.code, error.read().decode())

    def log_in(self, email: str) -> None:
        """By the page that stock has for it."""
        self("accounts/login/")
        self("accounts/login/", {"login": email, "password": _PASSWORD})
        assert any(cookie.name == "sessionid" for cookie in self._cookies), f"{email} could not log in."


@dataclass
class ServedWebsite:
    """A website in processes of its own, with a database on the disk and a cache that they share.

    Its port is there from the beginning, for whoever is to know it before it starts.

    :ivar with_events: Whether it takes events; else it is stock's.
    :ivar cache: The class of its cache.
    """

    directory: Path
    with_events: bool = True
    cache: str = "django.core.cache.backends.db.DatabaseCache"
    key: str = field(default_factory=lambda: secrets.token_urlsafe(24), repr=False)
    secret: str = field(default_factory=lambda: website.written(secrets.token_bytes(32)), repr=False)
    _browsers: dict[str, Browser] = field(default_factory=dict)
    _process: subprocess.Popen[bytes] | None = None

    def __post_init__(self) -> None:
        self.directory.mkdir()
        self._listening = socket.create_server(("127.0.0.1", 0), backlog=64)
        self._base = f"http://127.0.0.1:{self._listening.getsockname()[1]}/"

    @property
    def section(self) -> str:
        """What mailman-rest-events.cfg says of it; but for its secrets as docs/receiving.md has it."""
        return (
            f"[endpoint.web]\nurl: {self._base}{_ADDRESS}\nallow_private: yes\napi_key: {self.key}\nsecret: {self.secret}\n"
            "events: (Subscription|Unsubscription|AddressVerification|(List|Domain)(Created|Deleted)"
            "|List(Key|Settings)Changed)Event\n"
        )

    def start(self, rest: Rest, people: Sequence[str]) -> None:
        """Have it serve these accounts, and ask this Mailman."""
        settings: dict[str, Any] = website.SETTINGS | {
            "ACCOUNT_RATE_LIMITS": False,
            "ALLOWED_HOSTS": ["127.0.0.1"],
            "CACHES": {"default": {"BACKEND": self.cache, "LOCATION": "mailman_cache"}},
            "DATABASES": {
                "default": {
                    "ENGINE": "django.db.backends.sqlite3",
                    "NAME": str(self.directory / "web.db"),
                    "OPTIONS": {"timeout": 60},
                }
            },
            "INSTALLED_APPS": [*website.STOCK, *(["mailman_rest_events.django"] if self.with_events else [])],
            "MAILMAN_EVENTS": {"secrets": [self.secret]},
            "MAILMAN_REST_API_PASS": rest.password,
            "MAILMAN_REST_API_URL": rest.url.rpartition("/")[0],
            "MAILMAN_REST_API_USER": rest.user,
            "ROOT_URLCONF": "website_urls",
            "SECRET_KEY": secrets.token_urlsafe(32),
        }
        (self.directory / "settings.json").write_text(json.dumps(settings))
        self._run("prepare", *people)
        self.serve()

    def serve(self) -> None:
        """Start the processes that answer; whoever has asked meanwhile waits."""
        descriptor = self._listening.fileno()
        command = [sys.executable, "-m", "gunicorn", f"--bind=fd://{descriptor}", f"--workers={_WORKERS}", "--preload"]
        command += ["--no-control-socket", "--graceful-timeout=2", "website_server:application()"]
        with (self.directory / "log").open("ab") as log:
            self._process = subprocess.Popen(
                command, env=self._environment, pass_fds=[descriptor], stdout=log, stderr=log, cwd=self.directory
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
        self._run("job")
        assert self.page(ADMINISTRATOR, "mailman3/domains/").status == HTTPStatus.OK

    def _run(self, *arguments: str) -> None:
        command = [sys.executable, str(_HERE / "website_server.py"), *arguments]
        done = subprocess.run(command, env=self._environment, check=False, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr

    @property
    def _environment(self) -> dict[str, str]:
        places = [str(_HERE), str(Path(website.__file__).parent), os.environ.get("PYTHONPATH", "")]
        return os.environ | {"WEBSITE": str(self.directory), "PYTHONPATH": os.pathsep.join(filter(None, places))}

    def stop(self) -> None:
        """End it."""
        self._listening.close()
        if self._process is not None:
            self._process.send_signal(signal.SIGTERM)
            self._process.wait(_STOP_SECONDS)

    def page(self, email: str, path: str) -> Page:
        """A page as an account sees it, which logs in once."""
        if email not in self._browsers:
            self._browsers[email] = Browser(self._base)
            self._browsers[email].log_in(email)
        return self._browsers[email](path)

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

    def is_told_of_deletion(self, list_id: str) -> bool:
        """Whether an app that keeps something of lists was told that one is deleted."""
        try:
            return list_id in (self.directory / "deleted").read_text().splitlines()
        except FileNotFoundError:
            return False

    def logs(self) -> str:
        """What its processes have said."""
        return (self.directory / "log").read_text(errors="replace")
