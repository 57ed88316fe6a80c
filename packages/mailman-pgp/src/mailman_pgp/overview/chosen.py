"""The certificates chosen on a list, each with what keeps it from being used."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from public import public

from mailman_pgp.delivery.lookup import look_up
from mailman_pgp.keys import registry

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence


@public
@dataclass(frozen=True, slots=True)
class Chosen:
    """A certificate that is chosen for an address now.

    :ivar problem: Why nothing is encrypted to it, as delivery finds it (see `mailman_pgp.overview.reasons`); None
        when it is used.
    """

    stored: registry.StoredCertificate
    problem: str | None

    @property
    def address(self) -> str:
        """Whose it is, in lower case."""
        return self.stored.choice.address


@public
def of_list(list_id: str) -> list[Chosen]:
    """All certificates that are chosen on a list, by address; also those that do not count (yet)."""
    # Looking up renews what is known about each, so it comes first.
    return _with_problems(list_id, [found.choice.address for found in registry.for_list(list_id)])


@public
def of_addresses(list_id: str, addresses: Iterable[str]) -> list[Chosen]:
    """The certificates that are chosen for some addresses (in lower case) on a list, by address."""
    return _with_problems(list_id, sorted(addresses))


@public
def of_address(list_id: str, address: str) -> Chosen | None:
    """The certificate that is chosen for an address (in lower case) on a list."""
    return next(iter(_with_problems(list_id, [address])), None)


def _with_problems(list_id: str, addresses: Sequence[str]) -> list[Chosen]:
    problems = look_up(list_id, addresses).problems
    return [Chosen(found, problems.get(found.choice.address)) for found in registry.for_addresses(list_id, addresses)]
