"""People who bring their keys through the web, and answer what comes to their mailbox."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from talkers import Talker, armored, code_in
from told import Told, told

from mailman_pgp.openpgp.memberkeys import MemberKey

if TYPE_CHECKING:
    from email.message import EmailMessage

    from conftest import Door
    from keys import Forged

ANTS = "/lists/ant.example.com"


@dataclass(frozen=True)
class Web:
    """Somebody at the web interface, with a mailbox and a key."""

    door: Door
    address: str
    key: MemberKey

    @classmethod
    def person(cls, door: Door, address: str, key: MemberKey | None = None) -> Web:
        """Somebody with this key, or a new one."""
        return cls(door, address, key or MemberKey.generate(f"Somebody <{address}>"))

    @property
    def talker(self) -> Talker:
        """The same person, as they write mail."""
        return Talker(self.address, self.door.mlist(), self.key)

    def form(self, certificate: bytes | str | None = None, **more: str) -> dict[str, str]:
        """What they send: their own certificate unless another block is given."""
        block = certificate if certificate is not None else self.key.certificate
        return {"address": self.address, "certificate": block if isinstance(block, str) else armored(block), **more}

    def offer(self, certificate: bytes | str | None = None, **more: str) -> Any:
        """Bring it; what is answered."""
        return self.door.good("POST", f"{ANTS}/offers", self.form(certificate, **more)).json

    def refused(self, certificate: bytes | str | None = None, status: int = 409) -> tuple[str, str]:
        """Bring it, and be refused: code and sentence."""
        answer = self.door("POST", f"{ANTS}/offers", self.form(certificate))
        assert answer.status_code == status, answer.text
        return answer.json["code"], answer.json["description"]

    def again(self) -> Any:
        """Ask for the message once more."""
        return self.door.good("POST", f"{ANTS}/offers/{self.address}/again").json

    def take_back(self) -> None:
        """Take it back."""
        self.door.good("DELETE", f"{ANTS}/offers/{self.address}")

    def questions(self, found: list[Told] | None = None) -> list[EmailMessage]:
        """The questions that have come to them and that their key opens, taken from the queues."""
        read = self.talker.read(told() if found is None else found)
        return [said for said in read if str(said["Subject"]).startswith("Please confirm") and code_in(said)]

    def answer(self, question: EmailMessage, word: str = "yes") -> list[Told]:
        """Answer one, signed by their key; what is on its way then."""
        return self.talker.tell(self.talker.reply(question, word))

    def counting(self) -> str:
        """The fingerprint of what counts for them; empty for none."""
        from mailman_pgp.keys import registry  # noqa: PLC0415 - core must be initialised

        found = registry.current("ant.example.com", self.address)
        return "" if found is None else found.fingerprint


def another(person: Web) -> Web:
    """The same person with a new key."""
    return Web.person(person.door, person.address)


def with_key_that_counts(person: Web, made: Forged) -> Web:
    """The same person, for whom this key counts."""
    found = replace(person, key=MemberKey(made.secret))
    found.talker.counts()
    told()
    return found


def ask_to_join(door: Door, address: str) -> None:
    """Somebody presses Subscribe in the web."""
    from mailman.interfaces.subscriptions import ISubscriptionManager  # noqa: PLC0415 - core must be initialised
    from mailman.interfaces.usermanager import IUserManager  # noqa: PLC0415
    from zope.component import getUtility  # noqa: PLC0415

    someone = getUtility(IUserManager).create_address(address)
    ISubscriptionManager(door.mlist()).register(someone, pre_verified=True)
    door.store.commit()
