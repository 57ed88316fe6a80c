"""Nothing decrypted touches a disk or a wire: moderation, and the mail that comes beside posts, with a canary in them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from canary import Canary
from watching import ALL, Watched, report

from mailman_pgp.sandbox import until

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from people import Person

    from mailman_pgp.sandbox import Sandbox

    Write = Callable[..., bytes]

pytestmark = pytest.mark.deep

forms = pytest.mark.parametrize(
    "write",
    [
        pytest.param(Canary.protected, id="headers-inside"),
        pytest.param(Canary.outside, id="headers-outside", marks=pytest.mark.deep),
    ],
)


@pytest.fixture
def ants(watched: Sandbox) -> Iterator[Watched]:
    """A fresh encrypted list; afterwards nothing of it waits anywhere, and it is gone: each list makes the search longer."""
    made = Watched.make(watched)
    yield made
    watched.wait_until_idle()
    made.list.delete()


def hold(ants: Watched, canary: Canary, write: Write) -> str:
    """Have a post of Anne's held; the path of the held message in REST."""
    rest, list_id = ants.sandbox.rest, ants.list.list_id
    rest(f"lists/{list_id}/config", {"default_member_action": "hold"}, "PATCH")
    ants.anne.send(write(canary, ants.anne))
    until(lambda: rest(f"lists/{list_id}/held/count")["count"], "the post is held")
    (number,) = ants.held()
    return f"lists/{list_id}/held/{number}"


@forms
def test_held_post_and_its_notices_are_silent(ants: Watched, write: Write) -> None:
    """No word of a held post is in the message store, the database, REST, vette.log or a subscriber's event, nor in the
    notices to its author and to an owner without a key, nor in a queue while they wait; the one to an owner has the post in it,
    for that owner's eyes alone.
    """
    sandbox, canary = ants.sandbox, Canary.make()
    traces = ants.traces(canary)
    with sandbox.paused("out"):
        with sandbox.paused("virgin"):
            path = hold(ants, canary, write)
            until(lambda: len(sandbox.queue("virgin")) >= 2, "the notices wait in virgin")
            assert ants.found(traces) == {}
        until(lambda: not sandbox.queue("virgin"), "the notices went on")
        assert sandbox.queue("out")
        assert ants.found(traces) == {}
    assert any("waits" in str(notice["subject"]) for notice in ants.anne.read())
    (asked,) = [notice for notice in ants.owner.read() if str(notice["subject"]).startswith("A post by")]
    assert {"body", "content", "filename"} <= canary.heard_in(asked)
    ants.other_owner.mail()
    sandbox.wait_until_idle()
    assert ants.anne.address in str(sandbox.rest(path))
    assert "HOLD: " in sandbox.logs()
    assert "HoldEvent" in str(list((sandbox.place.root / "events").iterdir()))
    assert ants.found(traces) == {}
    ants.deaf(canary, ants.anne)
    assert len([notice for notice in ants.owner.read(0) if canary.heard_in(notice)]) == 1


@forms
def test_held_post_that_is_shown_is_silent(ants: Watched, write: Write) -> None:
    """Where a list has held posts shown, an owner is shown the whole post by REST, and no word of it is on the disk, in a row or a log,
    in what core's own REST says, or in what is mailed because of it, while it waits and when it is gone.
    """
    sandbox, canary = ants.sandbox, Canary.make()
    sandbox.rest(f"plugins/pgp/lists/{ants.list.list_id}", {"show_held": "yes"}, "PATCH")
    traces = ants.traces(canary)
    path = hold(ants, canary, write)
    number = path.rpartition("/")[2]
    content = ants.list.rest(f"held/{number}/content", {"address": ants.owner.address})["content"]
    assert canary.body in content["text"]
    assert canary.subject in content["subject"]
    assert canary.name == content["author_name"]
    assert [one["name"] for one in content["attachments"]] == [f"{canary.filename}.pdf"]
    assert traces.within(str(content).encode()) == {"body", "subject", "name", "filename"}  # the search would find it
    sandbox.wait_until_idle()
    assert f"was shown to {ants.owner.address}" in sandbox.logs()
    assert ants.found(traces) == {}
    sandbox.rest(path, {"action": "discard"})
    sandbox.wait_until_idle()
    assert ants.found(traces) == {}
    ants.deaf(canary, ants.anne, ants.bart)


@forms
@pytest.mark.parametrize(
    "action", ["accept", "reject", *(pytest.param(rare, marks=pytest.mark.deep) for rare in ("discard", "defer"))]
)
def test_moderators_decision_is_silent(ants: Watched, action: str, write: Write) -> None:
    """No word of a held post is left when a moderator decides with a reason, or forwards it to somebody else, with a certificate or
    without one; when it is accepted it reaches the members, and neither an acknowledgement nor an automatic answer tells a word of it.
    """
    sandbox, canary = ants.sandbox, Canary.make()
    traces = ants.traces(canary)
    path = hold(ants, canary, write)
    stranger = ants.list.person("Eve")
    sandbox.rest(path, {"action": action, "comment": "Because.", "forward": [ants.owner.address, stranger.address]})
    if action == "accept":
        ants.delivered(canary, ants.anne, ants.bart)
    if action == "reject":
        until(lambda: any("Because." in str(mail) for mail in ants.anne.read()), "the reason came")
    until(lambda: any("Forward of moderated" in str(mail["subject"]) for mail in ants.owner.read()), "the forward came")
    stranger.mail()
    sandbox.wait_until_idle()
    assert ants.found(traces) == {}
    told = [str(mail["subject"]) for mail in ants.owner.read(0) if canary.heard_in(mail)]
    assert all(subject.startswith("A post by") for subject in told)
    heard = [canary.heard_in(mail) for author in (ants.anne, ants.bart) for mail in author.read(0)]
    assert [words for words in heard if words] == ([ALL, ALL] if action == "accept" else [])


@forms
def test_bounce_that_quotes_our_message_is_silent(ants: Watched, write: Write) -> None:
    """A delivery report to the VERP address, and an answer to it that is none, quote what we sent: the report counts, the
    owners are told of the other, and no word of the post is anywhere.
    """
    sandbox, canary = ants.sandbox, Canary.make()
    ants.list.take_unbound()  # headers outside say nothing that is believed
    traces = ants.traces(canary)
    ants.anne.send(write(canary, ants.anne))
    ants.delivered(canary, ants.bart)
    (kept,) = ants.bart.mail()
    member = f"lists/{ants.list.list_id}/member/{ants.bart.address}"
    with sandbox.paused("bounces"):
        for status in ("failed", "delivered"):
            sandbox.lmtp_send("", kept.sender, report(kept, ants.bart.address, status))
        until(lambda: len(sandbox.queue("bounces")) == 2, "the reports wait")
        assert ants.found(traces) == {}
    until(lambda: sandbox.rest(member)["bounce_score"] == 1, "the bounce was counted")
    until(lambda: any("bounce" in str(mail["subject"]) for mail in ants.owner.read()), "the owner was told")
    sandbox.wait_until_idle()
    assert ants.found(traces) == {}


@forms
@pytest.mark.parametrize("author", ["stranger", pytest.param("member", marks=pytest.mark.deep)])
def test_encrypted_mail_to_the_owners_is_silent(ants: Watched, author: str, write: Write) -> None:
    """Encrypted mail to -owner, from a member or a stranger, reaches the owner who has a certificate encrypted, and the
    other not; no word of it is anywhere on its way.
    """
    sandbox, canary = ants.sandbox, Canary.make()
    sender = ants.anne if author == "member" else ants.list.person("Eve")
    traces = ants.traces(canary)
    with sandbox.paused("out"):
        with sandbox.paused("pipeline"):
            owners = ants.list.sub_address("owner")
            sender.send(write(canary, sender, owners), owners)
            until(lambda: sandbox.queue("pipeline"), "it waits in pipeline")
            assert ants.found(traces) == {}
        until(lambda: sandbox.queue("out"), "it waits in out")
        assert ants.found(traces) == {}
    ants.delivered(canary, ants.owner)
    ants.other_owner.mail()
    sandbox.wait_until_idle()
    assert ants.found(traces) == {}
    ants.deaf(canary, ants.anne, ants.bart)


@forms
@pytest.mark.parametrize(
    "kind", ["request", *(pytest.param(rare, marks=pytest.mark.deep) for rare in ("join", "leave", "confirm"))]
)
def test_encrypted_command_is_silent(ants: Watched, kind: str, write: Write) -> None:
    """An encrypted mail to an address for commands is answered without a word of it, and nothing is left of it."""
    sandbox, canary = ants.sandbox, Canary.make()
    traces = ants.traces(canary)
    ants.anne.send(write(canary, ants.anne), ants.list.sub_address(kind))
    ants.anne.mail()
    sandbox.wait_until_idle()
    assert ants.found(traces) == {}
    ants.deaf(canary, ants.anne)


def test_words_in_odd_places_are_silent(ants: Watched) -> None:
    """What a program may take for a name of its own (a charset, an encoding, a boundary, a date, a header's name) is in
    no log, no event and no row either, whether the post passes or is refused.
    """
    sandbox, canary = ants.sandbox, Canary.make()
    traces = ants.traces(canary)
    word = canary.body
    for inside in odd(word, ants.anne, ants.list.address):
        ants.anne.send(ants.anne.envelope(ants.anne.key.write(inside, ants.list.certificate)))
        sandbox.wait_until_idle()
        assert not sandbox.queue("shunt"), inside
    assert sandbox.mailbox.count(ants.bart.address) > 10
    assert "REFUSED" in sandbox.logs()
    assert ants.found(traces) == {}


def odd(word: str, author: Person, to: str) -> Iterator[bytes]:
    """Contents with a word where a parser might complain of it."""
    fields: dict[str, Any] = {
        "Content-Type": 'text/plain; charset="utf-8"; hp="cipher"',
        "From": author.address,
        "To": to,
        "Subject": "Odd",
    }
    more = [
        {"Content-Type": f'text/plain; charset="{word}"'},
        {"Content-Type": f"{word}/{word}"},
        {"Content-Type": word},
        {"Content-Type": f'text/plain; {word}="a; b=; =c'},
        {"Content-Type": f"multipart/mixed; boundary={word}"},
        {"Content-Type": f'multipart/mixed; boundary="{word}\xff"'},
        {"Content-Type": f"multipart/signed; boundary={word}; protocol={word}; micalg={word}"},
        {"Content-Type": "message/rfc822"},
        {"Content-Transfer-Encoding": word},
        {"Content-Transfer-Encoding": "base64"},
        {"Content-Disposition": f"attachment; filename*={word}'{word}'%FF{word}"},
        {"Content-Disposition": f"attachment; filename*0*={word}''a; filename*2={word}"},
        {"Subject": f"=?{word}?b?{word}?= =?utf-8?q?={word}?="},
        {"Subject": f"{word}\x00\x1b\x85"},
        {"Date": word},
        {"Message-ID": f"<{word}@{word}"},
        {"References": word},
        {"In-Reply-To": f"<{word}>"},
        {"List-Id": f"<{word}>"},
        {"To": f"{word} <{word}@, <{word}>"},
        {"Cc": f"=?{word}?q?{word}?= <{word}@{word}>"},
        {"Reply-To": f'"{word} <{word}@example.net'},
        {"Approved": word},
        {"X-" + word: word},
        {word: word},
        {"From": f'"{word}" <{author.address}>, {word}@example.net'},
        {"From": f"{word}@example.net"},
        {"From": word},
    ]
    for change in more:
        lines = [f"{name}: {value}\n" for name, value in (fields | change).items()]
        yield "".join((*lines, f"\n--{word}\n\n{word}\n")).encode("latin-1")
    yield word.encode()
    yield f"{word}\n\n{word}\n".encode()
    yield f"{word}: a\n b\nno header {word}\n\n{word}\n".encode()
