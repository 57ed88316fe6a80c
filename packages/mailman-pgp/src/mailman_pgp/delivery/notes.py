"""Notices: what an encrypted list sends to one person.

To a person with a certificate everything goes encrypted.  To a person without one only our own templates may leave, which
hold nothing from any post; core's notices are dropped, recorded, and the person is told that something waits.  Whatever
leaves is signed by the list.  A kill repeats at most one, as with the copies of a post.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto
from typing import TYPE_CHECKING, Any

from mailman.config import config
from public import public

from mailman_pgp.delivery import chunks, interruption, ledger
from mailman_pgp.delivery.attempt import attempt
from mailman_pgp.delivery.lookup import Lookup, look_up
from mailman_pgp.delivery.smtp import Envelope
from mailman_pgp.delivery.transport import NOBODY, Refusals, pipe, send_until_asked, verp_sender
from mailman_pgp.keys import vault
from mailman_pgp.lists import administrators
from mailman_pgp.lists.outward import outward_for
from mailman_pgp.mime import encrypted_notice, outer_message, signed_notice, single_address
from mailman_pgp.notices.passage import is_goodbye, send_left
from mailman_pgp.notices.templates import ANNOUNCING, CLEAR, TEMPLATES
from mailman_pgp.notices.unsent import send_waiting
from mailman_pgp.openpgp import FanOutError, ListSecretKey, OpenPGPError, Recipient, fan_out
from mailman_pgp.posts.sealed import SealedError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from mailman_pgp.delivery.progress import Beginning, Progress
    from mailman_pgp.posts.record import Record

_NAME = "pgp_progress"  # in the metadata: see `mailman_pgp.delivery.attempt`


class _Form(Enum):
    """In which form a notice may leave."""

    ENCRYPTED = auto()  # or not at all
    EITHER = auto()  # encrypted, where that is possible
    CLEAR = auto()  # the reader may hold none of the keys that count


@dataclass(frozen=True, slots=True)
class _Way:
    """How a notice leaves: in which form, and signed by which secret key of a list (by its list-id)."""

    form: _Form
    secret: Callable[[str], bytes]


@public
def deliver_own(mlist: Any, msg: Any, msgdata: dict[str, Any], record: Record) -> None:
    """Send one of our own notices: encrypted where that is possible and of use, signed in any case."""
    if record.template not in TEMPLATES:
        raise SealedError("A notice of an unknown template was about to leave. It is kept in the shunt queue.")
    form = _Form.CLEAR if record.template in CLEAR else _Form.EITHER
    signing = vault.announcing_secret if record.template in ANNOUNCING else vault.current_secret
    _deliver(mlist, msg, msgdata, _Way(form, signing))


@public
def deliver_stock(mlist: Any, msg: Any, msgdata: dict[str, Any]) -> None:
    """Send a notice that core wrote: encrypted, or not at all."""
    _deliver(mlist, msg, msgdata, _Way(_Form.ENCRYPTED, vault.current_secret))


@public
def entry_name(mlist: Any, msg: Any, msgdata: dict[str, Any]) -> str:
    """The name of an entry, kept for its next attempt, whose recipients are fewer.  Each notice has an ID of its own."""
    # Sorted: core keeps them as a set, which another process reads in another order.
    name = chunks.name(mlist.list_id, str(msg["message-id"] or ""), sorted(msgdata["recipients"]))
    return str(msgdata.setdefault(_NAME, name))


def _people(mlist: Any, recipients: Iterable[str]) -> list[str]:
    """The persons behind a notice's recipients.

    Core sends notices for owners to LIST-owner, which would come back as a new message from outside.  Here they go
    straight to the owners and moderators.
    """
    people: set[str] = set()
    for recipient in recipients:
        if recipient.lower() == mlist.owner_address.lower():
            people.update(administrators.addresses(mlist))
        else:
            people.add(recipient)
    return sorted(people)


def _deliver(mlist: Any, msg: Any, msgdata: dict[str, Any], way: _Way) -> None:
    name = entry_name(mlist, msg, msgdata)

    def make(progress: Progress, _beginning: Beginning) -> Refusals:
        done = progress.done()
        people = [person for person in _people(mlist, msgdata["recipients"]) if person.lower() not in done]
        envelopes, unreached = _envelopes(mlist, msg, people, way, _sender(mlist, msgdata))
        # What we need of the database is read; nothing stays open while we talk to the mail server.
        config.db.commit()
        refusals = send_envelopes(envelopes, progress)
        refusals.settle(msgdata)
        left = _have_left(mlist, msg, unreached)
        for address in left:
            send_left(mlist, address, None)
        record_unreached(mlist, {address: unreached[address] for address in unreached if address not in left}, refusals)
        progress.mark(unreached)
        msgdata["recipients"] = refusals.temporary
        return refusals

    attempt(name, msg, msgdata, make)


def _sender(mlist: Any, msgdata: dict[str, Any]) -> Callable[[str], str]:
    """The envelope sender for each recipient: that of a probe is core's, which knows by it that the probe has bounced."""
    if "probe_token" in msgdata:
        return lambda _recipient: str(msgdata["sender"])
    return verp_sender(mlist)


def _envelopes(
    mlist: Any, msg: Any, people: Sequence[str], way: _Way, sender: Callable[[str], str]
) -> tuple[list[Envelope], dict[str, str]]:
    """What is to be sent, and the reason for each of those to whom nothing may be sent."""
    form, signer = way.form, ListSecretKey(way.secret(mlist.list_id))
    nobody = Lookup((), dict.fromkeys(people, ""))
    found = nobody if form is _Form.CLEAR else look_up(mlist.list_id, people)
    envelopes, problems = [], dict(found.problems)
    for recipient in found.recipients:
        parts = _encrypted(mlist, msg, recipient, signer)
        if parts is None:
            problems[recipient.address] = "refused-by-library"
        else:
            envelopes.append(Envelope(sender=sender(recipient.address), recipient=recipient.address, parts=parts))
    if form is _Form.ENCRYPTED:
        if found.recipients and not envelopes:
            # As with posts: not everybody is left out on the library's word alone.
            raise OpenPGPError(NOBODY)
        return envelopes, problems
    for address in problems:
        notice = signed_notice(msg, signer.sign_detached, signer.micalg)
        envelopes.append(Envelope(sender=sender(address), recipient=address, parts=(notice,)))
    return envelopes, {}


@public
def send_envelopes(envelopes: Sequence[Envelope], progress: Progress) -> Refusals:
    """Send what is ready to leave, and mark whose mail was taken.

    :raises mailman_pgp.delivery.interruption.Interrupted: when this process is to end before all is sent.
    """
    refusals = Refusals()
    if not envelopes:
        return refusals
    connection = pipe()
    lost = connection.open()
    if lost is not None:
        refusals.add_lost((envelope.recipient for envelope in envelopes), lost)
        return refusals
    all_sent = send_until_asked(connection, envelopes, progress, refusals)
    progress.keep()
    if not all_sent:
        raise interruption.Interrupted
    return refusals


def _have_left(mlist: Any, msg: Any, unreached: dict[str, str]) -> list[str]:
    """Who is sent core's goodbye, which can't be encrypted any more.

    By the doors at which an owner removes somebody at once: the list has forgotten their certificate, and nothing waits for them.
    """
    if not (unreached and is_goodbye(mlist, msg)):
        return []
    return [address for address in unreached if not administrators.is_on(mlist, address)]


@public
def record_unreached(mlist: Any, unreached: dict[str, str], refusals: Refusals) -> None:
    """Record who does not get a notice, and why; who was not reached is told that something waits.  Commits."""
    ledger.lost(mlist.list_id, "notice", {**unreached, **refusals.lost})
    for address in ledger.skipped(mlist.list_id, unreached, posts=0):
        send_waiting(mlist, address)
    config.db.commit()


def _encrypted(mlist: Any, msg: Any, recipient: Recipient, signer: ListSecretKey) -> tuple[bytes, ...] | None:
    # A reply goes to the outer address, and what is for one person must not be answered to all of them.
    sender = single_address(msg)
    answered = sender if sender in {mlist.owner_address.lower(), mlist.request_address.lower()} else None
    outer = outer_message(outward_for(mlist, msg, answered))
    try:
        (copy,) = fan_out(encrypted_notice(msg, recipient.address), [recipient], signer)
    except FanOutError:
        return None
    return (outer.head, copy.head, copy.tail, outer.foot)
