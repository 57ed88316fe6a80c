"""What the list finds in a mail, and what it would do with it, now: without a word of what is in it, and without doing it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from mailman.config import config
from public import public

from mailman_pgp import openpgp
from mailman_pgp.keys import vault
from mailman_pgp.mime import Structure, examine
from mailman_pgp.openpgp import PacketError, Tag
from mailman_pgp.posts.authors import know_address
from mailman_pgp.posts.claiming import Looked
from mailman_pgp.posts.following import End, follow
from mailman_pgp.posts.reception import receive
from mailman_pgp.posts.record import Kind
from mailman_plugin_kit.failures import places_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from email.message import Message

    from mailman_pgp.mime import Incoming
    from mailman_pgp.posts.record import Record

# As of any message.
_MOST_RECIPIENTS = openpgp.DEFAULT.pkesks
_ANONYMOUS = frozenset({"", "0" * 16})
_MOST_PARTS = 50


@public
@dataclass(frozen=True, slots=True)
class Reader:
    """A key that a message is encrypted to.

    :ivar key: Its fingerprint or key ID, as the message names it; empty where the message hides it.
    :ivar of_list: Whether it is a key of the list.
    """

    key: str
    of_list: bool


@public
@dataclass(frozen=True, slots=True)
class Explanation:
    """What was found.

    :ivar parts: The content types of the mail as it came, the outermost first; not those inside an encryption.
    :ivar repaired: Whether it was mangled on its way, in a known manner, and is read all the same.
    :ivar record: What was found out about it: its author, its signatures, and why it is not authenticated.
    :ivar came_before: Whether its signature, or its content, was taken by a message already, which may have been this one; None where
        that is not known.
    :ivar end: Where the chains lead; None where a rule or chain has failed over it.
    :ivar failure: Where that was, and by which type of error.
    """

    structure: Structure
    parts: tuple[str, ...]
    repaired: bool
    readers: tuple[Reader, ...]
    record: Record
    came_before: bool | None
    end: End | None
    failure: str = ""


@public
def explain(mlist: Any, message: Message, kind: Kind) -> Explanation:
    """Look at a mail as the list would, now.  Nothing is claimed, sent or written; the transaction is aborted.

    :param mlist: An encrypted list.
    :param message: As LMTP takes it, with its `original_size`.
    :param kind: `Kind.POST`, or `Kind.OWNER`.
    :raises mailman_pgp.site.health.NotHealthy: in a process that may not open mail.
    :raises mailman_pgp.openpgp.WorkshopError: when the process that opens messages does not start; and other errors of the system.
    """
    incoming, looked = examine(message), Looked()
    try:
        received = receive(mlist, message, kind, "", looked.claims)
        end, failure = _followed(mlist, received.message, received.record)
        return Explanation(
            structure=incoming.structure,
            parts=tuple(_parts(message)),
            repaired=incoming.repaired,
            readers=tuple(_readers(mlist.list_id, incoming)),
            record=received.record,
            came_before=_came_before(incoming.structure, looked),
            end=end,
            failure=failure,
        )
    finally:
        config.db.abort()


def _followed(mlist: Any, message: Message, record: Record) -> tuple[End | None, str]:
    msgdata: dict[str, Any] = {"listid": mlist.list_id, "to_owner": record.kind is Kind.OWNER, **record.to_kws()}
    try:
        know_address(record.author)
        return follow(mlist, message, msgdata), ""
    except Exception as error:  # noqa: BLE001 - core's chains and rules raise what they like; the runner would shunt it
        return None, places_of(error)


def _came_before(structure: Structure, looked: Looked) -> bool | None:
    # What comes in the clear is known again by all of it, with what mail servers have written above it on the way.
    unknown = structure is Structure.NOT_ENCRYPTED and looked.by_content and not looked.came_before
    return None if unknown else looked.came_before


def _parts(message: Message) -> Iterator[str]:
    for number, part in enumerate(message.walk()):
        if number == _MOST_PARTS:
            return
        yield part.get_content_type()


def _readers(list_id: str, incoming: Incoming) -> Iterator[Reader]:
    """The keys that the session key is encrypted to, as far as they can be read."""
    if incoming.ciphertext is None:
        return
    own = vault.key_names(list_id)
    try:
        packets = openpgp.walk(openpgp.dearmor(incoming.ciphertext), limit=_MOST_RECIPIENTS)
        for packet in packets:
            if packet.tag == Tag.SEIPD:
                return
            try:
                name = openpgp.pkesk_recipient(packet)
            except PacketError:  # something else, or of a version that we do not know: so are they when it is opened
                continue
            yield Reader("" if name in _ANONYMOUS else name, name in own)
    except PacketError:
        return
