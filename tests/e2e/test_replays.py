"""The same signed content is accepted once, whatever it came as, however it was sent again, and wherever it waits."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from conversations import encrypted as command
from keys import TEXT, forge_usable
from messages import encrypted, literal, made_by, one_pass
from refusals import Guarded, armored

from mailman_pgp.openpgp.memberkeys import MemberKey
from mailman_pgp.sandbox import until

if TYPE_CHECKING:
    from people import Person

REASON, WORDS = "replayed", "was posted before"


def moderated(guarded: Guarded, person: Person) -> str:
    """Have what a member posts wait for a moderator; the path of what is held."""
    member = guarded.list.sandbox.rest(f"lists/{guarded.list.list_id}/member/{person.address}")["member_id"]
    guarded.list.sandbox.rest(f"members/{member}", {"moderation_action": "hold"}, "PATCH")
    return f"lists/{guarded.list.list_id}/held"


def held(guarded: Guarded, path: str) -> list[dict[str, Any]]:
    return guarded.list.sandbox.rest(path).get("entries", [])  # type: ignore[no-any-return]  # JSON


def test_text_mode(guarded: Guarded) -> None:
    """A signature in text mode is good over any line ends, also one CR alone, and counts once over all of them."""
    cris = guarded.list.person("Cris")
    key = forge_usable(f"<{cris.address}>")
    cris = replace(cris, key=MemberKey(key.secret))
    guarded.list.join(cris)
    inside = guarded.inside(cris)
    made = made_by(key.primary, inside, TEXT)

    def sent(content: bytes) -> bytes:
        packets = one_pass(key.primary, TEXT) + literal(content, b"t") + made
        return cris.envelope(armored(guarded.session_key + encrypted(packets)))

    cris.send(sent(inside))
    assert guarded.canary.heard_in(guarded.bart.read()[0])
    in_part = inside.replace(b"\n", b"\r\n", 3)
    for again in (inside.replace(b"\n", b"\r\n"), in_part, inside + b"", inside[:-1] + b"\r"):
        guarded.refuses(cris, sent(again), REASON, WORDS)


@pytest.mark.parametrize("decision", ["accept", "discard"])
def test_while_it_waits_and_afterwards(guarded: Guarded, decision: str) -> None:
    """A copy of a post that waits for a moderator is refused, before and after the decision, whichever it was."""
    sandbox, anne = guarded.list.sandbox, guarded.anne
    path = moderated(guarded, anne)
    post = guarded.canary.protected(anne)
    anne.send(post)
    (entry,) = until(lambda: held(guarded, path), "the post is held")
    sandbox.wait_until_idle()
    guarded.refuses(anne, post, REASON, WORDS)
    assert len(held(guarded, path)) == 1
    sandbox.rest(f"{path}/{entry['request_id']}", {"action": decision})
    sandbox.wait_until_idle()
    assert sandbox.mailbox.count(guarded.bart.address) == (decision == "accept")
    guarded.refuses(anne, post, REASON, WORDS)
    assert held(guarded, path) == []


def test_mail_to_the_owners(guarded: Guarded) -> None:
    """What somebody has signed for the owners comes to them once."""
    sandbox, anne = guarded.list.sandbox, guarded.anne
    olga = guarded.list.member("Olga")
    sandbox.rest.subscribe(guarded.list.list_id, olga.address, role="owner")
    guarded.list.wait_until_told()
    address = guarded.list.sub_address("owner")
    letter = guarded.canary.protected(anne, address)
    before = sandbox.mailbox.count(olga.address)
    for number in range(2):
        anne.send(letter, address)
        sandbox.wait_until_idle()
        assert sandbox.mailbox.count(olga.address) == before + 1
        assert guarded.refused_for() == ({REASON: 1} if number else {})


def test_command(guarded: Guarded) -> None:
    """A signed command is asked about once; whoever sends it again has nobody asked anew."""
    sandbox, anne = guarded.list.sandbox, guarded.anne
    message, address = command(anne, "leave"), guarded.list.sub_address("request")
    for number in range(2):
        anne.send(message, address)
        sandbox.wait_until_idle()
        assert guarded.refused_for() == ({REASON: 1} if number else {})
    said = [anne.open(kept).as_string() for kept in anne.mail(2)]
    assert sum("code " in text for text in said) == 1
    assert WORDS in " ".join(said[1].split())
