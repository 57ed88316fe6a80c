"""The certificate that counts for somebody on a list, and whether it can be used now."""

from __future__ import annotations

from dataclasses import dataclass

from public import public

from mailman_pgp import openpgp
from mailman_pgp.delivery.lookup import look_up
from mailman_pgp.i18n import _
from mailman_pgp.keys import registry
from mailman_pgp.overview import reasons


@public
@dataclass(frozen=True, slots=True)
class Counting:
    """What counts for an address; `problem` is empty where something does and can be encrypted to now.

    :ivar problem: A reason as `mailman_pgp.delivery.lookup` has it.
    """

    address: str
    stored: registry.StoredCertificate | None
    problem: str

    @property
    def fingerprint(self) -> str:
        """Of what counts and can be used, upper-case hex; empty where there is nothing."""
        return "" if self.problem or self.stored is None else self.stored.fingerprint

    @property
    def approved(self) -> bool:
        """Whether an owner or a moderator has approved it."""
        return self.stored is not None and self.stored.choice.state is registry.ChoiceState.APPROVED

    @property
    def certificate(self) -> openpgp.Certificate:
        """The certificate itself, where something counts."""
        assert self.stored is not None, "nothing counts"
        return openpgp.inspect(self.stored.data)

    @property
    def sentence(self) -> str:
        """Why nothing can be encrypted to the person, for who decides about their request; in the language of the `using`."""
        return _("Nothing can be encrypted to {address} on this list ({reason}).").format(
            address=self.address, reason=_(reasons.unserved(self.problem).words)
        )


@public
def counting(list_id: str, address: str) -> Counting:
    """Look up what counts for an address on a list now."""
    address = address.lower()
    # This renews what is known about the certificate, so it comes first.
    problem = look_up(list_id, [address]).problems.get(address, "")
    stored = registry.current(list_id, address)
    return Counting(address, stored, problem or ("" if stored is not None else "no-certificate"))
