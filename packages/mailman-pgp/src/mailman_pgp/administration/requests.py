"""What becomes of a person's requests to join or to leave when something about their key was changed."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from mailman.config import config
from public import public
from sqlalchemy.exc import SQLAlchemyError

from mailman_pgp.administration.arguments import is_member
from mailman_pgp.exchange import waiting
from mailman_pgp.model.database import commit
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
    commit()
    joined_before = is_member(mlist, address)
    try:
        looked = waiting.look_again(mlist, address)
    except SQLAlchemyError:
        # The change is made, and must not be said to have failed.
        config.db.abort()
        sentence = f"could not be looked at. `mailman workflows resume {mlist.list_id}` does it again."
        return Waited(
            [{"goes_on": False, "over": False, "failed": True, "sentence": sentence}], _line(address, sentence)
        )
    data = [went(one) for one in looked]
    lines = [_line(address, one.sentence) for one in looked]
    if not joined_before and is_member(mlist, address):
        lines.append(f"{address} has joined {mlist.fqdn_listname} now.\n")
    return Waited(data, "".join(lines))


def _line(address: str, sentence: str) -> str:
    return f"The request of {address}, which has waited: {sentence}\n"
