"""`make serve`, as a newcomer types it: what it prints is there, for those for whom it is said, and it ends with Ctrl-C."""

from __future__ import annotations

import os
import re
import shlex
import signal
import subprocess
from dataclasses import dataclass, field
from html import unescape
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from websites import Browser

from mailman_pgp.sandbox import processes, until

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.deep

_ROOT = Path(__file__).parents[2]
_START_SECONDS = 240.0
_END = "tells the whole story of a post, and ends."
_PAGES = re.compile(r"^    (\S+): (.+)\n        (http\S+)$", re.MULTILINE)
_PEOPLE = re.compile(r"^    (\S+@example\.net) +\w+, who|^    (\S+@example\.net) +\w+, a member", re.MULTILINE)
#: What each page has that is printed, by the end of its address.
PROMISED = {
    "mailman3/lists/newsroom.example.com/": ["This list is encrypted", "Bring your key before you join"],
    "pgp/keys": ["newsroom@example.com", "your key counts"],
    "requests": ["cris@example.net", "proven", "I compared the fingerprint"],
    "held": ["dora@example.net", "signature good", "Send it to me, encrypted"],
    "members": ["bart@example.net", "no certificate", "Its fingerprint was compared."],
    "posts": ["<td>3</td><td>2</td><td>1</td>"],
    "settings": ["The key of the list", "A line on who wrote a post"],
    "pgp/": ["newsroom@example.com", "good"],
}


@dataclass
class Served:
    """`make serve` in a folder, and what it has printed."""

    folder: Path
    process: subprocess.Popen[str]
    said: str = ""
    browsers: dict[str, Browser] = field(default_factory=dict)

    @classmethod
    def type_it(cls, folder: Path) -> Served:
        """In a terminal of its own."""
        command = ["make", "serve", f"SANDBOX={folder}"]
        process = subprocess.Popen(
            command, cwd=_ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, start_new_session=True
        )
        return cls(folder, process)

    @classmethod
    def start(cls, folder: Path) -> Served:
        """Type it, and read all that it says."""
        served = cls.type_it(folder)
        assert served.process.stdout is not None
        for line in served.process.stdout:
            served.said += line
            if _END in line:
                return served
        raise AssertionError(f"It ended with {served.process.wait()}: {served.said}")

    @property
    def url(self) -> str:
        """The root of the website."""
        return self._found(r"Its website is at (http\S+/),")

    @property
    def password(self) -> str:
        """That of everybody."""
        return self._found(r"Everybody there has the password (\S+)")

    def _found(self, pattern: str) -> str:
        found = re.search(pattern, self.said)
        assert found is not None, self.said
        return found[1]

    def browser(self, address: str) -> Browser:
        """Somebody who has logged in."""
        if address not in self.browsers:
            self.browsers[address] = Browser(self.url)
            self.browsers[address].log_in(address, self.password)
        return self.browsers[address]

    def page(self, address: str, path: str, form: dict[str, str] | None = None) -> tuple[int, str]:
        """A page as somebody sees it."""
        page = self.browser(address)(path, form)
        return page.status, unescape(page.text)

    def mail_of(self, *arguments: str) -> str:
        """The command for mail, as it is printed."""
        given = shlex.split(self._found(r"alias (mail-of=.*)"))[0].partition("=")[2]
        done = subprocess.run(
            [*shlex.split(given), *arguments], check=False, capture_output=True, text=True, timeout=_START_SECONDS
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def interrupt(self) -> None:
        """Ctrl-C in its terminal: nothing of it is left when it has ended."""
        ours = self._processes()
        os.killpg(self.process.pid, signal.SIGINT)
        self.process.communicate(timeout=_START_SECONDS)
        assert _left(ours) == []

    def kill(self) -> None:
        """Kill what holds all together: the others end by themselves."""
        self._kill("django_pgpmailman.sandbox")

    def lose_website(self) -> None:
        """Kill what serves the website: all ends, with a sentence."""
        assert "A part of it has ended by itself" in self._kill("gunicorn")

    def _kill(self, module: str) -> str:
        """Kill the first process that runs a module; what is said at last."""
        ours = self._processes()
        processes.send(next(pid for pid in ours if processes.command_line(pid)[1:3] == ["-m", module]), signal.SIGKILL)
        said, _ = self.process.communicate(timeout=_START_SECONDS)
        assert self.process.returncode != 0
        until(lambda: not _left(ours), lambda: f"{_left(ours)} to end")
        return said

    def _processes(self) -> list[int]:
        found = processes.descendants(self.process.pid)
        assert len(found) > 15
        return found


def _left(pids: list[int]) -> list[list[str]]:
    """The command lines of those that still run."""
    return [processes.command_line(pid) for pid in pids if processes.state(pid) not in "XZ"]


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Served]:
    """What runs after a first start that was killed in the middle of what it makes."""
    first = Served.type_it(tmp_path / "sandbox")
    mail = tmp_path / "sandbox" / "mail" / "anne@example.net"
    try:
        until(lambda: any(mail.glob("*.eml")), "mail for Anne", _START_SECONDS)
    finally:
        first.kill()
    running = Served.start(tmp_path / "sandbox")
    yield running
    if running.process.poll() is None:
        running.interrupt()


def test_newcomer(served: Served) -> None:
    """Each printed person can log in, each page has what is said of it, somebody joins, and all goes on after Ctrl-C."""
    people = [one or other for one, other in _PEOPLE.findall(served.said)]
    assert len(people) == 8
    for address in people:
        assert served.page(address, "pgp/keys")[0] == 200
    pages = [(shown, address, url.removeprefix(served.url)) for address, shown, url in _PAGES.findall(served.said)]
    assert len(pages) == len(PROMISED)
    for shown, address, path in pages:
        status, text = served.page(address, path)
        assert status == 200, (shown, path)
        (promised,) = [words for end, words in PROMISED.items() if path == end or path.endswith(f"/{end}")]
        cells = re.sub("<td [^>]*>", "<td>", text)
        assert [word for word in promised if word not in cells] == [], shown
        assert "harbour" not in text
        if "/pgp/lists" in f"/{path}":
            assert served.page("nils@example.net", path)[0] == 403
    assert served.page("olga@example.net", "archives/list/newsroom@example.com/")[0] == 200  # an event has told of it
    assert (served.folder / "web" / "secrets.json").stat().st_mode & 0o077 == 0
    assert "The kitchen closes at two today." in served.mail_of("dora@example.net")
    assert "harbour" not in served.mail_of("anne@example.net")
    _joins(served)
    _is_alone(served)
    before = served.url, served.password
    served.interrupt()
    again = Served.start(served.folder)
    try:
        assert (again.url, again.password) == before
        assert "nils@example.net" in again.page("olga@example.net", "pgp/lists/newsroom.example.com/members")[1]
    finally:
        again.lose_website()


def _joins(served: Served) -> None:
    """What the text says of Nils, done with a browser and the command for mail."""
    nils, home = "nils@example.net", "mailman3/lists/newsroom.example.com/"
    own, waits = f"pgp/lists/newsroom.example.com/keys/{nils}", "pgp/lists/newsroom.example.com/requests"
    assert served.page(nils, f"{home}subscribe", {"subscriber": nils})[0] == 200
    certificate = (served.folder / "people" / f"{nils}.asc").read_text()
    looked = served.page(nils, own, {"action": "look", "certificate": certificate})[1]
    (sending,) = [part for part in re.findall(r"<form.*?</form>", looked, re.DOTALL) if 'value="send"' in part]
    hidden = dict(re.findall(r'type="hidden" name="([a-z]+)" value="([^"]*)"', sending))
    hidden.pop("csrfmiddlewaretoken", None)
    assert "An encrypted message goes to" in served.page(nils, own, {**hidden, "action": "send"})[1]
    until(lambda: "Please confirm" in served.mail_of(nils), "the question to Nils", _START_SECONDS, interval=1)
    assert "Answered with 'yes'" in served.mail_of(nils, "--answer", "yes")
    until(lambda: "They have shown" in _entry(served, waits, nils), "his request", _START_SECONDS, interval=0.5)
    entry = _entry(served, waits, nils)
    form = dict(re.findall(r'type="hidden" name="(name|seen)" value="([^"]*)"', entry))
    assert "is accepted" in served.page("mona@example.net", waits, {**form, "action": "accept"})[1]


def _entry(served: Served, path: str, address: str) -> str:
    """What the moderator sees of one request, empty where there is none."""
    sections = re.findall(r"<section.*?</section>", served.page("mona@example.net", path)[1], re.DOTALL)
    return next((section for section in sections if f"<bdi>{address}</bdi>: wants to join" in section), "")


def _is_alone(served: Served) -> None:
    """A second start in the same folder is refused by a sentence, and harms nothing."""
    command = ["make", "serve", f"SANDBOX={served.folder}"]
    second = subprocess.run(command, cwd=_ROOT, check=False, capture_output=True, text=True, timeout=_START_SECONDS)
    assert second.returncode != 0
    assert "A sandbox is running in" in second.stderr
    assert "Traceback" not in second.stderr
    assert served.page("anne@example.net", "pgp/keys")[0] == 200
