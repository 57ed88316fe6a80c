"""A message whose content is ciphertext wherever Mailman may store or show it.

Mailman pickles messages into queues, the message store and the shunt directory; it attaches them to notices, shows them in
REST, and hands them to archivers.  A `SealedMessage` is safe in all these places *by construction*: what stock code can
see, its headers and its payload, is a placeholder without anything from the decrypted post.  The decrypted MIME entity
rides along as `sealed`, AES-256-GCM under a key derived from the site key.

The blob opens for its own list only, and only together with the record that was sealed with it.  Core brings the two
together by Message-ID: its message store, one for the whole site, keeps the first message of an id and ignores others.
So the placeholder has an id that nobody outside can foresee (`mailman_pgp.posts.identity`), and if the wrong two meet all
the same, nothing opens.

The key is asked for at the moment of use, from `mailman_pgp.site.health`, which gives it only to a process whose
configuration was found complete.  A half configured process can therefore move sealed messages but never read one.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from mailman.email.message import Message
from public import public
from sqlalchemy import bindparam, select

from mailman_pgp.mime import addresses
from mailman_pgp.model.database import store
from mailman_pgp.model.tables import EncryptedList
from mailman_pgp.posts.identity import Use, identify
from mailman_pgp.site import health
from mailman_pgp.site.aead import AeadError, open_by_any, open_sealed, seal

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime
    from email.message import Message as StdMessage

    from sqlalchemy import Row

    from mailman_pgp.posts.record import Record

# What is needed of a list to seal and to open; made once, as the library works out what a statement is, each time that it is new.
_OF_LIST = select(EncryptedList.list_id, EncryptedList.enabled_at, EncryptedList.keep_signature).where(
    EncryptedList.list_id == bindparam("list_id")
)

# What stock rules and notices may know of a post.  Everything here came in the clear, outside the encryption, and holds
# no words of the author: display names and the subject are left out on purpose.  So is what core would discard a message
# for, such as List-Post: it is no word of the author's either, and whoever has a copy of a post and is faster could add it.
# A post that comes back in a loop carries its signature, which counts once.
_KEPT = ("date", "in-reply-to", "references", "received", "x-mailman-rule-hits")

PLACEHOLDER_SUBJECT = "..."
_PLACEHOLDER_TEXT = """\
The content of this message is sealed: it came to an encrypted mailing list
and leaves it only encrypted to the members.
"""


@public
class SealedError(RuntimeError):
    """A sealed message was about to take a way on which it must not go.  Not an OSError: core retries those in a hot loop."""


@public
@dataclass(frozen=True, slots=True, repr=False)
class OwnSignature:
    """The good signature of a post's author: the body of its packet, and what it is over.

    :ivar of_part: Whether that is the signed part of a root `multipart/signed`; else it is the entity as it was decrypted.
    """

    packet: bytes
    of_part: bool


@public
@dataclass(frozen=True, slots=True, repr=False)
class Content:
    """What is sealed: a decrypted MIME entity, and the header fields that stood outside the encryption only.

    Some mail programs don't protect the subject; it came in the clear, and from here on it is treated like the rest.
    """

    entity: bytes
    outside: Mapping[str, str]
    certificate: bytes = b""
    """That of a stranger, binary, which came with the post and which members are to have."""
    signature: OwnSignature | None = None
    """Sealed only where the list keeps signatures."""


@public
class SealedMessage(Message):  # type: ignore[misc]  # core is untyped
    """A placeholder for stock code, with the decrypted content as ciphertext in `sealed`."""

    sealed: bytes
    list_id: str
    use: ClassVar[Use] = Use.PLACEHOLDER

    def __delitem__(self, name: str) -> None:
        """See `Message`; refused in a process that is not healthy.

        Stock pipelines and stock delivery both begin with taking out header fields.  Where they are at work, they would
        send this placeholder to everybody and call the post delivered.

        :raises SealedError: then; core shunts the message as it is.
        """
        if not health.current().healthy:
            raise SealedError(
                "An encrypted post was about to go Mailman's own way. It is kept in the shunt queue: run "
                "`mailman-pgp check`, which names the mend, restart, and run `mailman unshunt`."
            )
        super().__delitem__(name)

    def unseal(self, list_id: str, record: Record) -> Content:
        """The content as it was sealed.

        :param list_id: The list on whose way this message is.
        :param record: What goes with the message on that way.
        :raises mailman_pgp.site.health.NotHealthy: when this process may not read sealed content.
        :raises SealedError: when the blob was changed, or belongs to another list or record; core shunts the message.
        """
        try:
            opened = open_by_any(_seal_keys(), self.sealed, _bound_to(_row(list_id), record, self.use))
        except AeadError:
            raise SealedError(
                f"A sealed message does not open for {list_id}: it belongs to another list or record, or was sealed before "
                "the list was made or encrypted anew, or under another site key. It is kept in the shunt queue; restore "
                "the site key that belongs to it, or remove it, and let its author send it again."
            ) from None
        beside, _, entity = opened.partition(b"\n")
        outside, certificate, *more = json.loads(beside)
        own = OwnSignature(bytes.fromhex(more[0]), of_part=more[1]) if more else None
        return Content(entity, outside, bytes.fromhex(certificate), own)

    def reseal(self, record: Record) -> bool:
        """Seal the content under the site's key, if it is sealed under the one of before; whether it was.

        :param record: As above.
        :raises SealedError: when nothing opens it, as above.
        """
        new, *old = _seal_keys()
        bound = _bound_to(_row(self.list_id), record, self.use)
        try:
            open_sealed(new, self.sealed, bound)
        except AeadError:
            try:
                self.sealed = seal(new, open_by_any(old, self.sealed, bound), bound)
            except AeadError:
                raise SealedError(f"A sealed message does not open for {self.list_id}.") from None
            return True
        return False


@public
class OursAlone:
    """A mixin for an entry of the queue `out` that only our own delivery may flatten.

    Stock delivery would send it as it must not be sent, and call it delivered.  It must fail instead, and the entry be kept (core
    shunts it), so flattening raises.

    :cvar about_to_leave: The beginning of the sentence that says so.
    """

    about_to_leave: ClassVar[str]

    def _refuse(self) -> SealedError:
        return SealedError(
            f"{self.about_to_leave} about to leave by Mailman's own delivery.  Nothing is lost; set [mta] outgoing to "
            "mailman_pgp.delivery.deliver in mailman.cfg, restart, and run `mailman unshunt`."
        )

    @property
    def sender(self) -> str:
        """Nobody: core would look up a language for each entry, in several queries, and it is not used."""
        return ""

    def as_string(self, *_args: Any, **_kws: Any) -> str:
        """See `Message`; refused."""
        raise self._refuse()

    def as_bytes(self, *_args: Any, **_kws: Any) -> bytes:
        """See `Message`; refused."""
        raise self._refuse()

    def get_payload(self, *_args: Any, **_kws: Any) -> Any:
        """See `Message`; refused."""
        raise self._refuse()


@public
class SealedDelivery(OursAlone, SealedMessage):
    """A sealed message on its last step: stock delivery would send the placeholder to every member."""

    use = Use.DELIVERY
    about_to_leave = "An encrypted post was"

    def __str__(self) -> str:
        return f"<a sealed delivery for {self.list_id}>"


def _seal_keys() -> list[bytes]:
    """The key that seals, then the one of before, while the site's key is being replaced."""
    return [key.derive("seal") for key in health.site_key().generations]


def _row(list_id: str) -> Row[tuple[str, datetime, bool]]:
    row = store().execute(_OF_LIST, {"list_id": list_id}).first()
    if row is None:
        raise SealedError(f"A sealed message is for {list_id}, which is not encrypted. It is kept in the shunt queue.")
    return row


def _bound_to(row: Row[tuple[str, datetime, bool]], record: Record, use: Use) -> bytes:
    return record.as_sealed(row.list_id, row.enabled_at.isoformat(), use)


@public
def seal_message(original: StdMessage, list_id: str, record: Record, content: Content) -> SealedMessage:
    """Make the sealed form of a received message.

    :param original: The message as it came; only its transport headers are used.
    :param list_id: The list that the content is bound to.
    :param record: What was found out about the message, to which the content is bound too; the visible From names its author.
    """
    sealed = SealedMessage()
    _placeholder(sealed, original, list_id, record, Use.PLACEHOLDER)
    # What the author wrote is measured by the list's limit, not what encryption made of it.
    sealed.original_size = len(content.entity)
    sealed.sealed = _seal(content, list_id, record, Use.PLACEHOLDER)
    return sealed


@public
def seal_delivery(post: SealedMessage, list_id: str, record: Record, payload: bytes) -> SealedDelivery:
    """Make the entry for the queue `out`: a placeholder like the post's around the composed payload."""
    delivery = SealedDelivery()
    _placeholder(delivery, post, list_id, record, Use.DELIVERY)
    delivery.sealed = _seal(Content(payload, {}), list_id, record, Use.DELIVERY)
    return delivery


def _seal(content: Content, list_id: str, record: Record, use: Use) -> bytes:
    row = _row(list_id)
    own = content.signature if row.keep_signature else None
    # One line of JSON, then the entity.
    beside: list[Any] = [dict(content.outside), content.certificate.hex()]
    if own is not None:
        beside += [own.packet.hex(), own.of_part]
    plain = b"".join((json.dumps(beside).encode("ascii"), b"\n", content.entity))
    return seal(_seal_keys()[0], plain, _bound_to(row, record, use))


@public
def placeholder(original: StdMessage, list_id: str, record: Record) -> Message:
    """The visible part alone, for a message that could not be opened: safe to show to stock code."""
    message = Message()
    _placeholder(message, original, list_id, record, Use.PLACEHOLDER)
    return message


def _placeholder(message: Any, original: StdMessage, list_id: str, record: Record, use: Use) -> None:
    message["Message-ID"] = identify(list_id, record.claim, use)
    for name in _KEPT:
        for value in original.get_all(name, []):
            message[name] = value
    if record.author:
        message["From"] = record.author
    # Addresses only: a display name is the author's own words.  `implicit-dest` and `max-recipients` want them.
    for name in ("to", "cc"):
        # Read by us: what is nested in comments makes the standard library, which core uses, recurse without end.
        values = (re.sub(r"[\r\n]", "", str(value)) for value in original.get_all(name, []))
        found = ", ".join(address for value in values for address in addresses(value))
        if found:
            message[name] = found
    message["Subject"] = PLACEHOLDER_SUBJECT
    message["MIME-Version"] = "1.0"
    message["Content-Type"] = 'text/plain; charset="us-ascii"'
    message.set_payload(_PLACEHOLDER_TEXT)
    message.list_id = list_id
    # Core's `max-size` rule asserts this attribute on every message that it sees.
    message.original_size = getattr(original, "original_size", 0)
