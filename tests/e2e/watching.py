"""An encrypted list whose every trace is searched for a canary."""

from __future__ import annotations

import contextlib
import json
from contextlib import ExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING

from canary import Canary, digests
from people import EncryptedList
from traces import Traces

from mailman_pgp.sandbox import RestError, until

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from people import Person

    from mailman_pgp.sandbox import Kept, Sandbox

ALL = {"subject", "name", "body", "filename", "content"}
"""The places of a canary's words."""

AUTOMATIC = {
    "autorespond_postings": "respond_and_continue",
    "autoresponse_postings_text": "Thank you for your post.",
    "autorespond_owner": "respond_and_continue",
    "autoresponse_owner_text": "Thank you for writing to the owners.",
    "autorespond_requests": "respond_and_continue",
    "autoresponse_request_text": "Thank you for your request.",
    "forward_unrecognized_bounces_to": "administrators",
    "admin_immed_notify": "yes",
    "respond_to_post_requests": "yes",
}
"""Settings that have core answer and tell as much as it can."""


@dataclass(slots=True)
class Watched:
    """An encrypted list with two members, an owner who has a certificate, and an owner who has none."""

    list: EncryptedList
    anne: Person
    bart: Person
    owner: Person
    other_owner: Person

    @classmethod
    def make(cls, sandbox: Sandbox) -> Watched:
        """Make a new one; Anne wants an acknowledgement of each post."""
        mailing_list = EncryptedList.make(sandbox)
        rest = sandbox.rest
        rest(f"lists/{mailing_list.list_id}/config", AUTOMATIC, "PATCH")
        anne, bart = mailing_list.member("Anne"), mailing_list.member("Bart")
        member = rest(f"lists/{mailing_list.list_id}/member/{anne.address}")["member_id"]
        rest(f"members/{member}/preferences", {"acknowledge_posts": "yes"}, "PATCH")
        owners = [mailing_list.person(name) for name in ("Olga", "Ottokar")]
        mailing_list.certify(owners[0])
        for owner in owners:
            rest.subscribe(mailing_list.list_id, owner.address, role="owner")
        return cls(mailing_list, anne, bart, *owners)

    @property
    def sandbox(self) -> Sandbox:
        """The Mailman of this list."""
        return self.list.sandbox

    def traces(self, canary: Canary) -> Traces:
        """The search for a canary in a post of Anne's, and for what confirms a guess of it."""
        signed = digests(canary.inside(self.anne)) | digests(canary.entity)
        return Traces(canary.words | signed, self.sandbox.place.root)

    def found(self, traces: Traces) -> dict[str, set[str]]:
        """The places where words are: files, rows, and what REST and the commands say."""
        found = traces.in_sandbox(self.sandbox)
        for place, text in self._said():
            if names := traces.within(text.encode()):
                found[place] = names
        return found

    def _said(self) -> Iterator[tuple[str, str]]:
        rest = self.sandbox.rest
        queues = [entry["name"] for entry in rest("queues")["entries"]]  # each as `queues/NAME` shows it
        paths = ["queues"]
        paths += [f"lists/{self.list.list_id}/{name}" for name in ("config", "held", "held/count", "requests")]
        paths += [f"lists/{self.list.list_id}/held/{held}" for held in self.held()]
        for path in paths:
            with contextlib.suppress(RestError):  # what was held a moment ago
                yield f"REST {path}", json.dumps(rest(path), ensure_ascii=False)
        commands = [("pgp", "status"), ("pgp", "status", self.list.address), ("pgp", "status", "--json"), ("status",)]
        # A queue's file as an administrator looks at it; what came outside the encryption may be in the first queue.
        files = (path for name in queues if name != "in" for path in self.sandbox.queue(name))
        for command in (*commands, *(("qfile", str(path)) for path in files)):
            done = self.sandbox.mailman_quickly(*command)
            yield f"mailman {' '.join(command)}", done.stdout + done.stderr

    def held(self) -> list[int]:
        """The numbers of the held messages."""
        entries = self.sandbox.rest(f"lists/{self.list.list_id}/held").get("entries", [])
        return [entry["request_id"] for entry in entries]

    def delivered(self, canary: Canary, *people: Person) -> None:
        """Wait until these people have a message, encrypted to them, with the whole post in it.  Raises TimeoutError."""
        for person in people:
            until(
                lambda person=person: any(canary.heard_in(message) == ALL for message in person.read(0)),
                f"the post with the canary came to {person.address}",
            )

    def deaf(self, canary: Canary, *people: Person) -> None:
        """Nothing that came to these people, once decrypted, holds a word of the canary."""
        for person in people:
            for message in person.read(0):
                assert not canary.heard_in(message)


def queued(sandbox: Sandbox, name: str) -> dict[str, set[str]]:
    """Wait until something is in a queue; the place of its file, with no words yet."""
    until(lambda: sandbox.queue(name), f"something waits in {name}")
    (path,) = sandbox.queue(name)
    return {str(path.relative_to(sandbox.place.root)): set()}


def shunted(sandbox: Sandbox) -> dict[str, set[str]]:
    """Wait until something is in the queue `shunt`, and no longer where it was before; otherwise as `queued`."""
    queued(sandbox, "shunt")
    sandbox.wait_until_idle()
    return queued(sandbox, "shunt")


def only(place: dict[str, set[str]], words: set[str]) -> dict[str, set[str]]:
    """These words in that place."""
    return dict.fromkeys(place, words) if words else {}


def silent_on_its_way(ants: Watched, traces: Traces, send: Callable[[], None], outside: set[str]) -> None:
    """Look for words at each stage of a post's way, while it waits there; it goes on in the end.

    :param outside: The words that came outside the encryption, which are in the first queue.
    """
    stopped = {name: ExitStack() for name in ("in", "pipeline", "out")}
    with ExitStack() as stack:
        for name, runner in stopped.items():
            stack.push(runner)
            runner.enter_context(ants.sandbox.paused(name))
        send()
        assert ants.found(traces) == only(queued(ants.sandbox, "in"), outside)
        for done, name in (("in", "pipeline"), ("pipeline", "out")):
            stopped[done].close()
            until(lambda name=name: ants.sandbox.queue(name), f"something waits in {name}")
            assert ants.found(traces) == {}


def report(kept: Kept, recipient: str, action: str) -> bytes:
    """A delivery status notification (RFC 3464) that quotes a whole message; `action` other than failed is no bounce."""
    status = {"failed": "5.1.1"}.get(action, "2.0.0")
    return b"".join(
        (
            b"From: MAILER-DAEMON@example.net\nTo: <", kept.sender.encode(), b">\nSubject: Report\nMessage-ID: <",
            action.encode(), recipient.encode(), b">\nMIME-Version: 1.0\n",
            b'Content-Type: multipart/report; report-type=delivery-status; boundary="r"\n\n',
            b"--r\nContent-Type: text/plain\n\nThis is what became of your message.\n",
            b"--r\nContent-Type: message/delivery-status\n\nReporting-MTA: dns; mx.example.net\n\n",
            f"Final-Recipient: rfc822; {recipient}\nAction: {action}\nStatus: {status}\n".encode(),
            b"\n--r\nContent-Type: message/rfc822\n\n", kept.content, b"\n--r--\n",
        )
    )  # fmt: skip
