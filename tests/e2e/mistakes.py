"""A site with a plain and an encrypted list, and the day on which somebody has made a mistake in its configuration."""

from __future__ import annotations

import re
import subprocess
import sys
from collections import Counter
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from people import EncryptedList, Person

from mailman_pgp.sandbox import Options, Sandbox, until

if TYPE_CHECKING:
    from mailman_pgp.sandbox import Kept

PLAIN = "plain@lists.example.com"
PETE = "pete@example.net"
CANARY = "kestrel"
_QUEUES = ("in", "pipeline", "command", "virgin", "out", "retry", "shunt")
_NUMBER = re.compile(rf"The {CANARY} flies at noon, (\d+)\.")
_TO_OWNERS = f"To the owners: the {CANARY}."


def doctor(config: Path, *options: str) -> subprocess.CompletedProcess[str]:
    """``mailman-pgp check`` of a configuration."""
    arguments = [Path(sys.executable).parent / "mailman-pgp", "check", *options, "--config", config]
    return subprocess.run(arguments, check=False, capture_output=True, text=True)


@dataclass
class Site:
    """A Mailman with a plain and an encrypted list, and what has been sent to them."""

    sandbox: Sandbox
    list: EncryptedList
    anne: Person
    bart: Person
    dora: Person
    """Her posts are held."""
    olga: Person
    """The owner, who is a member too."""
    whole: Options
    sent: int = 0
    plain: int = 0

    @classmethod
    def make(cls, sandbox: Sandbox) -> Site:
        """Make the lists and their people."""
        rest = sandbox.rest
        rest.subscribe(rest.create_list(PLAIN), PETE)
        encrypted = EncryptedList.make(sandbox)
        anne, bart, dora, olga = (encrypted.member(name) for name in ("Anne", "Bart", "Dora", "Olga"))
        rest("members", {"list_id": encrypted.list_id, "subscriber": olga.address, "role": "owner"})
        member = rest(f"lists/{encrypted.list_id}/member/{dora.address}")["member_id"]
        rest(f"members/{member}", {"moderation_action": "hold"}, "PATCH")
        return cls(sandbox, encrypted, anne, bart, dora, olga, sandbox.options)

    @property
    def people(self) -> tuple[Person, ...]:
        """Whom the encrypted list serves."""
        return (self.anne, self.bart, self.dora, self.olga)

    def restart(self, **changes: object) -> None:
        """Stop Mailman and start it with other options."""
        self.sandbox.stop()
        self.sandbox.options = replace(self.whole, **changes)  # type: ignore[arg-type]  # fields by name
        self.sandbox.start()

    def post(self, author: Person | None = None) -> None:
        """Post to the encrypted list; Anne does unless somebody else is named."""
        self.sent += 1
        (author or self.anne).post(f"The {CANARY} flies at noon, {self.sent}.", subject=f"About the {CANARY}")

    def post_into(self, queue: str) -> None:
        """Post, and wait until the post lies in this queue, whose runner does not run."""
        before = len(self.sandbox.queue(queue))
        self.post()
        until(lambda: len(self.sandbox.queue(queue)) > before and not self.sandbox.queue("in"), f"a post in {queue}")

    def post_and_hold(self) -> str:
        """Post in Dora's name; the path of the held message in REST, when all have been told of it."""
        self.post(self.dora)
        path = f"lists/{self.list.list_id}/held"
        until(lambda: self.sandbox.rest(f"{path}/count")["count"], "the post is held")
        self.sandbox.wait_until_idle()
        (held,) = self.sandbox.rest(path)["entries"]
        return f"{path}/{held['request_id']}"

    def write_to_owners(self) -> None:
        """Send mail to the owners, encrypted."""
        owners = self.list.sub_address("owner")
        self.bart.send(self.bart.write(_TO_OWNERS, subject=CANARY, address=owners), owners)

    def command(self) -> None:
        """Send a command, which is not open on an encrypted list."""
        command = f"From: {self.bart.address}\nSubject: join {CANARY}\nMessage-ID: <c@x>\n\n{CANARY}\n"
        self.sandbox.lmtp_send(self.bart.address, self.list.sub_address("request"), command.encode())

    def post_plainly(self) -> None:
        """Post to the plain list, and wait until its member has it."""
        self.plain += 1
        text = f"From: {PETE}\nTo: {PLAIN}\nSubject: Plain\nMessage-ID: <{self.plain}@plain>\n\nHello {self.plain}\n"
        self.sandbox.lmtp_send(PETE, PLAIN, text.encode())
        self.sandbox.mail_for(PETE, self.plain)

    def mail(self) -> dict[str, list[Kept]]:
        """All that each person of the encrypted list has, by name."""
        return {person.name: self.sandbox.mailbox.messages(person.address) for person in self.people}

    def read(self) -> dict[str, Counter[str]]:
        """How often each person has each post, by its number, and the letter to the owners, by its text."""
        return {person.name: Counter(self._read(person)) for person in self.people}

    def _read(self, person: Person) -> list[str]:
        opened = [person.open(kept) for kept in person.mail(0) if b"BEGIN PGP MESSAGE" in kept.content]
        # Olga is asked about a post that waits, which is attached.
        texts = [mail.as_string() for mail in opened if not str(mail["subject"]).startswith("A post by")]
        return [found for text in texts for found in (*_NUMBER.findall(text), *re.findall(re.escape(_TO_OWNERS), text))]

    def all_posts(self) -> Counter[str]:
        """What a person has who got every post once."""
        return Counter(str(number + 1) for number in range(self.sent))

    def all_mail(self) -> bytes:
        """Everything that has left Mailman."""
        mailbox = self.sandbox.mailbox
        return b"".join(kept.content for name in mailbox.recipients() for kept in mailbox.messages(name))

    def waiting(self) -> int:
        """How many messages lie in the queues, the shunt queue among them."""
        return sum(len(self.sandbox.queue(name)) for name in _QUEUES)

    def check(self) -> tuple[int, str]:
        """Status and text of ``mailman-pgp check``."""
        done = doctor(self.sandbox.place.config)
        return done.returncode, done.stdout + done.stderr

    def mend(self) -> None:
        """Start Mailman as it should be, have it take up what it has shunted, and see that each post came once."""
        self.restart()
        assert self.check()[0] < 2
        self.sandbox.command("unshunt")
        self.sandbox.wait_until_idle()
        assert [name for name in ("bad", "shunt") if self.sandbox.queue(name)] == []
        letters = self.read()["Olga"][_TO_OWNERS]
        assert self.read() == {
            person.name: self.all_posts() + Counter({_TO_OWNERS: letters if person is self.olga else 0})
            for person in self.people
        }
        assert CANARY.encode() not in self.all_mail()


def go_through_the_day(site: Site, mend: str, **mistake: object) -> None:
    """Post before, during and after the mistake; see that what is encrypted waits, and comes once when it is mended.

    :param mend: What the doctor says of the mistake.
    :param mistake: The options of Mailman with it.
    """
    held = site.post_and_hold()
    site.restart(no_runners=("out",))
    site.post_into("out")
    site.restart(no_runners=("out", "pipeline"))
    site.post_into("pipeline")
    before = site.mail()

    site.restart(**mistake)
    status, text = site.check()
    assert status == 2
    assert mend in text
    site.post()
    site.sandbox.rest(held, {"action": "accept"})
    site.write_to_owners()
    site.command()
    # Two: when the second has gone through every queue, each runner has met all that came before the first.
    site.post_plainly()
    site.post_plainly()
    assert site.waiting() >= site.sent + 1
    # Nothing has come but, at most, the answer to the command.
    come = {name: kept[len(before[name]) :] for name, kept in site.mail().items()}
    told = come.pop("Bart")
    assert come == {"Anne": [], "Dora": [], "Olga": []}
    assert [kept for kept in told if b"it takes no commands by mail." not in b" ".join(kept.content.split())] == []
    assert len(told) <= 1
    assert CANARY.encode() not in site.all_mail()
    assert site.sandbox.rest(f"lists/{site.list.list_id}/config")["fqdn_listname"] == site.list.address

    site.mend()
    assert site.read()["Olga"][_TO_OWNERS] == 1
    # The command was answered, then or now.
    assert len(site.mail()["Bart"]) == len(before["Bart"]) + site.sent + 1
    site.post_plainly()
    assert site.sandbox.mailbox.count(PETE) == site.plain
