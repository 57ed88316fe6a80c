"""Each way by which core keeps or sends mail: a plain list shows that there is one, and of an encrypted one nothing goes by it.

The table of all of them is in docs/what-leaves.md.  Each way is gone twice, with settings that have core do as much as it can.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest
from canary import Canary
from traces import Traces, tables
from watching import ALL, AUTOMATIC, Watched, report

from mailman_pgp.sandbox import until

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from people import Person

pytestmark = pytest.mark.deep


SETTLED = {"pre_verified": "yes", "pre_confirmed": "yes", "pre_approved": "yes"}
MAIL_ARCHIVE = "archive@mail-archive.com"  # core's default


@dataclass(frozen=True, slots=True)
class Side:
    """One of two lists with the same people: a plain one, or an encrypted one."""

    ants: Watched
    address: str
    list_id: str
    encrypted: bool

    def __call__(self, path: str, data: dict[str, Any] | None = None, method: str | None = None) -> Any:
        """What REST says of the list below a path, or does there; no mistake of what the list refuses to be."""
        return self.ants.sandbox.rest(f"lists/{self.list_id}/{path}", data, method)

    def sub_address(self, kind: str) -> str:
        """Another address of the list."""
        return self.address.replace("@", f"-{kind}@")

    def configure(self, **settings: str) -> None:
        """Change settings as an owner does."""
        self("config", settings, "PATCH")

    def prefer(self, person: Person, **preferences: str) -> None:
        """Choose for a member."""
        member = self(f"member/{person.address}")["member_id"]
        self.ants.sandbox.rest(f"members/{member}/preferences", preferences, "PATCH")

    def send(self, canary: Canary, kind: str = "", *, clear: bool = False) -> None:
        """Mail from Anne with the canary in it, in the form that the list wants, to one of its addresses."""
        anne, to = self.ants.anne, self.sub_address(kind) if kind else self.address
        in_the_clear = clear or not self.encrypted
        anne.send(canary.plain(anne, to) if in_the_clear else canary.protected(anne, to), to)

    def held(self) -> int:
        """The number of the one post that is held."""
        until(lambda: self("held/count")["count"] == 1, "the post is held")
        (entry,) = self("held")["entries"]
        return int(entry["request_id"])


class Hypertext(Canary):
    """A post whose text is HTML."""

    @property
    def entity(self) -> bytes:
        """See `Canary.entity`."""
        return Canary.entity.fget(self).replace(b"Content-Type: text/plain", b"Content-Type: text/html", 1)


@pytest.fixture
def ants(watched: Any) -> Iterator[Watched]:
    """A fresh encrypted list; afterwards nothing of it waits anywhere, and it is gone."""
    made = Watched.make(watched)
    yield made
    watched.wait_until_idle()
    made.list.delete()


@pytest.fixture
def plain(ants: Watched) -> Side:
    """A plain list with the same people and the same settings."""
    address = ants.list.address.replace("ants", "bees")
    rest = ants.sandbox.rest
    list_id = rest.create_list(address, "legacy-default")
    made = Side(ants, address, list_id, encrypted=False)
    made.configure(**AUTOMATIC)
    for person in (ants.anne, ants.bart):
        rest.subscribe(list_id, person.address)
    made.prefer(ants.anne, acknowledge_posts="yes")
    for owner in (ants.owner, ants.other_owner):
        rest.subscribe(list_id, owner.address, role="owner")
    return made


def encrypted(ants: Watched) -> Side:
    """The encrypted list."""
    return Side(ants, ants.list.address, ants.list.list_id, encrypted=True)


# -- the ways: each is gone from its beginning to its end


def acknowledgement(side: Side, canary: Canary) -> None:
    """To the author, where they want one."""
    side.prefer(side.ants.anne, receive_own_postings="no")
    side.send(canary)


def refusal_of_a_chain(side: Side, canary: Canary) -> None:
    """To the author, where the owners have their posts rejected."""
    side.configure(default_member_action="reject")
    side.send(canary)
    until(lambda: "was rejected" in texts(side.ants.anne), "the author is told")


def forward_of_a_filter(side: Side, canary: Canary) -> None:
    """To the owners, of what they have filtered."""
    side.configure(filter_content="yes", filter_action="forward", pass_types="image/png")
    side.send(canary)


def mail_to_the_owners(side: Side, canary: Canary) -> None:
    """In the clear, as anybody may write it."""
    side.send(canary, "owner", clear=True)


def command(side: Side, canary: Canary) -> None:
    """What became of it, to who has sent it."""
    side.send(canary, "request", clear=True)


def digest(side: Side, canary: Canary) -> None:
    """By core's command, to who has chosen one."""
    side.configure(digests_enabled="yes", digest_size_threshold="10000")
    side.prefer(side.ants.bart, delivery_mode="mime_digests")
    side.send(canary)
    side.ants.sandbox.wait_until_idle()
    side("digest", {"send": "yes"}, "POST")


def digest_mailbox(side: Side, canary: Canary) -> None:
    """A file, until the digest is sent."""
    side.configure(digests_enabled="yes", digest_size_threshold="10000")
    side.send(canary)


def archiver(side: Side, canary: Canary) -> None:
    """Files below var, and mail to an outside address."""
    side.configure(archive_policy="public")
    side("archivers", {"prototype": "yes", "mail-archive": "yes"}, "PATCH")
    side.send(canary)


def news(side: Side, canary: Canary) -> None:
    """The queue of the runner that posts it to a news group."""
    side.configure(gateway_to_news="yes", linked_newsgroup="comp.kestrels")
    side.send(canary)


def converted_html(side: Side, canary: Canary) -> None:
    """A temporary file for `html_to_plain_text_command`, and what that program does with it."""
    side.configure(filter_content="yes", convert_html_to_plaintext="yes")
    side.send(Hypertext(**{place: word for word, place in canary.words.items()}))


def bounce(side: Side, canary: Canary) -> None:
    """To the owners: a report about a post that quotes it, and that core takes for none."""
    bart, sandbox = side.ants.bart, side.ants.sandbox
    before = sandbox.mailbox.count(bart.address)
    side.send(canary)
    kept = sandbox.mail_for(bart.address, before + 1)[-1]
    side.ants.sandbox.lmtp_send("", kept.sender, report(kept, bart.address, "delivered"))


WAYS: dict[str, tuple[Callable[[Side, Canary], None], str, tuple[str, ...], set[str]]] = {
    # The way, the places of a plain list's words (ANNE, OWNER, LIST stand for the list's own), who gets the post on an encrypted
    # list, and the words that are there on a plain one.
    "acknowledgement": (acknowledgement, "mail/ANNE", ("BART",), {"subject"}),
    "refusal-of-a-chain": (refusal_of_a_chain, "mail/ANNE", (), ALL),
    "forward-of-a-filter": (forward_of_a_filter, "mail/OWNER", ("ANNE", "BART"), ALL),
    "mail-to-the-owners": (mail_to_the_owners, "mail/OWNER", ("OWNER",), ALL),
    "command": (command, "mail/ANNE", (), {"body"}),
    "digest": (digest, "mail/BART", ("ANNE",), ALL),
    "digest-mailbox": (digest_mailbox, "var/lists/LIST/digest.mmdf", ("ANNE", "BART"), ALL),
    "archiver": (archiver, "var/archives/prototype", ("ANNE", "BART"), ALL),
    "archiver-by-mail": (archiver, f"mail/{MAIL_ARCHIVE}", ("ANNE", "BART"), ALL),
    "news": (news, "var/queue/nntp", ("ANNE", "BART"), ALL),
    "converted-html": (converted_html, "converted", ("ANNE", "BART"), {"body"}),
    "bounce": (bounce, "mail/OWNER", ("ANNE", "BART"), ALL),
}


# Of these tests that are always run show much the same (test_settings_by_rest.py, test_digests.py).
_DEEP = {"digest", "digest-mailbox", "archiver", "archiver-by-mail", "news", "forward-of-a-filter"}


@pytest.mark.parametrize("way", [pytest.param(way, marks=[pytest.mark.deep] * (way in _DEEP)) for way in WAYS])
def test_nothing_goes_this_way(ants: Watched, plain: Side, way: str) -> None:
    """No word of an encrypted list's post, and all that core tells of a plain list's."""
    go, place, readers, words = WAYS[way]
    people = {"ANNE": ants.anne, "BART": ants.bart, "OWNER": ants.owner}
    canary = Canary.make()
    traces = ants.traces(canary)
    go(encrypted(ants), canary)
    ants.delivered(canary, *(people[name] for name in readers))
    ants.sandbox.wait_until_idle()
    assert ants.found(traces) == {}
    ants.deaf(canary, *(people[name] for name in people.keys() - {*readers}))

    canary = Canary.make()
    traces = Traces(canary.words, ants.sandbox.place.root)
    go(plain, canary)
    ants.sandbox.wait_until_idle()
    for name, text in {**{name: person.address for name, person in people.items()}, "LIST": plain.list_id}.items():
        place = place.replace(name, text)
    found = traces.in_sandbox(ants.sandbox)
    assert words <= set().union(*(names for path, names in found.items() if path.startswith(place)))


AUTOMATIC_ANSWERS = ("Thank you for your post.", "Thank you for writing to the owners.", "Thank you for your request.")


def texts(person: Person) -> str:
    """All that came to somebody, as they read it."""
    messages = [person.open(kept) if b"BEGIN PGP MESSAGE" in kept.content else kept.message for kept in person.mail(0)]
    return "\n".join(message.as_string() for message in messages)


def test_no_automatic_answer(ants: Watched, plain: Side) -> None:
    """To a post, mail to the owners and a command, whatever the owners have switched on: they would come in the clear."""
    for side in (encrypted(ants), plain):
        for kind in ("", "owner", "request"):
            side.send(Canary.make(), kind)
        ants.sandbox.wait_until_idle()
        read = texts(ants.anne)
        assert [text for text in AUTOMATIC_ANSWERS if text in read] == ([] if side.encrypted else [*AUTOMATIC_ANSWERS])


def test_no_token_discards_a_held_post(ants: Watched, plain: Side) -> None:
    """Whoever sends the token of a held post to an address for commands has it discarded; an encrypted list takes no such word,
    and tells nobody the token.
    """
    eve = ants.list.person("Eve")
    for side in (encrypted(ants), plain):
        side.configure(default_member_action="hold", admin_immed_notify="yes", respond_to_post_requests="yes")
        side.send(Canary.make())
        until(lambda side=side: side("held/count")["count"] == 1, "the post is held")
        ants.sandbox.wait_until_idle()
        tokens = set(re.findall(r"\b[0-9a-f]{40}\b", dict(tables(ants.sandbox))["pended"].decode()))
        assert tokens
        # Core sends its notice to the list's own address for its owners.
        kept = ants.sandbox.mailbox.messages(side.sub_address("owner"))
        told = texts(ants.anne) + texts(ants.owner) + "".join(one.message.as_string() for one in kept)
        assert any(token in told for token in tokens) is not side.encrypted
        for token in tokens:
            message = (
                f"From: {eve.address}\nTo: {{}}\nSubject: confirm {token}\nMessage-ID: <{token}@x>\n\nconfirm {token}\n"
            )
            for address in (side.sub_address(f"confirm+{token}"), side.sub_address("request")):
                ants.sandbox.lmtp_send(eve.address, address, message.format(address).encode())
        ants.sandbox.wait_until_idle()
        assert side("held/count")["count"] == (1 if side.encrypted else 0)


def test_probe(ants: Watched) -> None:
    """A member whose mail bounces is asked by a probe, encrypted, that quotes the report; where it bounces too, no more is sent."""
    side, bart = encrypted(ants), ants.bart
    canary = Canary.make()
    traces = ants.traces(canary)
    side.configure(
        bounce_score_threshold="1", bounce_notify_owner_on_disable="yes", bounce_notify_owner_on_bounce_increment="yes"
    )
    side.send(canary)
    ants.delivered(canary, bart)
    (post,) = bart.mail()
    ants.sandbox.lmtp_send("", post.sender, report(post, bart.address, "failed"))
    (_post, probe) = bart.mail(2)
    read = bart.open(probe)
    assert "probe" in str(read["subject"])
    assert "This is what became of your message." in read.as_string()
    assert not canary.heard_in(read)
    assert ants.found(traces) == {}

    preferences = f"members/{side(f'member/{bart.address}')['member_id']}/preferences"
    ants.sandbox.lmtp_send("", probe.sender, report(probe, bart.address, "failed"))
    until(lambda: ants.sandbox.rest(preferences).get("delivery_status") == "by_bounces", "nothing more is sent to him")
    ants.sandbox.wait_until_idle()
    assert any("disabled" in str(mail["subject"]) for mail in ants.owner.read())
    assert ants.found(traces) == {}


def test_welcome(ants: Watched, plain: Side) -> None:
    """A new member is welcomed encrypted, by the list that is signed for; on a plain list everybody on the way reads it."""
    nora = ants.list.person("Nora")
    ants.list.certify(nora)
    for number, side in enumerate((encrypted(ants), plain), start=1):
        side.configure(send_welcome_message="yes")
        ants.sandbox.rest("members", {"list_id": side.list_id, "subscriber": nora.address, **SETTLED})
        *_, kept = nora.mail(number)
        assert ("Welcome" in kept.message.as_string()) is not side.encrypted
        message = nora.open(kept) if side.encrypted else kept.message
        assert str(message["subject"]).startswith("Welcome")
