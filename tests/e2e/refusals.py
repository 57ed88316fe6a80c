"""Posts that must not pass, and what is due to each: an answer that helps and quotes nothing, a record, and no copy."""

from __future__ import annotations

import email
import email.policy
from collections import Counter
from dataclasses import dataclass
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

from canary import Canary
from messages import session_key

from mailman_pgp.openpgp import armor, dearmor

if TYPE_CHECKING:
    from email.message import EmailMessage

    from people import EncryptedList, Person

    from mailman_pgp.sandbox import Kept


def armored(binary: bytes) -> bytes:
    """A binary message, in armor."""
    return armor(binary, "PGP MESSAGE")


def words_of(notice: EmailMessage) -> str:
    """The text of a notice, in one line."""
    text = notice.get_body(("plain",))
    assert text is not None
    return " ".join(text.get_content().split())


def certificate_in(notice: EmailMessage) -> bytes:
    """The one certificate that comes with a notice, binary."""
    (part,) = [part for part in notice.walk() if part.get_content_type() == "application/pgp-keys"]
    content: Any = part.get_content()
    return dearmor(content if isinstance(content, bytes) else content.encode())


@dataclass(slots=True)
class Guarded:
    """An encrypted list with two members, and a canary for the post that is to be refused."""

    list: EncryptedList
    anne: Person
    bart: Person
    canary: Canary

    @classmethod
    def make(cls, encrypted_list: EncryptedList) -> Guarded:
        """Let two people join the list."""
        return cls(encrypted_list, encrypted_list.member("Anne"), encrypted_list.member("Bart"), Canary.make())

    @property
    def session_key(self) -> bytes:
        """A PKESK for the list, of the session key that the hand-made messages have."""
        return session_key(SimpleNamespace(public=self.list.certificate))  # type: ignore[arg-type]  # all it looks at

    def inside(self, author: Person) -> bytes:
        """The post with the canary, as it is before it is encrypted."""
        return self.canary.inside(author)

    def encrypted(self, author: Person) -> bytes:
        """The same, encrypted to the list and signed: binary, the good message from which bad ones are made."""
        return dearmor(author.key.write(self.inside(author), self.list.certificate))

    def refused_for(self) -> Counter[str]:
        """How many messages were refused until now, by the reason that the owners see."""
        return Counter({tally["reason"]: tally["number"] for tally in self.list.happened()["refused"]})

    def notice(self, reader: Person, kept: Kept) -> EmailMessage:
        """A notice as its reader sees it: decrypted for whom the list has a certificate of, else in the clear, and signed."""
        if b"-----BEGIN PGP MESSAGE-----" in kept.content:
            return reader.open(kept)
        message = email.message_from_bytes(kept.content, policy=email.policy.default)
        assert message.get_content_type() == "multipart/signed"
        return message

    def refuses(self, author: Person, message: bytes, reason: str, words: str) -> EmailMessage:
        """Mail a message to the list; return the answer to its author, after all that is due to any refusal was found.

        :param reason: What the owners see.
        :param words: What the author reads.
        """
        sandbox = self.list.sandbox
        sandbox.wait_until_idle()  # a copy of an earlier post, still under way, would be taken for one of this
        refused, copies = self.refused_for(), sandbox.mailbox.count(self.bart.address)
        answers = sandbox.mailbox.count(author.address)
        author.send(message)
        *_, kept = author.mail(answers + 1)
        sandbox.wait_until_idle()
        assert sandbox.queue("shunt") == []
        assert dict(self.refused_for() - refused) == {reason: 1}
        assert sandbox.mailbox.count(author.address) == answers + 1
        if author is not self.bart:
            assert sandbox.mailbox.count(self.bart.address) == copies
        notice = self.notice(author, kept)
        text = words_of(notice)
        assert words in text
        assert "lease" in text or self.list.sub_address("owner") in text, "It says what to do next."
        assert certificate_in(notice) == self.list.certificate
        assert self.canary.heard_in(notice) == set()
        assert not any(word.encode() in kept.content for word in self.canary.words)
        assert notice["auto-submitted"] == "auto-replied"
        return notice

    def takes_the_next(self) -> None:
        """A good post of a member passes, with every word of it."""
        # Other words each time: two posts of the same text, signed in the same second, are one and the same to the list.
        good = Canary.make()
        before = self.list.sandbox.mailbox.count(self.bart.address)
        self.anne.send(good.protected(self.anne))
        *_, kept = self.bart.mail(before + 1)
        assert good.heard_in(self.bart.open(kept)) == set(good.words.values())
