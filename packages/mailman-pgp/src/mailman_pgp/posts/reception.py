"""The way in: from the bytes that came to a sealed message with a verdict.

Nothing here decides what happens to a message: it finds out, and the record says it.  The chain acts on the record.  What the
list would do with nothing of the content in any case is not even sealed.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from public import public
from sqlalchemy.exc import SQLAlchemyError

from mailman_pgp.keys import registry
from mailman_pgp.keys.vault import VaultError
from mailman_pgp.mime import (
    PayloadError,
    Structure,
    examine,
    holds_encrypted,
    is_automatic,
    message_id,
    said,
    single_address,
)
from mailman_pgp.openpgp import Status, WorkshopError
from mailman_pgp.posts.claiming import Claims
from mailman_pgp.posts.judging import problem_of, problem_of_stranger
from mailman_pgp.posts.misdirected import holds_a_code
from mailman_pgp.posts.patience import TakesLongError
from mailman_pgp.posts.policy import action_on
from mailman_pgp.posts.problems import Problem
from mailman_pgp.posts.reading import Read, UnreadableError, check_size, read_clear, read_encrypted, read_inline
from mailman_pgp.posts.record import Kind, Record
from mailman_pgp.posts.sealed import Content, placeholder, seal_message
from mailman_pgp.posts.strangers import brought_by
from mailman_pgp.site import health
from mailman_plugin_kit.failures import places_of

if TYPE_CHECKING:
    from collections.abc import Sequence
    from email.message import Message

    from mailman_pgp.mime import Said
    from mailman_pgp.openpgp import SignatureVerdict

log = logging.getLogger("mailman.error")

# Anybody may write to the owners, above all those whose key does not count; the status line says what a signature is worth.
_OWNERS_TAKE = {Problem.UNSIGNED, Problem.STRANGER, Problem.SOMEBODY_ELSE, Problem.UNBOUND, *Status}


# What is left of an encrypted mail is neither: its author must know that nobody can read it.
_CLEAR = frozenset({Structure.NOT_ENCRYPTED, Structure.INLINE})

_TAKEN = Claims()

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
def receive(mlist: Any, message: Message, kind: Kind, claim: str, claims: Claims = _TAKEN) -> Received:
    """Open and judge a message to an encrypted list.

    :param mlist: The encrypted list (`IMailingList`).
    :param message: The message as LMTP took it.
    :param kind: `Kind.POST`, or `Kind.OWNER` for mail to the owners, which may come unencrypted.
    :param claim: The name of the queue file, or the claim that the message already has.
    :param claims: How it takes what is its own.

    Whatever goes wrong with a message, it is refused; core would shunt it as it came, and nothing in the clear may lie there.
    A message that came encrypted may, and does so where the system failed and not the message, or after the claim.
    :raises TakesLongError: when there is no verdict yet; nothing was claimed, so ask again with the same claim.
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
        content, found = _Reception(mlist, message, claims).content(found)
        claimed = True
        return Received(seal_message(message, mlist.list_id, found, content), found)
    except _Refused as refused:
        found = refused.record
    except TakesLongError:
        raise
    except Exception as error:
        if (claimed or isinstance(error, _OF_THE_SYSTEM)) and examine(message).structure is Structure.ENCRYPTED:
            raise
        log.error("A message to %s was refused, as %s", mlist.list_id, places_of(error))  # noqa: TRY400 - see above
        found = replace(found, problem=Problem.FAILED)
    return Received(placeholder(message, mlist.list_id, found), found)


@dataclass(frozen=True, slots=True)
class _Reception:
    """The reception of one message."""

    mlist: Any
    message: Message
    claims: Claims

    def content(self, record: Record) -> tuple[Content, Record]:
        """What is to be sealed.

        :raises _Refused: for what may not pass.
        """
        try:
            check_size(self.mlist, self.message, record.kind)
            if not record.author:
                raise _Refused(Problem.NO_AUTHOR, record)
            if record.kind is Kind.OWNER and examine(self.message).structure in _CLEAR:
                # People without a key must be able to reach the owners.  What came in the clear is sealed from here on.
                read = read_clear(self.message)
                _words_of(read, record)
                return _with_outside(read), record
            signers = registry.signers(self.mlist.list_id, record.author)
            read, form = self._read(signers, record.kind)
            return self._judged(read, form, record)
        except UnreadableError as error:
            raise _Refused(error.problem, record) from None

    def _read(self, signers: Sequence[bytes], kind: Kind) -> tuple[Read, str]:
        """A message in any form that the list takes, and what is wrong with its form.

        :raises UnreadableError:
        """
        try:
            return read_encrypted(self.mlist, self.message, signers, kind), ""
        except UnreadableError as error:
            form = error.problem
            if (
                form not in {Problem.NOT_ENCRYPTED, Problem.INLINE_PGP}
                or not action_on(self.mlist.list_id, form).goes_on
            ):
                raise
        if form == Problem.INLINE_PGP:
            return read_inline(self.mlist, self.message, signers, kind), form
        return read_clear(self.message, signers), form

    def _judged(self, read: Read, form: str, record: Record) -> tuple[Content, Record]:
        """What is to be sealed of an opened message, if it may go on for all that is wrong with it.

        :raises _Refused:
        """
        words = _words_of(read, record)
        good = next((verdict for verdict in read.verdicts if verdict.good), None)
        record = replace(
            record,
            verdicts=tuple(verdict.to_record() for verdict in read.verdicts),
            fingerprint=(good.fingerprint or "") if good is not None else "",
        )
        problem = problem_of(self.mlist, record, read, form=form, words=words)
        goes_on = self._goes_on(record, problem)
        brought = (
            brought_by(self.mlist, self.message, read, record) if goes_on and problem == Problem.STRANGER else None
        )
        if brought is not None:
            problem = problem_of_stranger(self.mlist, record, read.payload, brought.signature)
            goes_on = self._goes_on(record, problem)
        # The one that counts comes first.
        sound = sorted((found for found in read.verdicts if found.sound), key=lambda found: not found.good)
        sound = [brought.signature] if brought else sound
        if sound and sound[0].signed_at is not None:
            record = replace(record, signed_at=sound[0].signed_at.isoformat())
        if brought is not None:
            record = replace(record, brought=brought.certificate.fingerprint)
        if goes_on:
            problem = self._claimed(record, read, sound) or problem
        if not self._goes_on(record, problem):
            raise _Refused(problem, record)
        # What the owners are sent says by its status line what its signature is worth, which keeps nothing from them.
        record = record if record.kind is Kind.OWNER else replace(record, problem=problem)
        content = replace(_with_outside(read), certificate=brought.certificate.data if brought else b"")
        return (
            replace(content, signature=read.signature) if record.kind is Kind.POST and not problem else content
        ), record

    def _goes_on(self, record: Record, problem: str) -> bool:
        """Whether the content of a message is needed any more."""
        if not problem:
            return True
        return problem in _OWNERS_TAKE if record.kind is Kind.OWNER else action_on(self.mlist.list_id, problem).goes_on

    def _claimed(self, record: Record, read: Read, sound: Sequence[SignatureVerdict]) -> str:
        """Claim a message for what it came as, by each of its signatures, since each could be sent again alone.

        Return why it counts no more, the empty string when it does.
        """
        problems = [self.claims.signature(self.mlist.list_id, signature, record) for signature in sound]
        problem = Problem.REPLAYED if Problem.REPLAYED in problems else next(iter(problems), "")
        if record.kind is Kind.OWNER or (sound and problem != Problem.STALE):
            return problem
        # Nothing else names it: its signature is nobody's, or is older than what is remembered.
        return self.claims.content(self.mlist.list_id, read.entity, record) or problem


def _words_of(read: Read, record: Record) -> Said:
    """What a message says; refuses what nobody else may read, whoever has signed it."""
    try:
        words = said(read.payload)
        is_nested = holds_encrypted(read.payload)
    except PayloadError:
        raise _Refused(Problem.UNREADABLE, record) from None
    if holds_a_code(words):
        raise _Refused(Problem.HOLDS_CODE, record)
    if is_nested:
        raise _Refused(Problem.NESTED, record)
    return words


def _with_outside(read: Read) -> Content:
    return Content(read.entity, {name: read.payload.headers[name] for name in read.payload.outside})
