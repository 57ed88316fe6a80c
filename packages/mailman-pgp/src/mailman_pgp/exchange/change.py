"""What a change of somebody's key was."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from public import public

if TYPE_CHECKING:
    from mailman_pgp.keys.journal import Act


@public
@dataclass(frozen=True, slots=True)
class Change:
    """What was changed: `act` is None where all was so before; `earlier` is the fingerprint that counted until now, if another."""

    list_id: str
    address: str
    fingerprint: str
    act: Act | None
    earlier: str = ""
