"""Whoever is on a list reads of each change of their key, at the earlier key too, and the owners read of it."""

from __future__ import annotations

import email
import email.policy
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import pytest
from conversations import moderator
from keys import DAY, forge_usable, now
from people import HOME, Person

from mailman_pgp.openpgp import armor, grouped
from mailman_pgp.openpgp.memberkeys import MemberKey

if TYPE_CHECKING:
    from collections.abc import Callable

    from keys import Forged
    from people import EncryptedList

    from mailman_pgp.sandbox import Kept


@dataclass(frozen=True, slots=True)
class Watch:
    """A list with a member and an owner, who was certified before they got the role."""

    list: EncryptedList
    forged: Forged
    anne: Person
    otto: Person

    @classmethod
    def make(cls, encrypted_list: EncryptedList) -> Watch:
        """Let Anne join, and Otto look after the list."""
        address = f"anne{encrypted_list.number}@{HOME}"
        forged = forge_usable(f"Anne <{address}>")
        anne = Person(encrypted_list, "Anne", address, MemberKey(forged.secret))
        encrypted_list.join(anne, forged.public)
        otto = encrypted_list.person("Otto")
        encrypted_list.certify(otto)
        member = {"list_id": encrypted_list.list_id, "subscriber": otto.address, "role": "owner"}
        encrypted_list.sandbox.rest("members", member)
        return cls(encrypted_list, forged, anne, otto)

    def certificate(self, *words: str, stdin: str = "") -> str:
        """What ``mailman pgp certificate … LIST ANNE …`` prints."""
        name, *more = words
        return self.list.pgp("certificate", name, self.list.address, self.anne.address, *more, stdin=stdin)

    def owner_reads(self) -> str:
        """What the one mail to the owner says, when it has come."""
        (read,) = self.otto.read()
        assert str(read["Subject"]).startswith("The key of a member")
        return str(read.get_content())


def is_encrypted(kept: Kept) -> bool:
    """Whether a mail is encrypted."""
    return b"-----BEGIN PGP MESSAGE-----" in kept.content


def in_the_clear(kept: Kept) -> str:
    """The text of a mail that is signed, and in the clear."""
    message = email.message_from_bytes(kept.content, policy=email.policy.default)
    assert message.get_content_type() == "multipart/signed"
    text = next(part for part in message.walk() if part.get_content_type() == "text/plain")
    return str(text.get_content())


def text_of(reader: Person, kept: Kept) -> str:
    """The text of an encrypted mail, empty when this key can't open it."""
    try:
        body = reader.open(kept).get_body()
    except ValueError:
        return ""
    assert body is not None
    return str(body.get_content())


def test_replaced(encrypted_list: EncryptedList, new_list: Callable[[], EncryptedList]) -> None:
    """Anne reads it with the old key and with the new one, the owner reads it, and nobody of another list of hers."""
    watch, elsewhere = Watch.make(encrypted_list), new_list()
    elsewhere.join(replace(watch.anne, list=elsewhere))
    before = encrypted_list.sandbox.mailbox.recipients()
    new = replace(watch.anne, key=MemberKey.generate(f"Anne <{watch.anne.address}>"))
    watch.certificate("add", stdin=armor(new.key.certificate, "PGP PUBLIC KEY BLOCK").decode("ascii"))
    told = watch.anne.mail(2)
    says = watch.owner_reads()
    assert len(told) == 2
    assert [is_encrypted(kept) for kept in told] == [True, True]
    texts = [[text_of(reader, kept) for reader in (watch.anne, new)] for kept in told]
    assert sorted([bool(at_old), bool(at_new)] for at_old, at_new in texts) == [[False, True], [True, False]]
    for text in (says, *(at_old or at_new for at_old, at_new in texts)):
        assert grouped(watch.forged.fingerprint) in text
        assert grouped(new.key.fingerprint) in text
        assert elsewhere.address not in text
    assert set(encrypted_list.sandbox.mailbox.recipients()) - set(before) <= {watch.anne.address, watch.otto.address}
    log = watch.certificate("log")
    assert "changed" in log
    assert "command line" in log


def test_suspended_and_resumed(encrypted_list: EncryptedList) -> None:
    """She reads of the one in the clear and at the key, of the other at the key alone."""
    watch = Watch.make(encrypted_list)
    watch.certificate("suspend")
    told = watch.anne.mail(2)
    assert sorted(map(is_encrypted, told)) == [False, True]
    for kept in told:
        text = text_of(watch.anne, kept) if is_encrypted(kept) else in_the_clear(kept)
        assert "Your key was suspended" in text
        assert grouped(watch.forged.fingerprint) in text
        assert ("By the owners of the list" in text) is is_encrypted(kept)
    assert "was suspended" in watch.owner_reads()
    watch.certificate("resume")
    last = watch.anne.mail(3)[2]
    assert "counts again" in text_of(watch.anne, last)


def test_revoked_on_two_lists(encrypted_list: EncryptedList, new_list: Callable[[], EncryptedList]) -> None:
    """Brought to one, it is true on both: each tells Anne and its own owners, and says nothing of the other."""
    here, there = Watch.make(encrypted_list), new_list()
    there.join(replace(here.anne, list=there))
    tilda = there.person("Tilda")
    there.certify(tilda)
    there.sandbox.rest("members", {"list_id": there.list_id, "subscriber": tilda.address, "role": "owner"})
    here.forged.revoke(at=now() - DAY)
    add = ("pgp", "certificate", "add", encrypted_list.address, here.anne.address)
    revoked = armor(here.forged.public, "PGP PUBLIC KEY BLOCK").decode("ascii")
    done = encrypted_list.sandbox.mailman_quickly(*add, stdin=revoked)
    assert done.returncode == 3
    texts = [in_the_clear(kept) for kept in here.anne.mail(2)]
    assert all("Your key is revoked, as it says itself" in text for text in texts)
    assert (
        sorted(other.address in text for text in texts for other in (encrypted_list, there)) == [False] * 2 + [True] * 2
    )
    said_here = here.owner_reads()
    (read,) = tilda.read()
    said_there = str(read.get_content())
    assert "On the command line of the server" in said_here
    assert "On the command line" not in said_there
    for text, mine, other in ((said_here, encrypted_list, there), (said_there, there, encrypted_list)):
        assert mine.address in text
        assert other.address not in text
        assert other.list_id not in text


@pytest.mark.parametrize("role", ["owner", "moderator"])
def test_other_roles(encrypted_list: EncryptedList, role: str) -> None:
    """Who looks after the list reads of the first key that counts for them, at that key."""
    mona = encrypted_list.person("Mona")
    encrypted_list.sandbox.rest(
        "members", {"list_id": encrypted_list.list_id, "subscriber": mona.address, "role": role}
    )
    encrypted_list.certify(mona)
    texts = [text_of(mona, kept) for kept in mona.mail(2)]
    for whom in ("you", mona.address):
        assert any(f"A key counts for {whom} from now on" in text for text in texts)


def test_who_is_taken_off(encrypted_list: EncryptedList) -> None:
    """Whom core's REST takes off the owners reads so at once, by the key that goes with that, and so do those who are left."""
    watch = Watch.make(encrypted_list)
    mona = moderator(encrypted_list)
    encrypted_list.wait_until_told()
    to_otto, to_mona = (len(person.mail(0)) for person in (watch.otto, mona))
    rest = encrypted_list.sandbox.rest
    member = rest(f"lists/{encrypted_list.list_id}/owner/{watch.otto.address}")["member_id"]
    rest(f"members/{member}", method="DELETE")
    kept = watch.otto.mail(to_otto + 1)[-1]
    assert "You look after" not in kept.content.decode()
    to_them = " ".join(text_of(watch.otto, kept).split())
    assert "You are no owner of it any more." in to_them
    assert mona.address in to_them
    to_others = text_of(mona, mona.mail(to_mona + 1)[-1])
    assert f"{watch.otto.address} is no owner of the list" in " ".join(to_others.split())
