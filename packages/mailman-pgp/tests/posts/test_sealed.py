"""What a sealed message opens for."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from email.message import Message
from typing import TYPE_CHECKING, Any

import pytest
from queries import counted

from mailman_pgp.model.database import now
from mailman_pgp.model.tables import EncryptedList
from mailman_pgp.posts.record import Kind, Outer, Record

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from mailman_pgp.site.sitekey import SiteKey

LIST = "ant.example.com"
RECORD = Record(
    Kind.POST,
    author="anne@example.com",
    claim="1+a",
    fingerprint="AB",
    signed_at="2026-01-01T00:00:00",
    verdicts=({"status": "good"},),
)


@pytest.fixture
def encrypted(store: Session, healthy: SiteKey) -> EncryptedList:  # noqa: ARG001 - the site key must be there
    """The row of the encrypted list, and of another one."""
    rows = [EncryptedList(list_id=name, enabled_at=now(), restore="{}") for name in (LIST, "bee.example.com")]
    store.add_all(rows)
    store.flush()
    return rows[0]


def sealed(record: Record = RECORD) -> Any:
    """A sealed message; imported late, as core must be initialised."""
    from mailman_pgp.posts.sealed import Content, seal_message  # noqa: PLC0415

    return seal_message(Message(), LIST, record, Content(b"The kestrel", {"Subject": "Über"}))


@pytest.mark.usefixtures("encrypted")
def test_it_opens_with_its_record() -> None:
    """Content and outside come back, also when the record went through a queue and was tried before."""
    msgdata: dict[str, Any] = {}
    replace(RECORD, chunk="c", attempt=3, outer=Outer("h", "f"), message_id="<1@x>").put(msgdata)
    record = Record.of(msgdata)
    assert record is not None
    content = sealed().unseal(LIST, record)
    assert (content.entity, content.outside) == (b"The kestrel", {"Subject": "Über"})


@pytest.mark.usefixtures("encrypted")
@pytest.mark.parametrize(
    "change",
    [
        {"kind": Kind.OWNER},
        {"problem": "unsigned"},
        {"author": "mallory@example.com"},
        {"claim": "1+b"},
        {"fingerprint": "CD"},
        {"signed_at": "2026-01-01T00:00:01"},
        {"verdicts": ()},
    ],
    ids=lambda change: next(iter(change)),
)
def test_it_opens_with_no_other_record(change: dict[str, Any]) -> None:
    """Whatever was found out of another message opens nothing, and the error tells nothing of the content."""
    from mailman_pgp.posts.sealed import SealedError  # noqa: PLC0415 - core must be initialised

    with pytest.raises(SealedError, match=f"does not open for {LIST}") as caught:
        sealed().unseal(LIST, replace(RECORD, **change))
    assert "kestrel" not in str(caught.value)


def test_it_opens_for_no_other_list(encrypted: EncryptedList, store: Session) -> None:
    """Neither for another list, nor for the same one when it was encrypted anew or is a plain one."""
    from mailman_pgp.posts.sealed import SealedError  # noqa: PLC0415 - core must be initialised

    message = sealed()
    with pytest.raises(SealedError, match=r"bee\.example\.com"):
        message.unseal("bee.example.com", RECORD)
    encrypted.enabled_at += timedelta(microseconds=1)
    store.flush()
    with pytest.raises(SealedError, match="made or encrypted anew"):
        message.unseal(LIST, RECORD)
    store.delete(encrypted)
    store.flush()
    with pytest.raises(SealedError, match="not encrypted"):
        message.unseal(LIST, RECORD)


def test_signatures_are_sealed_where_they_are_kept(encrypted: EncryptedList, store: Session) -> None:
    """An author's signature is sealed with the content only on a list that keeps it, and costs no other list a byte."""
    from mailman_pgp.posts.sealed import Content, OwnSignature, seal_message  # noqa: PLC0415 - core must be initialised

    own = OwnSignature(b"the packet", of_part=True)
    content = Content(b"The kestrel", {"Subject": "Über"}, signature=own)
    without = seal_message(Message(), LIST, RECORD, content)
    assert without.unseal(LIST, RECORD).signature is None
    assert len(without.sealed) == len(sealed().sealed)
    encrypted.keep_signature = True
    store.flush()
    kept = seal_message(Message(), LIST, RECORD, content)
    assert kept.unseal(LIST, RECORD).signature == own
    assert without.unseal(LIST, RECORD).signature is None
    assert b"the packet" not in kept.sealed


@pytest.mark.usefixtures("encrypted")
def test_a_delivery_is_no_post() -> None:
    """What is composed for members does not open as what an author sent, and has another Message-ID."""
    from mailman_pgp.posts.sealed import SealedError, SealedMessage, seal_delivery  # noqa: PLC0415

    post = sealed()
    delivery = seal_delivery(post, LIST, RECORD, b"The payload")
    assert delivery["message-id"] != post["message-id"]
    assert delivery.unseal(LIST, RECORD).entity == b"The payload"
    mistaken = SealedMessage()
    mistaken.sealed = delivery.sealed
    with pytest.raises(SealedError):
        mistaken.unseal(LIST, RECORD)


@pytest.mark.usefixtures("encrypted")
def test_the_id_is_the_claims() -> None:
    """The same claim has the same Message-ID, another one another, and it holds nothing of the claim."""
    first, again, other = sealed(), sealed(), sealed(replace(RECORD, claim="2+b"))
    assert first["message-id"] == again["message-id"] != other["message-id"]
    assert RECORD.claim not in first.as_string()


def test_little_is_read_of_the_list(encrypted: EncryptedList, store: Session) -> None:
    """To open a message, what it is bound to is read, and not all that is kept of the list."""
    message = sealed()
    store.commit()
    with counted() as statements:
        message.unseal(LIST, RECORD)
    (statement,) = statements
    assert "enabled_at" in statement
    assert "restore" not in statement
    assert encrypted.restore == "{}"
