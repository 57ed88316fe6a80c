"""Nothing decrypted touches a disk or a wire, whatever the owners have chosen: each setting that changes a post's way, with a canary."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from canary import Canary
from refusals import Guarded
from scenes_of_doubt import DOUBTS
from watching import ALL, Watched, only, queued, silent_on_its_way

from mailman_pgp.openpgp import armor
from mailman_pgp.posts.policy import Action
from mailman_pgp.sandbox import until

if TYPE_CHECKING:
    from collections.abc import Iterator

    from people import Person

    from mailman_pgp.sandbox import Sandbox

pytestmark = pytest.mark.deep


@pytest.fixture
def ants(watched: Sandbox) -> Iterator[Watched]:
    """A fresh encrypted list; afterwards nothing of it waits anywhere, and it is gone: each list makes the search longer."""
    made = Watched.make(watched)
    yield made
    watched.wait_until_idle()
    made.list.delete()


def choose(ants: Watched, setting: str) -> None:
    ants.list.pgp("set", ants.list.list_id, setting)


def kept_signature(canary: Canary, author: Person) -> bytes:
    """A post whose author's signature can go on: its lines end as mail has them."""
    content = canary.inside(author).replace(b"\n", b"\r\n")
    return author.envelope(author.key.write(content, author.list.certificate))


@pytest.mark.parametrize(
    ("setting", "write", "shown"),
    [
        pytest.param("keep_signature=yes", kept_signature, "application/pgp-signature", id="keep_signature"),
        pytest.param(
            "legacy_display=yes", Canary.protected, "hp-legacy-display", id="legacy_display", marks=pytest.mark.deep
        ),
    ],
)
def test_other_forms_are_silent(ants: Watched, setting: str, write: Any, shown: str) -> None:
    """No word is anywhere at any stage of a post that keeps its author's signature, or that begins with a copy of its subject."""
    choose(ants, setting)
    canary = Canary.make()
    traces = ants.traces(canary)
    silent_on_its_way(ants, traces, lambda: ants.anne.send(write(canary, ants.anne)), set())
    ants.delivered(canary, ants.anne, ants.bart)
    assert any(shown in message.as_string() for message in ants.bart.read())
    ants.sandbox.wait_until_idle()
    assert ants.found(traces) == {}


OUTSIDE = {"not-encrypted": ALL, "inline-pgp": {"subject", "name"}, "meant-for-no-address": {"subject", "name"}}
"""The words that come outside the encryption."""
ACTIONS = [
    *(("unsigned", action) for action in Action),
    *(("not-encrypted", action) for action in Action),
    ("inline-pgp", Action.ACCEPT),
    ("meant-for-no-address", Action.HOLD),
    ("signed-by-somebody-else", Action.ACCEPT),
    ("bad", Action.HOLD),
]
_ALWAYS = {("unsigned", Action.DISCARD), ("not-encrypted", Action.ACCEPT), ("not-encrypted", Action.HOLD)}


@pytest.mark.parametrize(
    ("reason", "action"),
    [pytest.param(*one, marks=[pytest.mark.deep] * (one not in _ALWAYS), id="-".join(one)) for one in ACTIONS],
)
def test_each_action_is_silent(ants: Watched, reason: str, action: Action) -> None:
    """Whatever becomes of a post that is not authenticated: no word is left when it was refused or discarded, and none while it waits
    for a moderator, or is sent; those that came outside the encryption are in the first queue alone, until it is read.
    """
    sandbox, rest, path = ants.sandbox, ants.sandbox.rest, f"lists/{ants.list.list_id}/held"
    guarded = Guarded(ants.list, ants.anne, ants.bart, Canary.make())
    doubt = DOUBTS[reason](guarded)
    canary = guarded.canary
    choose(ants, f"{doubt.setting}={action}")
    traces = ants.traces(canary)
    with sandbox.paused("in"):
        doubt.author.send(doubt.message)
        assert ants.found(traces) == only(queued(sandbox, "in"), OUTSIDE.get(reason, set()))
    if action is Action.HOLD:
        until(lambda: rest(f"{path}/count")["count"], "it is held")
        sandbox.wait_until_idle()
        assert ants.found(traces) == {}
        (number,) = ants.held()
        rest(f"{path}/{number}", {"action": "accept"})
    passes = action in {Action.HOLD, Action.ACCEPT, Action.DEFER}
    if passes:
        ants.delivered(canary, ants.bart)
    else:
        until(lambda: guarded.refused_for() == {reason: 1}, "it is refused")
    sandbox.wait_until_idle()
    assert ants.found(traces) == {}
    if not passes:
        ants.deaf(canary, ants.anne, ants.bart, ants.owner)


@pytest.mark.parametrize("action", [Action.ACCEPT, pytest.param(Action.HOLD, marks=pytest.mark.deep)])
def test_report_of_a_stranger_is_silent(ants: Watched, action: Action) -> None:
    """With a certificate in it, which goes on to the members, and by which its author is answered: no word is anywhere on its way."""
    stan, canary = ants.list.person("Stan"), Canary.make()
    choose(ants, f"on_stranger={action}")
    file = (
        b"--c\nContent-Type: application/pgp-keys\n\n"
        + armor(stan.key.certificate, "PGP PUBLIC KEY BLOCK")
        + b"\n--c--\n"
    )
    inside = canary.inside(stan).replace(b"\n--c--\n", b"\n" + file, 1)
    traces = ants.traces(canary)
    message = stan.envelope(stan.key.write(inside, ants.list.certificate))
    if action is Action.ACCEPT:
        silent_on_its_way(ants, traces, lambda: stan.send(message), set())
    else:
        stan.send(message)
        path = f"lists/{ants.list.list_id}/held"
        until(lambda: ants.sandbox.rest(f"{path}/count")["count"], "it is held")
        ants.sandbox.wait_until_idle()
        assert ants.found(traces) == {}
        (number,) = ants.held()
        ants.sandbox.rest(f"{path}/{number}", {"action": "accept"})
    ants.delivered(canary, ants.bart)
    assert any("author.asc" in message.as_string() for message in ants.bart.read())
    assert len(stan.read(1 if action is Action.ACCEPT else 2)) > 0
    ants.sandbox.wait_until_idle()
    assert ants.found(traces) == {}
    ants.deaf(canary, stan)


def slowed(message: bytes, how: str) -> bytes:
    """The same message, over which the process that opens it fails, or takes its time."""
    mark = b"-----BEGIN PGP MESSAGE-----\n"
    assert mark in message
    return message.replace(mark, mark + b"Comment: " + how.encode() + b"\n", 1)


def test_post_that_takes_long_is_silent(ants: Watched) -> None:
    """While it is opened beside the queue, and comes back to it again and again, it lies there as it came."""
    canary = Canary.make()
    traces = ants.traces(canary)
    ants.anne.send(slowed(canary.protected(ants.anne), "dawdles"))
    looks = 0

    def delivered() -> bool:
        nonlocal looks
        looks += bool(ants.sandbox.queue("in"))
        assert ants.found(traces) == {}
        return ants.sandbox.mailbox.count(ants.bart.address) > 0

    until(delivered, "the post came")
    assert looks > 1
    ants.delivered(canary, ants.bart)
    ants.sandbox.wait_until_idle()
    assert ants.found(traces) == {}


@pytest.mark.parametrize("how", ["crashes", pytest.param("swells", marks=pytest.mark.deep)])
def test_post_over_which_the_worker_dies_is_silent(ants: Watched, how: str) -> None:
    """Nothing that a library says when it fails, and no core dump, holds a word."""
    canary = Canary.make()
    traces = ants.traces(canary)
    ants.anne.send(slowed(canary.protected(ants.anne), how))
    ants.anne.mail(1)
    ants.sandbox.wait_until_idle()
    assert "REFUSED" in ants.sandbox.logs()
    assert ants.found(traces) == {}


def test_mail_in_the_clear_to_the_owners_is_silent(ants: Watched) -> None:
    """What anybody writes to the owners in the clear is sealed as soon as it is read, and leaves encrypted to who can read it."""
    sandbox, canary = ants.sandbox, Canary.make()
    eve, owners = ants.list.person("Eve"), ants.list.sub_address("owner")
    traces = ants.traces(canary)
    silent_on_its_way(ants, traces, lambda: eve.send(canary.plain(eve, owners), owners), ALL)
    ants.delivered(canary, ants.owner)
    ants.other_owner.mail()
    sandbox.wait_until_idle()
    assert ants.found(traces) == {}
    ants.deaf(canary, ants.anne, ants.bart)


def test_copy_for_a_moderator_is_silent(ants: Watched) -> None:
    """A held post that a moderator has sent to themselves, from the web or by REST, is encrypted before it is queued."""
    sandbox, canary = ants.sandbox, Canary.make()
    sandbox.rest(
        f"lists/{ants.list.list_id}/config", {"default_member_action": "hold", "admin_immed_notify": "no"}, "PATCH"
    )
    traces = ants.traces(canary)
    ants.anne.send(canary.protected(ants.anne))
    until(ants.held, "the post is held")
    sandbox.wait_until_idle()
    with sandbox.paused("out"):
        ants.list.rest(f"held/{ants.held()[0]}/copy", {"address": ants.owner.address})
        until(lambda: sandbox.queue("out"), "the copy waits")
        assert ants.found(traces) == {}
    until(
        lambda: any({"body", "content", "filename"} <= canary.heard_in(mail) for mail in ants.owner.read(0)),
        "the copy came",
    )
    sandbox.wait_until_idle()
    assert ants.found(traces) == {}
