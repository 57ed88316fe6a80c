"""Whatever of a real Mailman or of a receiver is killed, and when: what was committed arrives, in its order, and nothing else."""

from __future__ import annotations

import base64
import contextlib
import os
import random
import secrets
import threading
import time
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING

import mortal
import mortal_receiver
import pytest
from mortal_receiver import MortalReceiver, Taken
from postgresql import embedded_server

from django_pgpmailman.sandbox.events import settings_for
from mailman_pgp.sandbox.client import Sandbox
from mailman_pgp.sandbox.configuration import Options
from mailman_pgp.sandbox.polling import until
from mailman_pgp.sandbox.rest import RestError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

pytestmark = pytest.mark.deep

SECRET = "whsec_" + base64.b64encode(secrets.token_bytes(32)).decode()
ENDPOINT = "plugins/events/endpoints/mortal"
# What a process says in SQL when it numbers events, and when it writes down what has become of them.
NUMBERING = ("UPDATE ev_delivery", "sequence=")
RECORDING = ("UPDATE ev_delivery", "attempts=")
POST = b"From: anne@example.net\r\nTo: %b\r\nSubject: x\r\nMessage-ID: <%b>\r\n\r\nx\r\n"

_numbers = count(1)
_KILLS = 60


@dataclass
class Site:
    """A Mailman whose processes can die, and its receiver."""

    mailman: Sandbox
    receiver: MortalReceiver
    tried: set[str] = field(default_factory=set)

    @property
    def switch(self) -> Path:
        """What `mortal` looks for."""
        return self.mailman.place.root

    def make_list(self) -> str:
        """Make a list, and a member of it, or fail to; the list's ID."""
        name = f"killed{next(_numbers)}"
        list_id = f"{name}.example.com"
        self.tried.add(list_id)
        with contextlib.suppress(RestError, OSError):
            self.mailman.rest("lists", {"fqdn_listname": f"{name}@example.com"})
        with contextlib.suppress(RestError, OSError):
            self.mailman.rest.subscribe(list_id, f"{name}@example.net")
        return list_id

    def there(self, kind: str) -> set[str]:
        """Of the lists that were tried those that there are in Mailman, or those that have a member.

        :param kind: ``lists`` or ``members``.
        """

        def asked() -> set[str] | None:
            try:
                return {entry["list_id"] for entry in self.mailman.rest(kind).get("entries", ())}
            except (RestError, OSError):
                return None

        return until(lambda: (found := asked()) is not None and (found & self.tried,), "REST to answer")[0]

    def told(self, name: str) -> list[Taken]:
        """The events of a class that came, each once."""
        found = {taken.id: taken for taken in self.receiver.taken() if taken.name == name}
        return list(found.values())

    def settle(self) -> None:
        """Wait until all that has happened has arrived, and check that it came as it should."""
        last = self.make_list()
        while last not in self.there("members"):
            last = self.make_list()  # this one was killed, too
        until(
            lambda: self._hurry() and last in self.of_lists("SubscriptionEvent"),
            lambda: f"the last event told\n{self.mailman.logs()[-4000:]}",
            interval=0.1,
        )
        # What it still has to write down belongs to this test, and not to the next one.
        until(lambda: self.mailman.rest(ENDPOINT)["waiting"] == 0, "all written down as delivered")
        in_order(self.receiver.taken())
        for name, kind in (("ListCreatedEvent", "lists"), ("SubscriptionEvent", "members")):
            assert sorted(self.of_lists(name)) == sorted(self.there(kind))

    def of_lists(self, name: str) -> list[str]:
        """The lists that were tried, for each event of a class about one of them."""
        return [taken.data["list_id"] for taken in self.told(name) if taken.data["list_id"] in self.tried]

    def _hurry(self) -> bool:
        """Try the endpoint again at once, when it has failed."""
        with contextlib.suppress(RestError, OSError):
            if self.mailman.rest(ENDPOINT)["state"] != "well":
                self.mailman.rest(f"{ENDPOINT}/ping", {})
        return True


def in_order(taken: list[Taken]) -> None:
    """Each number is one event's and none is left out; they came in their order, but for what was sent once more."""
    by_sequence = {each.sequence: each.id for each in taken}
    assert all(by_sequence[each.sequence] == each.id for each in taken)
    assert len(set(by_sequence.values())) == len(by_sequence)
    first_seen = list(dict.fromkeys(each.sequence for each in taken))
    assert first_seen == list(range(1, len(first_seen) + 1))


@contextlib.contextmanager
def running(directory: Path, database_url: str | None) -> Iterator[Site]:
    """A stock Mailman with the plugin for events, and with the one by which its processes die."""
    with MortalReceiver(directory / "receiver", SECRET) as receiver, pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", str(Path(__file__).parent), prepend=os.pathsep)
        settings = settings_for(
            directory / "events.cfg",
            f"[endpoint.mortal]\nurl: {receiver.url}\napi_key: {secrets.token_urlsafe(24)}\nsecret: {SECRET}\n"
            "events: .*\nallow_private: yes\n",
        )
        settings += ["plugin.mortal.class=mortal.Mortal", "plugin.mortal.enabled=yes"]
        options = Options(plugin=False, database_url=database_url, settings=settings)
        with Sandbox(directory / "sandbox", options) as sandbox:
            sandbox.rest("domains", {"mail_host": "example.com"})
            yield Site(sandbox, receiver)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory, new_database: Callable[[], str | None]) -> Iterator[Site]:
    """The one of all tests here."""
    with running(tmp_path_factory.mktemp("killed"), new_database()) as found:
        yield found


@pytest.mark.parametrize("point", mortal.Point)
def test_rest_is_killed(site: Site, point: mortal.Point) -> None:
    """In the midst of a change: what was rolled back is told nobody, and what was committed is told, once."""
    switch = mortal.order(site.switch, point, "INTO ev_event", "ListCreatedEvent")
    list_id = site.make_list()
    assert not switch.exists()
    site.settle()
    assert (list_id in site.of_lists("ListCreatedEvent")) is (point is mortal.Point.COMMITTED)


@pytest.mark.parametrize("point", mortal.Point)
def test_runner_is_killed(site: Site, point: mortal.Point) -> None:
    """In the midst of a post: it is told once where it was committed, the first time or when it was taken up again.

    Core takes a message out of its queue right before it commits.  What dies in between has gone on, and is not written down.
    """
    number = next(_numbers)
    list_id = site.mailman.rest.create_list(f"posts{number}@example.com")
    site.mailman.rest.subscribe(list_id, "anne@example.net")
    switch = mortal.order(site.switch, point, "INTO ev_event", "AcceptEvent")
    message = POST % (b"posts%d@example.com" % number, b"%d@example.net" % number)
    site.mailman.lmtp_send("anne@example.net", f"posts{number}@example.com", message)
    until(lambda: not switch.exists(), "`in` killed")
    site.mailman.wait_until_idle()
    site.settle()
    accepted = [taken for taken in site.told("AcceptEvent") if taken.data["list_id"] == list_id]
    assert len(accepted) == (point is not mortal.Point.COMMITTING)


@pytest.mark.parametrize("point", mortal.Point)
@pytest.mark.parametrize("words", [NUMBERING, RECORDING], ids=["numbering", "recording"])
def test_sender_is_killed(site: Site, words: tuple[str, ...], point: mortal.Point) -> None:
    """While it numbers events, and while it writes down that they were taken."""
    switch = mortal.order(site.switch, point, *words)
    site.make_list()
    until(lambda: not switch.exists(), "the sender killed")
    site.settle()


@pytest.mark.parametrize("point", mortal_receiver.Point)
def test_receiver_is_killed(site: Site, point: mortal_receiver.Point) -> None:
    """Before it has stored an event, before it has answered, in the midst of the answer, and right after that."""
    deaths = site.receiver.deaths
    site.receiver.dies(point)
    site.make_list()
    until(lambda: site.receiver.deaths > deaths, "the receiver killed")
    site.settle()


@pytest.mark.parametrize("database", ["sqlite", "postgresql"])
def test_all_are_killed(tmp_path: Path, database: str) -> None:
    """One after the other, by lot, while things happen; on both databases."""
    lot = random.Random(f"{database} 1")
    with contextlib.ExitStack() as stack:
        url = stack.enter_context(embedded_server()) if database == "postgresql" else None
        site = stack.enter_context(running(tmp_path, url))
        deeds = (
            lambda: site.mailman.kill("rest"),
            lambda: site.mailman.kill("events"),
            site.receiver.kill,
            lambda: site.receiver.dies(lot.choice(list(mortal_receiver.Point))),
            lambda: mortal.order(site.switch, lot.choice(list(mortal.Point)), "INTO ev_event"),
            lambda: mortal.order(site.switch, lot.choice(list(mortal.Point)), *lot.choice([NUMBERING, RECORDING])),
        )
        for _ in range(_KILLS):
            happening = threading.Thread(target=site.make_list)
            happening.start()
            time.sleep(lot.random() / 20)  # waits for nothing: a moment by lot
            lot.choice(deeds)()
            happening.join()
        site.settle()
        assert site.receiver.deaths
