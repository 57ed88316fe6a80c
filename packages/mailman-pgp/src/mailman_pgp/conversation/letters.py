"""A mail to one of the addresses that take commands: what it says, what it brings, and who has signed it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from public import public

from mailman_pgp.mime import PayloadError, Structure, examine, message_id, offered, said, single_address
from mailman_pgp.openpgp import Status
from mailman_pgp.posts.claiming import claim_signature
from mailman_pgp.posts.destination import Destination, destination_of
from mailman_pgp.posts.problems import Problem
from mailman_pgp.posts.reading import UnreadableError, check_size, read_clear, read_encrypted
from mailman_pgp.posts.record import Kind, Record

if TYPE_CHECKING:
    from collections.abc import Sequence
    from email.message import Message

    from mailman_pgp.mime import Offered, Said
    from mailman_pgp.posts.reading import Read


@public
@dataclass(frozen=True, slots=True, repr=False)
class Letter:
    """What came.

    :ivar author: The address in From, in lower case; nothing is proved by it.
    :ivar name: The name in From.
    :ivar outer_subject: The subject where it stands outside encryption and signature, and anybody can have written it.
    :ivar encrypted: Whether all of it came encrypted to the list.
    :ivar bound: Whether what came encrypted says inside whose it is.  Who has a copy of another's can send that as their own,
        and must not find out what is in it.
    :ivar signed_by: The fingerprints of the certificates that have signed all of it for here and now, for the first time.
    :ivar problem: Why a signature does not count (`Problem`, `Status`); `UNSIGNED` where there is none, empty where one does.
    :ivar signers: The certificates (binary) whose signatures were known.
    """

    author: str
    name: str
    message_id: str
    said: Said
    outer_subject: str
    offered: Offered
    encrypted: bool
    bound: bool
    signed_by: frozenset[str]
    problem: str
    signers: tuple[bytes, ...]


@public
class RefusedLetterError(Exception):
    """A letter is refused as a whole; `record` has the problem."""

    def __init__(self, record: Record, problem: str) -> None:
        super().__init__(problem)
        self.record = replace(record, problem=problem)


@public
def read_letter(mlist: Any, message: Message, name: str, signers: Sequence[bytes]) -> Letter:
    """Read a letter, and claim what has signed it.  Commits.

    :param name: The name under which it claims its signatures, see `mailman_pgp.posts.replay`.
    :param signers: The certificates (binary) whose signatures may count.
    :raises RefusedLetterError:
    """
    author = single_address(message) or ""
    record = Record(kind=Kind.COMMAND, author=author, message_id=message_id(message), claim=name)
    if not author:
        raise RefusedLetterError(record, Problem.NO_AUTHOR)
    structure = examine(message).structure
    try:
        check_size(mlist, message, Kind.COMMAND)
        if structure is Structure.NOT_ENCRYPTED:
            read = read_clear(message, signers)
        else:
            read = read_encrypted(mlist, message, signers, Kind.COMMAND)
        brought = offered(read.payload, message if structure is Structure.NOT_ENCRYPTED else None, author)
        words = said(read.payload)
    except UnreadableError as error:
        raise RefusedLetterError(record, error.problem) from None
    except PayloadError:
        raise RefusedLetterError(record, Problem.UNREADABLE) from None
    payload = read.payload
    if payload.from_ambiguous:
        raise RefusedLetterError(record, Problem.NO_AUTHOR)
    if payload.author_address is not None and payload.author_address != author:
        raise RefusedLetterError(record, Problem.OTHER_AUTHOR)
    signed_by = _signed_by(mlist, read, record)
    return Letter(
        author=author,
        name=payload.author_name,
        message_id=record.message_id,
        said=words,
        outer_subject=payload.subject if "Subject" in payload.outside else "",
        offered=brought,
        encrypted=structure is Structure.ENCRYPTED,
        bound=bool(signed_by) or ("From" not in payload.outside and payload.author_address == author),
        signed_by=signed_by,
        problem="" if signed_by else _problem(read),
        signers=tuple(signers),
    )


def _signed_by(mlist: Any, read: Read, record: Record) -> frozenset[str]:
    signed_by = set()
    for verdict in read.verdicts:
        if not verdict.good or not verdict.fingerprint:
            continue
        if destination_of(mlist, Kind.COMMAND, read.payload, verdict.intended) is Destination.ELSEWHERE:
            raise RefusedLetterError(record, Problem.NOT_MEANT)
        if problem := claim_signature(mlist.list_id, verdict, record):
            raise RefusedLetterError(record, problem)
        signed_by.add(verdict.fingerprint)
    return frozenset(signed_by)


def _problem(read: Read) -> str:
    """Why no signature counts; of a key that is not known nothing is said but that."""
    statuses = [verdict.status for verdict in read.verdicts]
    if not statuses and read.payload.signed_part is not None:
        return str(Status.UNKNOWN_KEY)  # nobody looked at it, as no key counts for the author
    if not statuses:
        return Problem.UNSIGNED
    return next((str(status) for status in statuses if status is not Status.UNKNOWN_KEY), str(Status.UNKNOWN_KEY))
