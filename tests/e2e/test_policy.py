"""What becomes of a post that is not authenticated: as the list's owners have chosen for its reason, in Mailman's own words."""

from __future__ import annotations

import pytest
from refusals import Guarded, words_of
from scenes_of_doubt import DOUBTS, Doubtful

from mailman_pgp.posts.policy import POLICIES, Action, policy_on
from mailman_pgp.sandbox import until

REASONS = {reason for policy in POLICIES for reason in policy.reasons if Action.HOLD in policy.choices}


def chosen(guarded: Guarded, doubt: Doubtful, action: Action) -> None:
    """Have the list do so."""
    guarded.list.pgp("set", guarded.list.list_id, f"{doubt.setting}={action}")


def posted(guarded: Guarded, doubt: Doubtful) -> None:
    """Bart has the post, each word of it, with what became of its signature."""
    *_, kept = guarded.bart.mail(1)
    read = guarded.bart.open(kept)
    assert guarded.canary.heard_in(read) == set(guarded.canary.words.values())
    (status, *_) = [part for part in read.walk() if part.get_content_type() == "text/plain"]
    assert doubt.status in " ".join(status.get_content().split())
    assert "(not authenticated) via" in str(read["from"]), "Where mails are listed nothing else is seen of it."


def untouched(guarded: Guarded) -> None:
    """Nobody has the post, and no word of it lies about or was mailed."""
    sandbox = guarded.list.sandbox
    sandbox.wait_until_idle()
    assert sandbox.mailbox.count(guarded.bart.address) == 0
    assert sandbox.queue("shunt") == sandbox.queue("bad") == []


def held(guarded: Guarded) -> str:
    """The path of the one post that waits, in core's REST."""
    path = f"lists/{guarded.list.list_id}/held"
    rest = guarded.list.sandbox.rest
    until(lambda: rest(f"{path}/count")["count"] == 1, "the post is held")
    guarded.list.sandbox.wait_until_idle()
    (entry,) = rest(path)["entries"]
    return f"{path}/{entry['request_id']}"


def test_there_is_a_scene_for_each_reason() -> None:
    """Nothing that a list may hold is left out below; what libraries alone refuse has the setting of weak hashes."""
    assert set(DOUBTS) == REASONS - {"refused-by-policy"}


@pytest.mark.deep
@pytest.mark.parametrize("reason", DOUBTS)
def test_held_and_accepted(guarded: Guarded, reason: str) -> None:
    """It waits with its reason as a sentence; accepted, it goes the protected way, and says what its signature is worth."""
    doubt = DOUBTS[reason](guarded)
    chosen(guarded, doubt, Action.HOLD)
    doubt.author.send(doubt.message)
    path = held(guarded)
    untouched(guarded)
    (waiting,) = guarded.list.rest("held")["entries"]
    (sentence,) = waiting["reasons"]
    assert sentence.endswith(".")
    assert not waiting["signature"]["authenticated"]
    guarded.list.sandbox.rest(path, {"action": "accept"})
    posted(guarded, doubt)
    guarded.list.sandbox.wait_until_idle()
    assert guarded.list.sandbox.queue("shunt") == []


@pytest.mark.deep
@pytest.mark.parametrize("reason", sorted(reason for reason in DOUBTS if Action.ACCEPT in policy_on(reason).choices))  # type: ignore[union-attr]
def test_accepted_at_once(guarded: Guarded, reason: str) -> None:
    """It is posted, once; the same again is refused as seen before."""
    doubt = DOUBTS[reason](guarded)
    chosen(guarded, doubt, Action.ACCEPT)
    for _ in range(2):
        doubt.author.send(doubt.message)
    posted(guarded, doubt)
    until(lambda: guarded.refused_for() == {"replayed": 1}, "the copy is refused")
    guarded.list.sandbox.wait_until_idle()
    assert guarded.list.sandbox.mailbox.count(guarded.bart.address) == 1


@pytest.mark.parametrize("reason", ["unsigned", "not-encrypted", "no-certificate-for-author"])
def test_deferred(guarded: Guarded, reason: str) -> None:
    """The list's other rules decide: a member's is posted, a stranger's waits, as the list has it for plain posts."""
    doubt = DOUBTS[reason](guarded)
    chosen(guarded, doubt, Action.DEFER)
    doubt.author.send(doubt.message)
    if reason == "no-certificate-for-author":
        guarded.list.sandbox.rest(held(guarded), {"action": "accept"})
    posted(guarded, doubt)


@pytest.mark.parametrize("reason", ["unsigned", "not-encrypted", "meant-for-no-address", "wrong-key"])
def test_discarded(guarded: Guarded, reason: str) -> None:
    """Nobody is told but the owners, who see the reason."""
    if reason == "wrong-key":
        message = guarded.anne.envelope(
            guarded.anne.key.write(guarded.inside(guarded.anne), guarded.bart.key.certificate)
        )
        doubt, reason = Doubtful(guarded.anne, message, "on_unusable", ""), "not-for-this-list"
    else:
        doubt = DOUBTS[reason](guarded)
    chosen(guarded, doubt, Action.DISCARD)
    doubt.author.send(doubt.message)
    until(lambda: guarded.refused_for() == {reason: 1}, "the post is recorded")
    untouched(guarded)
    assert guarded.list.sandbox.mailbox.count(doubt.author.address) == 0


def test_an_author_of_a_held_post_is_told_as_little(guarded: Guarded) -> None:
    """Whose key made a signature is for moderators: the author of a held post reads the sentence of a rejection."""
    doubt = DOUBTS["signed-by-somebody-else"](guarded)
    chosen(guarded, doubt, Action.HOLD)
    doubt.author.send(doubt.message)
    held(guarded)
    (kept,) = doubt.author.mail()
    text = words_of(guarded.notice(doubt.author, kept))
    assert "signed with a key that does not count for the address" in text
    assert "another person" not in text
    (waiting,) = guarded.list.rest("held")["entries"]
    assert waiting["reasons"] == ["Signed with the key of another person than in From."]


def test_what_is_around_inline_armor_is_never_posted(guarded: Guarded) -> None:
    """Text beside the armor would look as if it had been encrypted, so the whole mail is refused, whatever the list takes."""
    doubt = DOUBTS["inline-pgp"](guarded)
    chosen(guarded, doubt, Action.ACCEPT)
    guarded.refuses(
        doubt.author, doubt.message + b"\nSend money\n", "unreadable-content", "no message that the list can read"
    )
    head, _, rest = doubt.message.partition(b"\n\n")
    guarded.refuses(
        doubt.author, head + b"\n\nSend money\n" + rest, "unreadable-content", "no message that the list can read"
    )


@pytest.mark.parametrize("setting", ["on_inline_pgp", "on_not_addressed"])
def test_one_reason_excuses_no_other(guarded: Guarded, setting: str) -> None:
    """A list that takes the old form, or what names it nowhere, does not take what nobody has signed, in Anne's name."""
    anne, eve = guarded.anne, guarded.list.person("Eve")
    guarded.list.pgp("set", guarded.list.list_id, f"{setting}=accept")
    for signer, reason, words in (
        (None, "unsigned", "was encrypted but not signed"),
        (eve, "unknown-key", "does not count for the address in its From line"),
    ):
        if setting == "on_inline_pgp":
            head = f"From: Anne <{anne.address}>\nTo: {guarded.list.address}\nMessage-ID: <{reason}@x>\n\n".encode()
            inside = guarded.canary.body.encode()
        else:
            head, inside = b"", guarded.canary.inside(anne, "cris@example.org")
        sealed = (signer or eve).key.write(inside, guarded.list.certificate, sign=signer is not None)
        guarded.refuses(anne, head + sealed if head else anne.envelope(sealed), reason, words)


@pytest.mark.parametrize("action", [Action.HOLD, Action.ACCEPT, Action.DEFER])
def test_what_can_not_be_read_has_no_such_choice(guarded: Guarded, action: Action) -> None:
    """Nor has what came before: the sentence says what the setting takes."""
    for setting in ("on_unusable", "on_seen_before"):
        done = guarded.list.sandbox.mailman_quickly("pgp", "set", guarded.list.list_id, f"{setting}={action}")
        assert done.returncode != 0
        assert f"{setting} takes `reject` or `discard`" in done.stderr


def test_choice_that_changed_meanwhile(guarded: Guarded) -> None:
    """What was refused when it came is not there to be posted later, and what was held waits for its moderator all the same."""
    doubt = DOUBTS["unsigned"](guarded)
    chosen(guarded, doubt, Action.HOLD)
    doubt.author.send(doubt.message)
    path = held(guarded)
    chosen(guarded, doubt, Action.REJECT)
    guarded.list.sandbox.rest(path, {"action": "accept"})
    posted(guarded, doubt)
