"""The way in: from the bytes that came to a sealed message with a verdict.

Nothing here decides what happens to a message: it finds out, and the record says it.  The chain acts on the record.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from public import public
from sqlalchemy.exc import SQLAlchemyError

from mailman_pgp.keys import issuers, registry
from mailman_pgp.keys.vault import VaultError
from mailman_pgp.mime import PayloadError, Structure, examine, is_automatic, message_id, said, single_address
from mailman_pgp.openpgp import Status, WorkshopError
from mailman_pgp.posts.claiming import claim_signature
from mailman_pgp.posts.destination import is_meant_for
from mailman_pgp.posts.misdirected import holds_a_code, is_for_commands
from mailman_pgp.posts.problems import Problem
from mailman_pgp.posts.reading import Read, UnreadableError, check_size, read_clear, read_encrypted
from mailman_pgp.posts.record import Kind, Record
from mailman_pgp.posts.sealed import Content, placeholder, seal_message
from mailman_pgp.site import health
from mailman_plugin_kit.failures import places_of

if TYPE_CHECKING:
    from email.message import Message

    from mailman_pgp.mime import Said
    from mailman_pgp.openpgp import SignatureVerdict

log = logging.getLogger("mailman.error")

# Anybody may write to the owners, above all those whose key does not count; the status line says what a signature is worth.
_OWNERS_TAKE = {Problem.UNSIGNED, Problem.STRANGER, Problem.SOMEBODY_ELSE, *Status}


# Raised where the message is not the cause.
_OF_THE_SYSTEM = (OSError, MemoryError, SQLAlchemyError, WorkshopError, VaultError, health.NotHealthy)


@public
@dataclass(frozen=True, slots=True)
class Received:
    """A message as it may go on: sealed, or a bare placeholder when it could not be opened, with what was found out."""

    message: Message
    record: Record


class _Refused(Exception):  # noqa: N818  # a verdict on the way out of the steps below, not an error
    """A message may not pass; carries what was found out until then."""

    def __init__(self, problem: str, record: Record) -> None:
        super().__init__(problem)
        self.record = replace(record, problem=problem)


@public
def receive(mlist: Any, message: Message, kind: Kind, claim: str) -> Received:
    """Open and judge a message to an encrypted list.

    :param mlist: The encrypted list (`IMailingList`).
    :param message: The message as LMTP took it.
    :param kind: `Kind.POST`, or `Kind.OWNER` for mail to the owners, which may come unencrypted.
    :param claim: The name of the queue file, or the claim that the message already has.

    Whatever goes wrong with a message, it is refused; core would shunt it as it came, and nothing in the clear may lie there.
    A message that came encrypted may, and does so where the system failed and not the message, or after the claim.
    """
    found, claimed = Record(kind=kind, claim=claim), False
    try:
        found = Record(
            kind=kind,
            author=single_address(message) or "",
            message_id=message_id(message),
            claim=claim,
            automatic=is_automatic(message),
        )
        content, found = _content(mlist, message, found)
        claimed = True
        return Received(seal_message(message, mlist.list_id, found, content), found)
    except _Refused as refused:
        found = refused.record
    except Exception as error:
        if (claimed or isinstance(error, _OF_THE_SYSTEM)) and examine(message).structure is Structure.ENCRYPTED:
            raise
        log.error("A message to %s was refused, as %s", mlist.list_id, places_of(error))  # noqa: TRY400 - see above
        found = replace(found, problem=Problem.FAILED)
    return Received(placeholder(message, mlist.list_id, found), found)


def _content(mlist: Any, message: Message, record: Record) -> tuple[Content, Record]:
    """What is to be sealed.

    :raises _Refused: for what may not pass.
    """
    try:
        check_size(mlist, message, record.kind)
        if not record.author:
            raise _Refused(Problem.NO_AUTHOR, record)
        if record.kind is Kind.OWNER and examine(message).structure is not Structure.ENCRYPTED:
            # People without a key must be able to reach the owners.  What came in the clear is sealed from here on.
            read = read_clear(message)
            _words_of(read, record)
            return _with_outside(read), record
        signers = registry.signers(mlist.list_id, record.author)
        read = read_encrypted(mlist, message, signers, record.kind)
        return _judged(mlist, read, _words_of(read, record), record)
    except UnreadableError as error:
        raise _Refused(error.problem, record) from None


def _words_of(read: Read, record: Record) -> Said:
    """What a message says; refuses what nobody else may read, whoever has signed it."""
    try:
        words = said(read.payload)
    except PayloadError:
        raise _Refused(Problem.UNREADABLE, record) from None
    if holds_a_code(words):
        raise _Refused(Problem.HOLDS_CODE, record)
    return words


def _with_outside(read: Read) -> Content:
    return Content(read.entity, {name: read.payload.headers[name] for name in read.payload.outside})


def _judged(mlist: Any, read: Read, words: Said, record: Record) -> tuple[Content, Record]:
    list_id = mlist.list_id
    good = next((verdict for verdict in read.verdicts if verdict.good), None)
    record = replace(
        record,
        verdicts=tuple(verdict.to_record() for verdict in read.verdicts),
        fingerprint=(good.fingerprint or "") if good is not None else "",
        signed_at=good.signed_at.isoformat() if good is not None and good.signed_at is not None else "",
    )
    problem = _problem(mlist, record, read, words, good)
    if not problem and good is not None:
        problem = claim_signature(list_id, good, record)
    if problem and not (record.kind is Kind.OWNER and problem in _OWNERS_TAKE):
        raise _Refused(problem, record)
    return _with_outside(read), record


def _problem(
    mlist: Any,
    record: Record,
    read: Read,
    words: Said,
    good: SignatureVerdict | None,
) -> str:
    """Why an opened message is not authenticated, or the empty string when it is."""
    payload, verdicts = read.payload, read.verdicts
    if payload.from_ambiguous:
        return Problem.NO_AUTHOR
    if payload.author_address is not None and payload.author_address != record.author:
        return Problem.OTHER_AUTHOR
    if is_for_commands(mlist, record.kind, payload, words):
        return Problem.NOT_MEANT
    if not verdicts:
        return Problem.UNSIGNED
    if good is not None:
        return "" if is_meant_for(mlist, record.kind, payload, good) else Problem.NOT_MEANT
    worst = next((v for v in verdicts if v.status is not Status.UNKNOWN_KEY), verdicts[0])
    if worst.status is not Status.UNKNOWN_KEY:
        return worst.status
    if worst.issuer is not None and issuers.owns_key(mlist.list_id, worst.issuer):
        return Problem.SOMEBODY_ELSE
    return Status.UNKNOWN_KEY if registry.current(mlist.list_id, record.author) is not None else Problem.STRANGER
