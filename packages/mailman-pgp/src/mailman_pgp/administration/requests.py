"""What becomes of a person's requests to join or to leave when something about their key was changed."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from public import public

from mailman_pgp.administration.arguments import is_member
from mailman_pgp.exchange import waiting
from mailman_pgp.overview.data import went

if TYPE_CHECKING:
    from collections.abc import Sequence


@public
@dataclass(frozen=True, slots=True)
class Waited:
    """What became of them, in JSON and for people; both empty when none waited."""

    data: Sequence[dict[str, object]] = field(default_factory=list)
    text: str = ""


@public
def after_change(mlist: Any, address: str) -> Waited:
    """Commit a change, and let the requests that have waited for it go on, each for itself."""
    joined_before = is_member(mlist, address)
    looked = waiting.after_change(mlist, address)
    lines = [_line(address, one.sentence) for one in looked]
    if any(one.failed for one in looked):
        lines.append(f"`mailman workflows resume {mlist.list_id}` lets them look again.\n")
    if not joined_before and is_member(mlist, address):
        lines.append(f"{address} has joined {mlist.fqdn_listname} now.\n")
    return Waited([went(one) for one in looked], "".join(lines))


def _line(address: str, sentence: str) -> str:
    return f"The request of {address}, which has waited: {sentence}\n"
