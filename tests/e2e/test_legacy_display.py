"""A readable subject where a member's program does not know how to find it: on demand it stands in the text, too (RFC 9788)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from test_own_signatures import crlf, inner, payload_of

from mailman_pgp.openpgp import Status, verify_detached

if TYPE_CHECKING:
    from email.message import EmailMessage

    from people import EncryptedList, Person

SUBJECT = "Über Turmfalken"


def text_of(part: EmailMessage) -> str:
    """The text of a part."""
    return str(part.get_content()).replace("\r\n", "\n")


def leaves(message: EmailMessage) -> list[EmailMessage]:
    """The parts that have none."""
    return [part for part in message.walk() if not part.is_multipart()]


def marked(message: EmailMessage) -> list[EmailMessage]:
    """The parts that say that they have a copy."""
    return [part for part in leaves(message) if part.get_param("hp-legacy-display") is not None]


def last(reader: Person, count: int = 1) -> EmailMessage:
    """The last of so many mails."""
    return reader.read(count)[-1]


def test_off_by_default(encrypted_list: EncryptedList) -> None:
    """A list whose owners want none has no copy in its posts."""
    anne, bart = encrypted_list.member("Anne"), encrypted_list.member("Bart")
    anne.post("The text", subject=SUBJECT)
    message = last(bart)
    assert marked(message) == []
    assert not [part for part in leaves(message) if SUBJECT in text_of(part)]


@pytest.mark.parametrize("note", ["yes", "no"])
def test_subject_above_the_text(encrypted_list: EncryptedList, note: str) -> None:
    """Subject and sender, as they are inside, stand in the first part, marked, which is the list's; the author's is as it was."""
    anne, bart = encrypted_list.member("Anne"), encrypted_list.member("Bart")
    encrypted_list.pgp("set", encrypted_list.list_id, "legacy_display=yes", f"footer_note={note}")
    anne.post("The text", subject=SUBJECT)
    message = last(bart)
    first, second, *_ = leaves(message)
    assert marked(message) == [first]
    assert (first.get_content_type(), first.get_param("hp-legacy-display")) == ("text/plain", "1")
    copied, _, rest = text_of(first).partition("\n\n")
    assert copied.replace('"', "").splitlines() == [f"Subject: {message['subject']}", f"From: {message['from']}"]
    assert SUBJECT in copied
    assert rest.strip().startswith('Written by "Anne"') == (note == "yes")
    assert text_of(second).strip() == "The text"
    assert message.get_param("hp") == "cipher"


def test_not_twice(encrypted_list: EncryptedList) -> None:
    """What the author's program has copied is taken out of the post: the list's own copy is the one with the true subject."""
    anne, bart = encrypted_list.member("Anne"), encrypted_list.member("Bart")
    payload = anne.payload("Subject: " + SUBJECT + "\n\nThe text", SUBJECT)
    payload = payload.replace(b'hp="cipher";', b'hp="cipher"; hp-legacy-display="1";')
    for number, setting in enumerate(("no", "yes"), 1):
        encrypted_list.pgp("set", encrypted_list.list_id, f"legacy_display={setting}")
        again = payload.replace(b"The text", f"The text {number}".encode())
        anne.send(anne.envelope(anne.key.write(again, encrypted_list.certificate)))
        message = last(bart, number)
        assert len(marked(message)) == number - 1
        texts = "".join(text_of(part) for part in leaves(message))
        assert texts.count("Subject: ") == number - 1
        assert f"The text {number}" in texts


def test_beside_an_own_signature(encrypted_list: EncryptedList) -> None:
    """The copy is the list's; what the author has signed stays as it was, with what their program has copied."""
    anne, bart = encrypted_list.member("Anne"), encrypted_list.member("Bart")
    encrypted_list.pgp("set", encrypted_list.list_id, "legacy_display=yes", "keep_signature=yes")
    payload = crlf(anne.payload("Subject: " + SUBJECT + "\n\nThe text", SUBJECT))
    payload = payload.replace(b'hp="cipher";', b'hp="cipher"; hp-legacy-display="1";')
    anne.send(anne.envelope(anne.key.write(payload, encrypted_list.certificate)))
    found = inner(payload_of(bart))
    assert found is not None
    assert found.content == payload
    (verdict,) = verify_detached(found.content, found.signature, [anne.key.certificate])
    assert verdict.status is Status.GOOD
    assert text_of(leaves(last(bart))[0]).startswith(f"Subject: [Ants{encrypted_list.number}] {SUBJECT}\n")
