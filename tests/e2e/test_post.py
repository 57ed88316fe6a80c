"""A post from one member to all, through a real Mailman."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mailman_pgp.openpgp.memberkeys import KeyKind

if TYPE_CHECKING:
    from people import EncryptedList


def test_post_reaches_each_member_encrypted_to_their_key(encrypted_list: EncryptedList) -> None:
    """Members with keys of different kinds get a copy each, signed by the list, with subject and text inside only."""
    anne = encrypted_list.member("Anne")
    members = [
        anne,
        encrypted_list.member("Bart", KeyKind.RSA),
        encrypted_list.member("Cris", KeyKind.V6),
    ]
    anne.post("The kestrel flies at noon.", subject="About kestrels")
    for member in members:
        (kept,) = member.mail()
        assert b"estrel" not in kept.content
        opened = member.open(kept)
        assert "About kestrels" in str(opened["subject"])
        assert "The kestrel flies at noon." in opened.as_string()


def test_unencrypted_post_is_refused_without_being_quoted(encrypted_list: EncryptedList) -> None:
    """A post in the clear reaches nobody; its author is told, and the answer quotes nothing of it."""
    anne, bart = encrypted_list.member("Anne"), encrypted_list.member("Bart")
    plain = f"From: {anne.address}\nTo: {encrypted_list.address}\nSubject: Kestrel\nMessage-ID: <p@x>\n\nKestrel\n"
    anne.send(plain.encode())
    (answer,) = anne.mail()
    assert b"estrel" not in answer.content
    encrypted_list.sandbox.wait_until_idle()
    assert not encrypted_list.sandbox.mailbox.count(bart.address)
