"""What a message to an encrypted list says, and what each of its signatures is worth; nothing is decided or claimed."""

from __future__ import annotations

from dataclasses import dataclass, replace
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from public import public

from mailman_pgp import openpgp
from mailman_pgp.keys import vault
from mailman_pgp.mime import PayloadError, Structure, as_text, examine, flat, inline_message, read_payload
from mailman_pgp.openpgp import OpeningError
from mailman_pgp.posts.patience import patience
from mailman_pgp.posts.problems import Problem
from mailman_pgp.posts.record import Kind
from mailman_pgp.posts.sealed import OwnSignature
from mailman_pgp.site import health

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from email.message import Message

    from mailman_pgp.mime import Payload
    from mailman_pgp.openpgp import Limits, Opened, SignatureVerdict

_STRUCTURE_PROBLEMS = {
    Structure.NOT_ENCRYPTED: Problem.NOT_ENCRYPTED,
    Structure.INLINE: Problem.INLINE_PGP,
    Structure.BROKEN: Problem.BROKEN_MIME,
}


@public
@dataclass(frozen=True, slots=True, repr=False)
class Read:
    """A message as it was read: its entity, what that says, and a verdict on each signature over all of it."""

    entity: bytes
    payload: Payload
    verdicts: tuple[SignatureVerdict, ...] = ()
    signature: OwnSignature | None = None
    """The first good one."""


@public
class UnreadableError(Exception):
    """A message can't be read, or may not be; `problem` is a value of `Problem` or `OpeningProblem`."""

    def __init__(self, problem: str) -> None:
        super().__init__(problem)
        self.problem = problem


@public
def read_encrypted(mlist: Any, message: Message, signers: Sequence[bytes], kind: Kind) -> Read:
    """Open a message that is encrypted to the list.

    :param signers: The certificates (binary) whose signatures are known.
    :raises UnreadableError:
    :raises mailman_pgp.posts.patience.TakesLongError:
    """
    incoming = examine(message)
    if incoming.structure is not Structure.ENCRYPTED or incoming.ciphertext is None:
        raise UnreadableError(_STRUCTURE_PROBLEMS.get(incoming.structure, Problem.BROKEN_MIME))
    opening = _opening(mlist, incoming.ciphertext, signers, kind)

    def work(limits: Limits) -> Read:
        opened = opening(limits)
        payload = read_payload(opened.content, message)
        whole, of_part = opened.signatures, _detached(payload, signers, limits)
        return Read(opened.content, payload, whole + of_part, _good_one(whole, of_part))

    return _done(work, mlist.list_id, incoming.ciphertext, signers)


@public
def read_clear(message: Message, signers: Sequence[bytes] = ()) -> Read:
    """Read a message that came in the clear.

    :param signers: As above; without any, no signature is looked at.
    :raises UnreadableError:
    :raises mailman_pgp.posts.patience.TakesLongError:
    """
    try:
        entity = flat(message)
    except PayloadError:
        raise UnreadableError(Problem.UNREADABLE) from None

    def work(limits: Limits) -> Read:
        payload = read_payload(entity, message)
        of_part = _detached(payload, signers, limits) if signers else ()
        return Read(entity, payload, of_part, _good_one((), of_part))

    return _done(work, "", entity, signers)


@public
def read_inline(mlist: Any, message: Message, signers: Sequence[bytes], kind: Kind) -> Read:
    """Open a message whose text is an armored message, and nothing else: the old inline form.

    What is around the armor would look to a reader as if it had been encrypted, and attachments in a message of this form
    are encrypted each by itself, so a message with either can't be read.

    :raises UnreadableError:
    :raises mailman_pgp.posts.patience.TakesLongError:
    """
    armored = inline_message(message)
    if armored is None:
        raise UnreadableError(Problem.UNREADABLE)
    opening = _opening(mlist, armored, signers, kind)

    def work(limits: Limits) -> Read:
        opened = opening(limits)
        entity = as_text(opened.content)
        return Read(entity, read_payload(entity, message), opened.signatures)

    return _done(work, mlist.list_id, armored, signers)


@public
def check_size(mlist: Any, message: Message, kind: Kind) -> None:
    """Refuse a message that is larger than may be opened; raises UnreadableError."""
    if int(getattr(message, "original_size", 0)) > _limit(mlist, kind):
        raise UnreadableError(Problem.TOO_LARGE)


def _limit(mlist: Any, kind: Kind) -> int:
    """The largest message that is opened, in bytes as it travels."""
    site = health.settings().max_message_bytes
    if kind is Kind.COMMAND:
        return site  # the list's own is one for posts; a certificate may be large
    # Core counts kilobytes of what the author wrote; armor makes it a third larger, with some room for the packets.
    of_list = int(mlist.max_message_size) * 1024 * 4 // 3 + 8192
    return min(site, of_list) if mlist.max_message_size > 0 else site


def _worker_limits() -> Limits:
    """What opening one message may cost, by the site's settings."""
    settings, usual = health.settings(), openpgp.DEFAULT
    return replace(
        usual,
        message_bytes=max(usual.message_bytes, settings.max_message_bytes),
        content_bytes=max(usual.content_bytes, settings.max_message_bytes),
        seconds=float(settings.worker_seconds),
        memory_bytes=settings.worker_memory_mb * 2**20,
    )


def _opening(mlist: Any, ciphertext: bytes, signers: Sequence[bytes], kind: Kind) -> Callable[[Limits], Opened]:
    """What opens a message, and needs neither database nor list any more."""
    secrets = vault.opening_secrets(mlist.list_id)
    # Compressed, a post may be a small part of its size.
    most = 0 if kind is Kind.COMMAND else int(mlist.max_message_size) * 1024

    def opening(limits: Limits) -> Opened:
        opened = openpgp.open_message(ciphertext, secrets, signers, limits=limits)
        if 0 < most < len(opened.content):
            raise UnreadableError(Problem.TOO_LARGE)
        return opened

    return opening


def _done(work: Callable[[Limits], Read], list_id: str, content: bytes, signers: Sequence[bytes]) -> Read:
    """What the work returns: at once, or after a while, when it takes long and others wait behind the message."""
    digests = (sha256(part).digest() for part in (list_id.encode(), content, *signers))
    try:
        return patience.have(sha256(b"".join(digests)).digest(), work, _worker_limits())
    except OpeningError as error:
        raise UnreadableError(error.problem) from None
    except PayloadError:
        raise UnreadableError(Problem.UNREADABLE) from None


def _detached(payload: Payload, signers: Sequence[bytes], limits: Limits) -> tuple[SignatureVerdict, ...]:
    """The signatures of a root `multipart/signed` (RFC 3156 §6.1), which are over the whole content as those of a message are."""
    if payload.signed_part is None:
        return ()
    content, signature = payload.signed_part
    return openpgp.verify_detached(content, signature, signers, limits=limits)


def _good_one(whole: Sequence[SignatureVerdict], of_part: Sequence[SignatureVerdict]) -> OwnSignature | None:
    """The signature that authenticates the author, where it can be handed on."""
    found = next(((at, verdict) for at, verdict in enumerate((*whole, *of_part)) if verdict.good), None)
    if found is None or not found[1].packet:
        return None
    return OwnSignature(found[1].packet, of_part=found[0] >= len(whole))
