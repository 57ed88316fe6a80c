"""Joining an encrypted list: a key, its person's proof, and a moderator who has seen it."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

import pytest
from keys import forge_usable

from mailman_pgp import openpgp
from mailman_pgp.keys.registry import ChoiceState
from mailman_pgp.openpgp import dearmor, grouped
from mailman_pgp.openpgp.memberkeys import MemberKey

if TYPE_CHECKING:
    from conftest import Ants

ANNE, OLGA = "anne@example.org", "olga@example.org"
ALL = {"pre_verified": True, "pre_confirmed": True, "pre_approved": True}
HOW_TO = "[Your certificate is needed to join Ant]"
CONFIRM = "Please confirm: join Ant"
ASKS = f"{ANNE} asks to join Ant"


@pytest.mark.parametrize(
    "promises", [{}, {"pre_verified": True}, ALL, {"invitation": True}], ids=["nothing", "verified", "all", "invited"]
)
def test_without_a_key(ants: Ants, promises: dict[str, bool]) -> None:
    """Whatever the door promises, the request waits for a key, and its person reads how to send one; nobody can accept it."""
    ants.ask(**promises)
    assert ants.state() == ("outside", "waits for a key")
    assert ants.waiting().expires - ants.waiting().since > dt.timedelta(days=29)
    assert ants.mail() == {ANNE: [HOW_TO]}
    ants.not_yet("no certificate")
    assert ants.mail() == {}


@pytest.mark.parametrize("state", ["without a key", "without a proof"])
def test_accepted_on_the_command_line(ants: Ants, state: str) -> None:
    """``mailman workflows resume`` lets a request pass, too, and nobody in without a proven key: it says why, and it waits as before."""
    from click.testing import CliRunner  # noqa: PLC0415

    from mailman_workflows.administration import workflows  # noqa: PLC0415 - core must be initialised

    ants.ask()
    if state == "without a proof":
        ants.add_key()
    token = ants.waiting().token
    done = CliRunner().invoke(workflows, ["resume", ants.mlist.fqdn_listname, token])
    sentence = "no certificate" if state == "without a key" else "has not answered yet"
    assert (done.exit_code, sentence in done.output) == (0, True), done.output
    assert ants.waiting().token == token
    assert ants.members() == set()


def test_all_the_way(ants: Ants) -> None:
    """A key, a proof, a moderator: each is waited for, and asked once; the moderator's word approves the key."""
    ants.ask()
    ants.mail()
    ants.add_key()  # by an owner, who can't say that Anne wants to join
    assert ants.state() == ("outside", "waits for proof")
    assert ants.mail() == {ANNE: [CONFIRM]}
    ants.not_yet("has not answered yet")
    ants.prove()
    assert ants.state() == ("moderator", "waits for a moderator")
    assert ants.person().verified_on is not None
    assert ants.mail() == {OLGA: [ASKS]}
    ants.accept()
    assert ants.members() == {ANNE}
    assert ants.all_waiting() == []
    assert ants.acts() == ["added", "proved"]


def test_the_moderators_word_approves_the_key(ants: Ants) -> None:
    """What its person alone has proved is approved by whoever accepts them, and the journal tells by which door."""
    from mailman_pgp.keys import journal, registry  # noqa: PLC0415 - core must be initialised

    ants.ask()
    ants.add_key(proved=True)
    assert registry.current(ants.mlist.list_id, ANNE).choice.state is registry.ChoiceState.PROVEN
    ants.accept()
    assert ants.members() == {ANNE}
    assert registry.current(ants.mlist.list_id, ANNE).choice.state is registry.ChoiceState.APPROVED
    latest = journal.of(ants.mlist.list_id, ANNE)[0]
    assert (latest.act, latest.door) == (journal.Act.APPROVED, journal.Door.WORKFLOW)


def test_what_moderators_read(ants: Ants) -> None:
    """Fingerprint, user IDs, age, expiry, algorithm and what was proved; the certificate is a file; all of it encrypted."""
    ants.ask()
    ants.mail()
    key = ants.add_key(proved=True)
    ((recipient, message),) = ants.encrypted_mail()
    assert recipient == OLGA
    text = message.get_body(("plain",)).get_content()
    certificate = openpgp.inspect(key.certificate)
    for words in (
        grouped(key.fingerprint),
        "Somebody <anne@example.org>",
        certificate.algorithm,
        "Age in days  0",
        "Expires",
    ):
        assert words in text
    assert "they hold its key and read mail" in text
    (attached,) = [part for part in message.iter_attachments() if part.get_filename() == "anne.asc"]
    assert openpgp.inspect(dearmor(attached.get_payload(decode=True))).fingerprint == key.fingerprint


def test_what_a_user_id_can_not_do(ants: Ants) -> None:
    """Line breaks in a user ID write no line of the notice, nor of what REST shows."""
    made = forge_usable(f"<{ANNE}>")
    made.user_id("Eve\n\nApproved by the owners: yes")
    ants.ask()
    ants.mail()
    ants.add_key(proved=True, key=MemberKey(made.secret))
    ((_, message),) = ants.encrypted_mail()
    assert "\nApproved by" not in message.get_body(("plain",)).get_content()


def test_what_rest_shows(ants: Ants) -> None:
    """The pending request has the fingerprint, user IDs, algorithm and dates of the key, beside core's own."""
    from mailman.interfaces.pending import IPendings  # noqa: PLC0415 - core must be initialised
    from zope.component import getUtility  # noqa: PLC0415

    ants.ask()
    key = ants.add_key(proved=True)
    shown = getUtility(IPendings).confirm(ants.waiting().token, expunge=False)
    assert shown["fingerprint"] == key.fingerprint
    assert shown["user_ids"] == f"Somebody <{ANNE}>"
    assert shown["algorithm"] == openpgp.inspect(key.certificate).algorithm
    assert shown["created"].startswith(f"{openpgp.inspect(key.certificate).created:%Y-%m-%d}")
    assert "expires" in shown
    assert shown["token_owner"] == "moderator"


def test_the_proof_of_another_key(ants: Ants) -> None:
    """Who has another key by now is asked by that one; the proof of the one before counts no more."""
    first = ants.add_key()
    ants.ask()
    ants.mail()
    ants.add_key()
    assert ants.state() == ("outside", "waits for proof")
    assert ants.mail() == {ANNE: [CONFIRM]}
    assert ants.keys[ANNE].fingerprint != first.fingerprint
    ants.prove()
    assert ants.state() == ("moderator", "waits for a moderator")


def test_a_proof_is_asked_for(ants: Ants) -> None:
    """While somebody is asked to prove a key that they sent, the request says so, and they are told nothing else."""
    from mailman_pgp.conversation import proving  # noqa: PLC0415 - core must be initialised
    from mailman_pgp.exchange import changing  # noqa: PLC0415
    from mailman_pgp.keys.journal import Actor, Door  # noqa: PLC0415

    ants.add_key()
    proving.challenge_to_prove(ants.mlist, ANNE)
    changing.remove(ants.mlist, ANNE, Actor(Door.COMMAND_LINE))
    ants.store.commit()
    ants.mail()
    ants.ask()
    assert ants.state() == ("outside", "waits for proof")
    assert ants.mail() == {}
    ants.not_yet("no certificate")


@pytest.mark.parametrize("told", [True, False], ids=["told before", "not told before"])
def test_a_proof_is_asked_for_no_more(ants: Ants, *, told: bool) -> None:
    """Once the question is forgotten the request says that it waits for a key, and its person has been told once how to send one."""
    from mailman_pgp.conversation import proving  # noqa: PLC0415 - core must be initialised
    from mailman_pgp.exchange import changing, waiting  # noqa: PLC0415
    from mailman_pgp.keys.journal import Actor, Door  # noqa: PLC0415
    from mailman_workflows.confirmations import discard, open_questions  # noqa: PLC0415

    if told:
        ants.ask()
        assert ants.mail() == {ANNE: [HOW_TO]}
    made = MemberKey.generate(f"Somebody <{ANNE}>")
    ants.keys[ANNE] = made
    changing.let_count(ants.mlist, ANNE, openpgp.inspect(made.certificate), ChoiceState.APPROVED, Actor(Door.REST))
    proving.challenge_to_prove(ants.mlist, ANNE)
    changing.remove(ants.mlist, ANNE, Actor(Door.COMMAND_LINE))
    ants.store.commit()
    if told:
        waiting.look_again(ants.mlist, ANNE)
    else:
        ants.ask()
    ants.mail()
    assert ants.state() == ("outside", "waits for proof")
    (question,) = open_questions(ants.mlist, ANNE)
    discard(question.token)
    ants.store.commit()
    for _ in range(2):
        waiting.look_again(ants.mlist, ANNE)
    assert ants.state() == ("outside", "waits for a key")
    assert ants.mail() == ({} if told else {ANNE: [HOW_TO]})


@pytest.mark.parametrize("policy", ["open", "confirm"])
def test_without_moderation(ants: Ants, policy: str) -> None:
    """Where the policy asks no moderator, the proof is enough; and no policy lets anybody in without it."""
    from mailman.interfaces.mailinglist import SubscriptionPolicy  # noqa: PLC0415 - core must be initialised

    ants.mlist.subscription_policy = SubscriptionPolicy[policy]
    ants.ask()
    ants.add_key()
    assert ants.members() == set()
    ants.prove()
    assert ants.members() == {ANNE}
    assert ants.acts().count("approved") == 0


def test_nothing_without_a_healthy_plugin(ants: Ants) -> None:
    """A process that may not look at keys lets nobody in, and what waits goes on waiting."""
    from mailman_pgp.site import health  # noqa: PLC0415 - core must be initialised
    from mailman_pgp.steps.encrypted import NotReadyError  # noqa: PLC0415

    ants.ask()
    ants.add_key(proved=True)
    token = ants.waiting().token
    health.fail("The key file is gone.", "Restore it.")
    for act in (lambda: ants.accept(token), lambda: ants.ask("bart@example.org", **ALL)):
        with pytest.raises(NotReadyError, match="The key file is gone"):
            act()
    assert ants.members() == set()
    assert ants.waiting().token == token


def test_no_notice_where_owners_want_none(ants: Ants) -> None:
    """The list's own setting for notices to owners counts."""
    ants.mlist.admin_immed_notify = False
    ants.ask()
    ants.mail()
    ants.add_key(proved=True)
    assert ants.state() == ("moderator", "waits for a moderator")
    assert ants.mail() == {}


def test_moderators_without_a_key(ants: Ants, members: Any) -> None:
    """Who looks after the list without a certificate is told that something waits, and not what."""
    members.add(ants.mlist, "otto@example.org", role="moderator")
    ants.ask()
    ants.mail()
    ants.add_key(proved=True)
    assert ants.mail() == {OLGA: [ASKS], "otto@example.org": ["[Something waits for you at Ant]"]}
