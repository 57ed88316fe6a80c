"""A line of ``mailman.cfg`` is missing, or the whole plugin: plain lists go on, encrypted lists wait, nothing sealed leaves.

Each case goes through the same day.  One post lies in the queue `out`, one in `pipeline`; then Mailman starts with the
mistake, and a third post, mail to the owners, a command and a post to a plain list come in.  Then the mistake is mended.
"""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from people import EncryptedList, Person

from mailman_pgp.sandbox import Options, Sandbox, SandboxError, until
from mailman_pgp.site.lines import REQUIRED_LINES

if TYPE_CHECKING:
    from conftest import StartSandbox

PLAIN = "plain@lists.example.com"
PETE = "pete@example.net"
CANARY = "kestrel"
COMPONENTS = "plugin.pgp.component_package"
LINES = [f"{line.section}.{line.option}" for line in REQUIRED_LINES]


@dataclass
class Site:
    """A Mailman with a plain and an encrypted list, and what has been sent to them."""

    sandbox: Sandbox
    list: EncryptedList
    anne: Person
    bart: Person
    olga: Person
    whole: Options
    sent: int = 0
    plain: int = 0

    @classmethod
    def make(cls, sandbox: Sandbox) -> Site:
        """Make the lists and their people."""
        sandbox.rest.subscribe(sandbox.rest.create_list(PLAIN), PETE)
        encrypted = EncryptedList.make(sandbox)
        anne, bart, olga = (encrypted.member(name) for name in ("Anne", "Bart", "Olga"))
        sandbox.rest("members", {"list_id": encrypted.list_id, "subscriber": olga.address, "role": "owner"})
        return cls(sandbox, encrypted, anne, bart, olga, sandbox.options)

    @property
    def people(self) -> tuple[Person, ...]:
        """Whom the encrypted list serves."""
        return (self.anne, self.bart, self.olga)

    def restart(self, **changes: object) -> None:
        """Stop Mailman and start it with other options."""
        self.sandbox.stop()
        self.sandbox.options = replace(self.whole, **changes)  # type: ignore[arg-type]  # fields by name
        self.sandbox.start()

    def post(self) -> None:
        """Post to the encrypted list."""
        self.sent += 1
        self.anne.post(f"The {CANARY} flies at noon, {self.sent}.", subject=f"About the {CANARY}")

    def post_into(self, queue: str) -> None:
        """Post, and wait until the post lies in this queue, whose runner does not run."""
        before = len(self.sandbox.queue(queue))
        self.post()
        until(lambda: len(self.sandbox.queue(queue)) > before and not self.sandbox.queue("in"), f"a post in {queue}")

    def post_plainly(self) -> None:
        """Post to the plain list, and wait until its member has it."""
        self.plain += 1
        text = f"From: {PETE}\nTo: {PLAIN}\nSubject: Plain\nMessage-ID: <{self.plain}@plain>\n\nHello {self.plain}\n"
        self.sandbox.lmtp_send(PETE, PLAIN, text.encode())
        self.sandbox.mail_for(PETE, self.plain)

    def copies(self) -> dict[str, int]:
        """How many messages each person of the encrypted list has."""
        return {person.name: self.sandbox.mailbox.count(person.address) for person in self.people}

    def all_mail(self) -> bytes:
        """Everything that has left Mailman."""
        mailbox = self.sandbox.mailbox
        return b"".join(kept.content for name in mailbox.recipients() for kept in mailbox.messages(name))

    def waiting(self) -> int:
        """How many messages lie in the queues, the shunt queue among them."""
        return sum(
            len(self.sandbox.queue(name)) for name in ("in", "pipeline", "command", "virgin", "out", "retry", "shunt")
        )

    def check(self) -> tuple[int, str]:
        """Status and text of ``mailman-pgp check``."""
        program = str(Path(sys.executable).parent / "mailman-pgp")
        arguments = [program, "check", "--config", str(self.sandbox.place.config)]
        done = subprocess.run(arguments, check=False, capture_output=True, text=True)
        return done.returncode, done.stdout + done.stderr


@pytest.fixture
def site(start_sandbox: StartSandbox) -> Site:
    """A complete site, before somebody breaks it."""
    return Site.make(start_sandbox())


def go_through_the_day(site: Site, **mistake: object) -> None:
    """Post before, during and after the mistake; see that what is encrypted waits, and comes once when it is mended."""
    site.restart(no_runners=("out",))
    site.post_into("out")
    site.restart(no_runners=("out", "pipeline"))
    site.post_into("pipeline")
    before = site.copies()

    site.restart(**mistake)
    site.post()
    to_owner = site.list.sub_address("owner")
    site.sandbox.lmtp_send(site.bart.address, to_owner, site.bart.write(f"To owners: the {CANARY}", subject=CANARY))
    command = f"From: {site.bart.address}\nSubject: join {CANARY}\nMessage-ID: <c@x>\n\n{CANARY}\n".encode()
    site.sandbox.lmtp_send(site.bart.address, site.list.sub_address("request"), command)
    # Two: when the second has gone through every queue, each runner has met all that came before the first.
    site.post_plainly()
    site.post_plainly()
    assert site.waiting() >= site.sent + 1
    told = site.sandbox.mailbox.messages(site.bart.address)[before["Bart"] :]
    assert [kept for kept in told if b"It takes no commands by mail." not in b" ".join(kept.content.split())] == []
    assert len(told) <= 1
    assert site.copies() == before | {"Bart": before["Bart"] + len(told)}
    assert CANARY.encode() not in site.all_mail()
    assert site.sandbox.rest(f"lists/{site.list.list_id}/config")["fqdn_listname"] == site.list.address

    site.restart()
    assert site.check()[0] < 2
    site.sandbox.command("unshunt")
    site.sandbox.wait_until_idle()
    assert [name for name in ("bad", "shunt") if site.sandbox.queue(name)] == []
    # The command was answered, then or now; Olga is a member, and the owner.
    assert site.copies() == {"Anne": site.sent, "Bart": site.sent + 1, "Olga": site.sent + 1}
    assert all(CANARY in site.anne.open(kept).as_string() for kept in site.anne.mail())
    site.post_plainly()
    assert site.sandbox.mailbox.count(PETE) == site.plain
    assert CANARY.encode() not in site.all_mail()


def test_without_the_plugin(site: Site) -> None:
    """Mailman as if the plugin had never been: stock runners, stock delivery, nothing of ours is loaded."""
    go_through_the_day(site, plugin=False)


def test_without_our_delivery(site: Site) -> None:
    """Without `outgoing` core would deliver; the doctor names the line."""
    go_through_the_day(site, omit=("mta.outgoing",))
    site.restart(omit=("mta.outgoing",))
    status, text = site.check()
    assert status == 2
    assert "outgoing: mailman_pgp.delivery.deliver" in text


@pytest.mark.deep
@pytest.mark.parametrize("name", [name for name in LINES if name not in ("mta.outgoing", COMPONENTS)])
def test_without_a_line(site: Site, name: str) -> None:
    """Each line that `mailman.cfg` needs, forgotten."""
    go_through_the_day(site, omit=(name,))


def test_without_the_component_package(site: Site) -> None:
    """Without this line core itself does not start; nothing is sent, and what lay in the queues goes on afterwards."""
    site.restart(no_runners=("out",))
    site.post_into("out")
    with pytest.raises(SandboxError):
        site.restart(omit=(COMPONENTS,))
    assert set(site.copies().values()) == {0}
    site.restart()
    site.sandbox.wait_until_idle()
    assert set(site.copies().values()) == {1}


@pytest.mark.deep
@pytest.mark.parametrize(
    "mistake",
    [
        {"omit": ("plugin.pgp",)},
        {"settings": ("plugin.pgp.enabled=no",)},
        {"settings": ("mta.outgoing=mailman.mta.deliver.deliver",)},
        {"settings": ("runner.in.class=mailman.runners.incoming.IncomingRunner",)},
        {
            "omit": tuple(name for name in LINES if not name.startswith("plugin.")),
            "settings": ("plugin.pgp.enabled=no",),
        },
        {"omit": ("pgp.key_file",)},
    ],
    ids=["section", "disabled", "core-delivery", "core-reception", "disabled-core-runners", "key-file-line"],
)
def test_with_a_mistake(site: Site, mistake: dict[str, tuple[str, ...]]) -> None:
    """A whole section missing, the plugin switched off, lines with core's own values, settings without the key file."""
    go_through_the_day(site, **mistake)


@pytest.mark.parametrize("omit", [("plugin.pgp",), ("plugin.pgp.configuration",)], ids=["section", "configuration"])
def test_installed_half_and_never_started(start_sandbox: StartSandbox, omit: tuple[str, ...]) -> None:
    """Where the plugin never came so far as to make its tables, plain lists go on."""
    sandbox = start_sandbox(omit=omit)
    sandbox.rest.subscribe(sandbox.rest.create_list(PLAIN), PETE)
    sandbox.lmtp_send(
        PETE, PLAIN, f"From: {PETE}\nTo: {PLAIN}\nSubject: Plain\nMessage-ID: <1@plain>\n\nHello\n".encode()
    )
    assert b"Hello" in sandbox.mail_for(PETE)[0].content
    sandbox.wait_until_idle()
    assert sandbox.queue("shunt") == []


def test_doctor_names_every_line(site: Site, tmp_path: Path) -> None:
    """For each missing line the doctor ends with status 2, and says what to write, without a running Mailman."""
    site.sandbox.stop()
    complete = site.sandbox.place.config.read_text()
    for line in REQUIRED_LINES:
        broken = tmp_path / "mailman.cfg"
        kept: list[str] = []
        section = ""
        for text in complete.splitlines():
            section = text.strip("[]") if text.startswith("[") else section
            if section != line.section or not text.startswith(f"{line.option}:"):
                kept.append(text)
        broken.write_text("\n".join(kept))
        program = str(Path(sys.executable).parent / "mailman-pgp")
        done = subprocess.run(
            [program, "check", "--json", "--config", str(broken)], check=False, capture_output=True, text=True
        )
        assert done.returncode == 2, line
        findings = json.dumps(json.loads(done.stdout))
        assert f"{line.option}: " in findings
        assert f"[{line.section}]" in findings
