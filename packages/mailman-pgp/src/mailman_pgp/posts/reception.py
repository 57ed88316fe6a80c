"""The way in: from the bytes that came to a sealed message with a verdict.

Nothing here decides what happens to a message: it finds out, and the record says it.  The chain acts on the record.
"""

from __future__ import annotations

import logging
import traceback
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mailman.config import config
from public import public
from sqlalchemy.exc import SQLAlchemyError

from mailman_pgp import openpgp
from mailman_pgp.keys import registry, vault
from mailman_pgp.keys.vault import VaultError
from mailman_pgp.lists.settings import replay_window
from mailman_pgp.mime import (
    PayloadError,
    Structure,
    examine,
    flat,
    is_automatic,
    message_id,
    read_payload,
    single_address,
)
from mailman_pgp.openpgp import OpeningError, Status, WorkshopError
from mailman_pgp.posts import replay
from mailman_pgp.posts.destination import is_meant_for
from mailman_pgp.posts.problems import Problem
from mailman_pgp.posts.record import Kind, Record
from mailman_pgp.posts.sealed import Content, placeholder, seal_message
from mailman_pgp.site import health

if TYPE_CHECKING:
    from email.message import Message

    from mailman_pgp.mime import Payload
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


_STRUCTURE_PROBLEMS = {
    Structure.NOT_ENCRYPTED: Problem.NOT_ENCRYPTED,
    Structure.INLINE: Problem.INLINE_PGP,
    Structure.BROKEN: Problem.BROKEN_MIME,
}


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
        # Its text may hold what was decrypted.
        places = ", ".join(
            f"{Path(f.filename).name}:{f.lineno}" for f in traceback.extract_tb(error.__traceback__)[-6:]
        )
        log.error("A message to %s was refused, as %s was raised at %s", mlist.list_id, type(error).__name__, places)  # noqa: TRY400
        found = replace(found, problem=Problem.FAILED)
    return Received(placeholder(message, mlist.list_id, found), found)


def _content(mlist: Any, message: Message, record: Record) -> tuple[Content, Record]:
    """What is to be sealed.

    :raises _Refused: for what may not pass.
    """
    if _size(message) > _limit(mlist):
        raise _Refused(Problem.TOO_LARGE, record)
    if not record.author:
        raise _Refused(Problem.NO_AUTHOR, record)
    incoming = examine(message)
    if incoming.structure is not Structure.ENCRYPTED or incoming.ciphertext is None:
        if record.kind is Kind.OWNER:
            # People without a key must be able to reach the owners.  What came in the clear is sealed from here on.
            return _plain(message, record), record
        raise _Refused(_STRUCTURE_PROBLEMS.get(incoming.structure, Problem.BROKEN_MIME), record)
    return _opened(mlist, message, incoming.ciphertext, record)


def _plain(message: Message, record: Record) -> Content:
    try:
        entity = flat(message)
        return _with_outside(entity, read_payload(entity, message))
    except PayloadError:
        raise _Refused(Problem.UNREADABLE, record) from None


def _with_outside(entity: bytes, payload: Payload) -> Content:
    return Content(entity, {name: payload.headers[name] for name in payload.outside})


def _opened(mlist: Any, message: Message, ciphertext: bytes, record: Record) -> tuple[Content, Record]:
    list_id = mlist.list_id
    signers = registry.signers(list_id, record.author)
    limits = _worker_limits()
    try:
        opened = openpgp.open_message(ciphertext, vault.all_secrets(list_id), signers, limits=limits)
        # Compressed, a post may be a small part of its size.
        if 0 < mlist.max_message_size * 1024 < len(opened.content):
            raise _Refused(Problem.TOO_LARGE, record)
        payload = read_payload(opened.content, message)
        verdicts = _verdicts(opened.signatures, payload, signers, limits)
    except OpeningError as error:
        raise _Refused(error.problem, record) from None
    except PayloadError:
        raise _Refused(Problem.UNREADABLE, record) from None

    good = next((verdict for verdict in verdicts if verdict.good), None)
    record = replace(
        record,
        verdicts=tuple(verdict.to_record() for verdict in verdicts),
        fingerprint=(good.fingerprint or "") if good is not None else "",
        signed_at=good.signed_at.isoformat() if good is not None and good.signed_at is not None else "",
    )
    problem = _problem(mlist, record, payload, verdicts, good)
    if not problem and good is not None:
        problem = _claim(list_id, good, record)
    if problem and not (record.kind is Kind.OWNER and problem in _OWNERS_TAKE):
        raise _Refused(problem, record)
    return _with_outside(opened.content, payload), record


def _size(message: Message) -> int:
    return int(getattr(message, "original_size", 0))


def _limit(mlist: Any) -> int:
    """The largest message that is opened, in bytes as it travels."""
    site = health.settings().max_message_bytes
    # Core counts kilobytes of what the author wrote; armor makes it a third larger, with some room for the packets.
    of_list = int(mlist.max_message_size) * 1024 * 4 // 3 + 8192
    return min(site, of_list) if mlist.max_message_size > 0 else site


def _worker_limits() -> openpgp.Limits:
    """What opening one message may cost, by the site's settings."""
    settings, usual = health.settings(), openpgp.DEFAULT
    return replace(
        usual,
        message_bytes=max(usual.message_bytes, settings.max_message_bytes),
        content_bytes=max(usual.content_bytes, settings.max_message_bytes),
        seconds=float(settings.worker_seconds),
        memory_bytes=settings.worker_memory_mb * 2**20,
    )


def _verdicts(
    signatures: tuple[SignatureVerdict, ...], payload: Payload, signers: list[bytes], limits: openpgp.Limits
) -> tuple[SignatureVerdict, ...]:
    """The signatures over the whole content: those of the OpenPGP message, or of a root `multipart/signed` (RFC 3156 §6.1)."""
    if payload.signed_part is None:
        return signatures
    content, signature = payload.signed_part
    return signatures + openpgp.verify_detached(content, signature, signers, limits=limits)


def _problem(
    mlist: Any,
    record: Record,
    payload: Payload,
    verdicts: tuple[SignatureVerdict, ...],
    good: SignatureVerdict | None,
) -> str:
    """Why an opened message is not authenticated, or the empty string when it is."""
    if payload.from_ambiguous:
        return Problem.NO_AUTHOR
    if payload.author_address is not None and payload.author_address != record.author:
        return Problem.OTHER_AUTHOR
    if not verdicts:
        return Problem.UNSIGNED
    if good is not None:
        return "" if is_meant_for(mlist, record.kind, payload, good) else Problem.NOT_MEANT
    worst = next((v for v in verdicts if v.status is not Status.UNKNOWN_KEY), verdicts[0])
    if worst.status is not Status.UNKNOWN_KEY:
        return worst.status
    if worst.issuer is not None and registry.owns_key(mlist.list_id, worst.issuer):
        return Problem.SOMEBODY_ELSE
    return Status.UNKNOWN_KEY if registry.current(mlist.list_id, record.author) is not None else Problem.STRANGER


def _claim(list_id: str, good: SignatureVerdict, record: Record) -> str:
    outcome = replay.claim(list_id, record.kind, good, record.claim, replay_window(list_id))
    # Committed before anything is done with the message: a second process must see the claim, and a crash must not undo it.
    config.db.commit()
    return {replay.Claim.REPLAYED: str(Problem.REPLAYED), replay.Claim.STALE: str(Problem.STALE)}.get(outcome, "")
