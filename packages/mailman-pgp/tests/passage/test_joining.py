"""Joining an encrypted list: a key, its person's proof, and a moderator who has seen it."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

import falcon
import pytest
import sqlalchemy as sa
from keys import forge_usable, now
from rivals import rival

from mailman_pgp import openpgp
from mailman_pgp.keys.registry import ChoiceState
from mailman_pgp.openpgp import dearmor, grouped
from mailman_pgp.openpgp.memberkeys import MemberKey

if TYPE_CHECKING:
    from conftest import Ants
    from sqlalchemy.orm import Session

ANNE, OLGA = "anne@example.org", "olga@example.org"
ALL = {"pre_verified": True, "pre_confirmed": True, "pre_approved": True}
HOW_TO = "[Your certificate is needed to join Ant]"
CONFIRM = "Please confirm: join Ant"
ASKS = f"{ANNE} asks to join Ant"


def state(ants: Ants) -> tuple[str, str]:
    """For whom the only request waits, and why."""
    row = ants.waiting()
    return row.waits_for, row.reason


def asked_again(ants: Ants) -> None:
    """Accepting the only request is refused with a sentence and a 409, and it waits anew, under another token."""
    from mailman_workflows import AskedAgainError  # noqa: PLC0415 - core must be initialised

    token = ants.waiting().token
    with pytest.raises(AskedAgainError, match="another key counts for this person by now") as caught:
        ants.accept(token)
    assert caught.value.status == falcon.HTTP_409
    assert ants.waiting().token != token


def not_yet(ants: Ants, sentence: str) -> None:
    """Accepting the only request is refused with a sentence and a 409, and it waits under the same token."""
    from mailman_workflows import NotYetError  # noqa: PLC0415 - core must be initialised

    token = ants.waiting().token
    with pytest.raises(NotYetError, match=sentence) as caught:
        ants.accept(token)
    assert caught.value.status == falcon.HTTP_409
    assert ants.waiting().token == token
    assert ANNE not in ants.members()


@pytest.mark.parametrize(
    "promises", [{}, {"pre_verified": True}, ALL, {"invitation": True}], ids=["nothing", "verified", "all", "invited"]
)
def test_without_a_key(ants: Ants, promises: dict[str, bool]) -> None:
    """Whatever the door promises, the request waits for a key, and its person reads how to send one; nobody can accept it."""
    ants.ask(**promises)
    assert state(ants) == ("outside", "waits for a key")
    assert ants.waiting().expires - ants.waiting().since > dt.timedelta(days=29)
    assert ants.mail() == {ANNE: [HOW_TO]}
    not_yet(ants, "no certificate")
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
    assert state(ants) == ("outside", "waits for proof")
    assert ants.mail() == {ANNE: [CONFIRM]}
    not_yet(ants, "has not answered yet")
    ants.prove()
    assert state(ants) == ("moderator", "waits for a moderator")
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


def test_key_first(ants: Ants) -> None:
    """Whose certificate an owner has added joins at once, where all is promised."""
    ants.add_key()
    token, _, member = ants.ask(**ALL)
    assert token is None
    assert member.address.email == ANNE
    assert ants.mail() == {}


def test_added_afterwards(ants: Ants) -> None:
    """Who was promised everything goes on by themselves as soon as an owner has added the certificate."""
    ants.ask(**ALL)
    ants.add_key()
    assert ants.members() == {ANNE}


def test_approval_of_somebody_without_a_key(ants: Ants) -> None:
    """Approved beforehand, they come with a key that nobody has seen: a moderator looks at it."""
    ants.ask(**ALL)
    ants.mail()
    ants.add_key(proved=True)
    assert state(ants) == ("moderator", "waits for a moderator")
    assert ants.mail() == {OLGA: [ASKS]}


def test_approval_of_somebody_whose_key_was_known(ants: Ants) -> None:
    """Approved with a proved key already there, they join; with another one by now, a moderator looks at it."""
    ants.add_key(proved=True)
    assert ants.ask(**ALL)[0] is None
    bart = "bart@example.org"
    ants.add_key(bart, proved=True)
    ants.ask(bart, pre_approved=True)
    ants.add_key(bart, proved=True)
    assert state(ants) == ("moderator", "waits for a moderator")


def test_an_invitation_is_no_wish(ants: Ants) -> None:
    """Who is invited answers by their key; then they are in, since an owner knew it."""
    ants.add_key()
    ants.ask(invitation=True)
    assert state(ants) == ("outside", "waits for proof")
    assert ants.mail() == {ANNE: [CONFIRM]}
    not_yet(ants, "has not answered yet")
    ants.prove()
    assert ants.members() == {ANNE}


def test_promised_without_a_verified_address(ants: Ants) -> None:
    """That somebody confirms for an address which nobody has verified is no proof."""
    ants.add_key()
    ants.ask(pre_confirmed=True, pre_approved=True)
    assert state(ants) == ("outside", "waits for proof")


def test_an_old_proof_is_no_wish(ants: Ants) -> None:
    """What somebody proved before the request began says nothing about it."""
    ants.add_key(proved=True)
    ants.ask()
    assert state(ants) == ("outside", "waits for proof")


def test_the_proof_of_another_key(ants: Ants) -> None:
    """Who has another key by now is asked by that one; the proof of the one before counts no more."""
    first = ants.add_key()
    ants.ask()
    ants.mail()
    ants.add_key()
    assert state(ants) == ("outside", "waits for proof")
    assert ants.mail() == {ANNE: [CONFIRM]}
    assert ants.keys[ANNE].fingerprint != first.fingerprint
    ants.prove()
    assert state(ants) == ("moderator", "waits for a moderator")


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
    assert state(ants) == ("outside", "waits for proof")
    assert ants.mail() == {}
    not_yet(ants, "no certificate")


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
    assert state(ants) == ("outside", "waits for proof")
    (question,) = open_questions(ants.mlist, ANNE)
    discard(question.token)
    ants.store.commit()
    for _ in range(2):
        waiting.look_again(ants.mlist, ANNE)
    assert state(ants) == ("outside", "waits for a key")
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


def _remove(ants: Ants) -> None:
    from mailman_pgp.exchange import changing  # noqa: PLC0415 - core must be initialised
    from mailman_pgp.keys.journal import Actor, Door  # noqa: PLC0415

    changing.remove(ants.mlist, ANNE, Actor(Door.COMMAND_LINE))


def _suspend(ants: Ants) -> None:
    from mailman_pgp.exchange import changing  # noqa: PLC0415 - core must be initialised
    from mailman_pgp.keys.journal import Actor, Door  # noqa: PLC0415

    changing.suspend(ants.mlist, ANNE, Actor(Door.COMMAND_LINE))


def _revoke(ants: Ants) -> None:
    from mailman_pgp.exchange import changing  # noqa: PLC0415 - core must be initialised
    from mailman_pgp.keys.journal import Actor, Door  # noqa: PLC0415

    REVOCABLE.revoke(at=now())
    changing.learn(openpgp.inspect(REVOCABLE.public), Actor(Door.COMMAND_LINE), ants.mlist)


REVOCABLE: Any = None


@pytest.mark.parametrize(
    ("how", "sentence"),
    [(_remove, "no certificate"), (_suspend, "suspended"), (_revoke, "revoked")],
    ids=["removed", "suspended", "revoked"],
)
def test_the_key_is_gone_between_notice_and_acceptance(
    ants: Ants, how: Any, sentence: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Accepting is refused with the reason, and loses nothing; with a key again, a moderator sees that one first."""
    made = forge_usable(f"<{ANNE}>")
    monkeypatch.setitem(globals(), "REVOCABLE", made)
    ants.ask()
    ants.add_key(proved=True, key=MemberKey(made.secret))
    ants.mail()
    how(ants)
    ants.store.commit()
    not_yet(ants, sentence)
    if how is _suspend:
        _remove(ants)
    ants.add_key(proved=True)
    ants.mail()
    asked_again(ants)
    assert state(ants) == ("moderator", "waits for a moderator")
    assert ants.mail() == {OLGA: [ASKS]}
    ants.accept()
    assert ants.members() == {ANNE}


def test_the_key_is_changed_between_notice_and_acceptance(ants: Ants) -> None:
    """Whoever accepts has seen another key, and learns it: the moderators are asked again, and see the one that counts."""
    from mailman.interfaces.pending import IPendings  # noqa: PLC0415 - core must be initialised
    from zope.component import getUtility  # noqa: PLC0415

    ants.ask()
    ants.add_key(proved=True)
    new = ants.add_key(proved=True)
    ants.mail()
    asked_again(ants)
    assert ants.members() == set()
    assert getUtility(IPendings).confirm(ants.waiting().token, expunge=False)["fingerprint"] == new.fingerprint
    ((_, message),) = ants.encrypted_mail()
    assert grouped(new.fingerprint) in message.get_body(("plain",)).get_content()
    ants.accept()
    assert ants.members() == {ANNE}
    assert ants.acts()[-1] == "approved"


def test_the_key_is_changed_at_the_moment_of_acceptance(ants: Ants, core: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody puts another key in the place of the one that a moderator has seen, so that it is approved unseen."""
    from mailman_pgp.model.tables import Choice  # noqa: PLC0415 - core must be initialised
    from mailman_pgp.steps import moderation  # noqa: PLC0415

    ants.add_key(proved=True)
    ants.ask(pre_verified=True, pre_confirmed=True)
    counting, kept_out = moderation.counting, []
    with rival(core, sa.update(Choice).values(until=Choice.since)) as changes:

        def look(list_id: str, address: str) -> Any:
            found = counting(list_id, address)
            kept_out.append(changes())
            return found

        monkeypatch.setattr(moderation, "counting", look)
        ants.accept()
    assert kept_out == [True]
    assert ants.members() == {ANNE}


def test_banned_meanwhile(ants: Ants) -> None:
    """Who is banned while a moderator thinks does not get in, and the answer says why; no key is approved."""
    from mailman.interfaces.bans import IBanManager  # noqa: PLC0415 - core must be initialised

    from mailman_workflows import RefusedError  # noqa: PLC0415

    ants.ask()
    ants.add_key(proved=True)
    IBanManager(ants.mlist).ban(ANNE)
    with pytest.raises(RefusedError, match="not allowed to subscribe"):
        ants.accept()
    assert ants.members() == set()
    assert ants.all_waiting() == []


@pytest.mark.parametrize("proved", [False, True], ids=["waits for a key", "waits for a moderator"])
def test_address_deleted_meanwhile(ants: Ants, store: Session, *, proved: bool) -> None:
    """The request is over, and core's doors say that it is not there; nothing of the key is left."""
    from mailman.interfaces.usermanager import IUserManager  # noqa: PLC0415 - core must be initialised
    from zope.component import getUtility  # noqa: PLC0415

    ants.ask()
    if proved:
        ants.add_key(proved=True)
    token = ants.waiting().token
    getUtility(IUserManager).delete_address(ants.person())
    store.commit()
    with pytest.raises(LookupError):
        ants.accept(token)
    assert ants.all_waiting() == []
    assert ants.acts() == []


def test_another_preferred_address_meanwhile(ants: Ants, store: Session) -> None:
    """A user who prefers another address by now would be a member by that one, whose key nobody knows: refused."""
    from mailman.interfaces.subscriptions import ISubscriptionManager  # noqa: PLC0415 - core must be initialised
    from mailman.interfaces.usermanager import IUserManager  # noqa: PLC0415
    from zope.component import getUtility  # noqa: PLC0415

    from mailman_workflows import RefusedError  # noqa: PLC0415

    user = getUtility(IUserManager).make_user(ANNE, "Anne")
    user.preferred_address = ants.person(verified=True)
    other = ants.person("eve@example.org", verified=True)
    user.link(other)
    ISubscriptionManager(ants.mlist).register(user)
    store.commit()
    ants.add_key(proved=True)
    user.preferred_address = other
    store.commit()
    with pytest.raises(RefusedError, match="not the preferred address"):
        ants.accept()
    assert ants.members() == set()


@pytest.mark.parametrize("by", ["user", "address"])
@pytest.mark.parametrize("state", ["key", "proof", "moderator"])
@pytest.mark.parametrize("how", ["merged", "moved"])
def test_another_user_meanwhile(ants: Ants, store: Session, how: str, state: str, by: str) -> None:
    """Who takes over the address brings no key of theirs with it: what was proved and seen is that of the address, which joins."""
    from mailman.interfaces.subscriptions import ISubscriptionManager  # noqa: PLC0415 - core must be initialised
    from mailman.interfaces.usermanager import IUserManager  # noqa: PLC0415
    from zope.component import getUtility  # noqa: PLC0415

    users, address = getUtility(IUserManager), ants.person(verified=True)
    user, other = users.make_user(ANNE, "Anne"), users.make_user("eve@example.org", "Eve")
    user.preferred_address, other.preferred_address = address, ants.person("eve@example.org", verified=True)
    ants.add_key("eve@example.org")
    ISubscriptionManager(ants.mlist).register(user if by == "user" else address)
    store.commit()
    if state != "key":
        ants.add_key(proved=state == "moderator")
    if how == "merged":
        other.absorb(user)
    else:
        user.unlink(address)
        other.link(address)
    store.commit()
    if state == "key":
        not_yet(ants, "no certificate")
    if state != "moderator":
        ants.add_key(proved=True)
    ants.accept()
    (member,) = ants.mlist.members.members
    assert (member.subscriber, member.user) == (address, other)


def test_two_accept_at_once(ants: Ants) -> None:
    """One of two gets the request; the other one finds none."""
    ants.ask()
    ants.add_key(proved=True)
    token = ants.waiting().token
    ants.accept(token)
    with pytest.raises(LookupError):
        ants.accept(token)
    assert ants.members() == {ANNE}


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
    assert state(ants) == ("moderator", "waits for a moderator")
    assert ants.mail() == {}


def test_moderators_without_a_key(ants: Ants, members: Any) -> None:
    """Who looks after the list without a certificate is told that something waits, and not what."""
    members.add(ants.mlist, "otto@example.org", role="moderator")
    ants.ask()
    ants.mail()
    ants.add_key(proved=True)
    assert ants.mail() == {OLGA: [ASKS], "otto@example.org": ["[Something waits for you at Ant]"]}
