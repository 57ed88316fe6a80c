"""An encrypted list, and people who come and go there."""

from __future__ import annotations

import email
import email.policy
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import falcon
import pytest

from mailman_pgp import openpgp
from mailman_pgp.openpgp.memberkeys import MemberKey

if TYPE_CHECKING:
    from collections.abc import Callable
    from email.message import EmailMessage

    from conftest import Members
    from sqlalchemy.orm import Session

ANNE = "anne@example.org"
OLGA = "olga@example.org"
_MESSAGE = re.compile(rb"-----BEGIN PGP MESSAGE-----.*?-----END PGP MESSAGE-----", re.DOTALL)


@dataclass(slots=True)
class Ants:
    """The list ant@example.com, encrypted, whose owner Olga has a certificate; what is done is committed."""

    mlist: Any
    store: Session
    keys: dict[str, MemberKey] = field(default_factory=dict)

    def person(self, address: str = ANNE, *, verified: bool = False) -> Any:
        """Core's address of somebody."""
        from mailman.interfaces.usermanager import IUserManager  # noqa: PLC0415 - core must be initialised
        from mailman.utilities.datetime import now  # noqa: PLC0415
        from zope.component import getUtility  # noqa: PLC0415

        users = getUtility(IUserManager)
        found = users.get_address(address) or users.create_address(address, "Somebody")
        if verified:
            found.verified_on = now()
        self.store.commit()
        return found

    def ask(self, address: str = ANNE, **promises: bool) -> tuple[str | None, str, Any]:
        """Ask to join: the token, whom the request waits for, and the member."""
        from mailman.interfaces.subscriptions import ISubscriptionManager  # noqa: PLC0415 - core must be initialised

        token, owner, member = ISubscriptionManager(self.mlist).register(self.person(address), **promises)
        self.store.commit()
        return token, owner.name, member

    def leave(self, address: str = ANNE, **promises: bool) -> str | None:
        """Ask to leave: the token."""
        from mailman.interfaces.subscriptions import ISubscriptionManager  # noqa: PLC0415 - core must be initialised

        token = ISubscriptionManager(self.mlist).unregister(self.person(address), **promises)[0]
        self.store.commit()
        return None if token is None else str(token)

    def accept(self, token: str | None = None) -> None:
        """Accept a request by one of core's doors: that of this token, else the only one."""
        from mailman.interfaces.subscriptions import ISubscriptionManager  # noqa: PLC0415 - core must be initialised

        try:
            ISubscriptionManager(self.mlist).confirm(token or self.waiting().token)
        finally:
            self.store.commit()
            self.store.expire_all()

    def not_yet(self, sentence: str) -> None:
        """Accepting the only request is refused with a sentence and a 409, and it waits under the same token."""
        from mailman_workflows import NotYetError  # noqa: PLC0415 - core must be initialised

        token = self.waiting().token
        with pytest.raises(NotYetError, match=sentence) as caught:
            self.accept(token)
        assert caught.value.status == falcon.HTTP_409
        assert self.waiting().token == token
        assert ANNE not in self.members()

    def asked_again(self) -> None:
        """Accepting the only request is refused with a sentence and a 409, and it waits anew, under another token."""
        from mailman_workflows import AskedAgainError  # noqa: PLC0415 - core must be initialised

        token = self.waiting().token
        with pytest.raises(AskedAgainError, match="another key counts for this person by now") as caught:
            self.accept(token)
        assert caught.value.status == falcon.HTTP_409
        assert self.waiting().token != token

    def waiting(self) -> Any:
        """The only request that waits."""
        (row,) = self.all_waiting()
        return row

    def state(self) -> tuple[str, str]:
        """For whom that waits, and why."""
        row = self.waiting()
        return row.waits_for, row.reason

    def all_waiting(self) -> list[Any]:
        """All requests that wait."""
        from mailman_workflows import saved  # noqa: PLC0415 - core must be initialised

        return saved.all_at(self.mlist)

    def members(self) -> set[str]:
        """Who is a member."""
        return {member.address.email for member in self.mlist.members.members}

    def add_key(self, address: str = ANNE, *, proved: bool = False, key: MemberKey | None = None) -> MemberKey:
        """Let a new key, or this one, count for somebody: proved by them, or added by an owner; then requests look again."""
        from mailman_pgp.exchange import changing, waiting  # noqa: PLC0415 - core must be initialised
        from mailman_pgp.keys.journal import Actor, Door  # noqa: PLC0415
        from mailman_pgp.keys.registry import ChoiceState  # noqa: PLC0415

        key = key or MemberKey.generate(f"Somebody <{address}>")
        self.keys[address] = key
        state = ChoiceState.PROVEN if proved else ChoiceState.APPROVED
        actor = Actor(Door.MAIL, address) if proved else Actor(Door.COMMAND_LINE)
        changing.let_count(self.mlist, address, openpgp.inspect(key.certificate), state, actor)
        self.store.commit()
        waiting.look_again(self.mlist, address)
        self.store.expire_all()
        return key

    def prove(self, address: str = ANNE) -> None:
        """Somebody proves once more the key that counts."""
        self.add_key(address, proved=True, key=self.keys[address])

    def acts(self, address: str = ANNE) -> list[str]:
        """What was done about somebody's key, the first first."""
        from mailman_pgp.keys import journal  # noqa: PLC0415 - core must be initialised

        return [event.act.value for event in reversed(journal.of(self.mlist.list_id, address))]

    def mail(self) -> dict[str, list[str]]:
        """The notices on their way, taken from the queues, by recipient: subjects; those in the clear in brackets."""
        from mailman.testing.helpers import get_queue_messages  # noqa: PLC0415 - core must be initialised

        found: dict[str, list[str]] = {}
        for item in get_queue_messages("virgin"):
            (recipient,) = item.msgdata["recipients"]
            found.setdefault(recipient, []).append(f"[{item.msg['subject']}]")
        for recipient, message in self.encrypted_mail():
            found.setdefault(recipient, []).append(str(message["subject"]))
        return {recipient: sorted(subjects) for recipient, subjects in found.items()}

    def encrypted_mail(self) -> list[tuple[str, EmailMessage]]:
        """The notices that were encrypted when they were written, taken from the queue: recipient, and what they say."""
        from mailman.testing.helpers import get_queue_messages  # noqa: PLC0415 - core must be initialised

        from mailman_pgp.keys import vault  # noqa: PLC0415

        found = []
        for item in get_queue_messages("out"):
            (recipient,) = item.msgdata["recipients"]
            armored = _MESSAGE.search(item.msg.as_bytes())
            assert armored is not None, "It is not encrypted."
            signer = vault.certificate(self.mlist.list_id).certificate
            read = self.keys[recipient].read(armored[0] + b"\n", signer)
            assert read.signed_by is not None
            message = email.message_from_bytes(read.content, policy=email.policy.default)
            found.append((recipient, message))
        return found


@pytest.fixture
def plain_ants(mlist: Any, store: Session, healthy: object) -> Ants:  # noqa: ARG001 - lists can be encrypted
    """The same list before it is encrypted, moderated, and without anybody."""
    from mailman.interfaces.mailinglist import SubscriptionPolicy  # noqa: PLC0415 - core must be initialised

    from mailman_pgp.conversation import questions  # noqa: PLC0415

    questions.install()
    mlist.subscription_policy = SubscriptionPolicy.confirm_then_moderate
    mlist.send_welcome_message = mlist.send_goodbye_message = False
    mlist.admin_notify_mchanges = False
    store.commit()
    return Ants(mlist, store)


@pytest.fixture
def ants(plain_ants: Ants, members: Members) -> Ants:
    """The list, encrypted."""
    from mailman_pgp.lists.encryption import enable  # noqa: PLC0415 - core must be initialised

    enable(plain_ants.mlist)
    members.add(plain_ants.mlist, OLGA, role="owner")
    plain_ants.add_key(OLGA)
    plain_ants.mail()
    return plain_ants


@pytest.fixture
def anne(ants: Ants) -> str:
    """A member with a key."""
    ants.add_key(ANNE)
    ants.ask(pre_verified=True, pre_confirmed=True, pre_approved=True)
    ants.mail()
    return ANNE


@pytest.fixture
def later(monkeypatch: pytest.MonkeyPatch) -> Callable[[float], None]:
    """Let so many days pass for those who wait to leave."""
    import datetime as dt  # noqa: PLC0415

    from mailman_pgp.model.database import now  # noqa: PLC0415 - core must be initialised
    from mailman_pgp.steps import leaving  # noqa: PLC0415

    def pass_by(days: float) -> None:
        monkeypatch.setattr(leaving, "now", lambda: now() + dt.timedelta(days=days))

    return pass_by
