"""A certificate is added by somebody who looks after the list: it counts from now on, or is refused, or ends what counted."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from public import public

from mailman_pgp import openpgp
from mailman_pgp.exchange import changing
from mailman_pgp.exchange.refusals import Refusal, Way
from mailman_pgp.keys import registry
from mailman_pgp.keys.journal import Act
from mailman_pgp.keys.registry import ChoiceState
from mailman_pgp.model.database import commit
from mailman_pgp.openpgp import Certificate, CertificateError, CertificateProblem
from mailman_pgp.overview import reasons

if TYPE_CHECKING:
    from mailman_pgp.keys.journal import Actor


@public
class Outcome(StrEnum):
    """What became of a certificate."""

    ADDED = "added"  # it counts where none did
    UPDATED = "updated"  # it counted before
    REPLACED = "replaced"  # it counts in the place of another one
    RECORDED = "recorded"  # it can't be used any more, which was recorded


@public
@dataclass(frozen=True, slots=True)
class Added:
    """What became of a certificate that was added.

    :ivar certificate: What is known of its key now.
    :ivar replaced: The fingerprint that counted until now, if another.
    :ivar unserved: Of one that was `RECORDED`: the addresses on the list that get nothing from now on, sorted.
    """

    outcome: Outcome
    certificate: Certificate
    replaced: str | None = None
    unserved: tuple[str, ...] = ()

    @property
    def problem(self) -> CertificateProblem | None:
        """Why it can't be used; None for one that counts."""
        return self.certificate.usability.problem if self.outcome is Outcome.RECORDED else None


@public
def add(mlist: Any, address: str, certificate: Certificate, actor: Actor) -> Added:
    """Let an uploaded certificate count for an address (in lower case) on a list, and record what it says of itself.

    :param certificate: From `mailman_pgp.exchange.uploads.certificate_in`.
    :raises Refusal: when it can't be used, and nobody on the list has used it.
    :raises mailman_pgp.keys.registry.RegistryError: when the choice was changed by another process at the same moment.
    :raises mailman_pgp.openpgp.OpenPGPError: when it can't be merged with what is stored.
    """
    known = _learnt(mlist, certificate, actor)
    try:
        openpgp.require_usable(known, address)
    except CertificateError as error:
        holders = registry.addresses_of(mlist.list_id, known.fingerprint)
        if certificate.usability.usable and not known.usability.usable:
            raise _known_better(error.problem) from error
        if holders and not known.usability.usable:
            return Added(Outcome.RECORDED, known, unserved=tuple(holders))
        raise _unusable(address, known, error, same=address in holders) from error
    try:
        change = changing.let_count(mlist, address, known, ChoiceState.APPROVED, actor)
    except changing.SuspendedError as error:
        raise Refusal("suspended", str(error), Way.RESUME) from error
    match change.act:
        case Act.ADDED:
            return Added(Outcome.ADDED, known)
        case Act.CHANGED:
            return Added(Outcome.REPLACED, known, change.earlier)
    return Added(Outcome.UPDATED, known)


def _learnt(mlist: Any, certificate: Certificate, actor: Actor) -> Certificate:
    """What is known of the key after an upload: where it is stored, both together.

    It is committed at once.  A key has signed what it says of itself, so nobody can make it up, and the most important of
    it comes with certificates that are refused: that a key is revoked.
    """
    known = changing.learn(certificate, actor, mlist)
    if known is None:
        return certificate
    commit()
    return known


def _known_better(problem: CertificateProblem) -> Refusal:
    reason = reasons.unserved(problem)
    return Refusal(
        problem,
        f"An earlier copy of this key says more than this one: {reason.words}. {reason.mend}",
    )


def _unusable(address: str, known: Certificate, error: CertificateError, *, same: bool) -> Refusal:
    sentence = unusable_sentence(address, known, error)
    if not same:
        return Refusal(error.problem, sentence)
    return Refusal(
        error.problem, f"{sentence} The same key counts for {address} already, and goes on counting.", Way.REMOVE
    )


@public
def unusable_sentence(address: str, known: Certificate, error: CertificateError) -> str:
    """Why a certificate that was brought for an address can't be used there, and what it is where that is for another one."""
    if error.problem is not CertificateProblem.WRONG_ADDRESS:
        return str(error)
    carried = ", ".join(sorted(known.addresses)) or "no address at all"
    return f"{error} It is meant for {address}, and carries {carried}."
