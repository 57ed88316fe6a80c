"""What is suspended on a list, whatever came after it: by an owner, and until an owner lets it count again.

The history of what is chosen says so (`mailman_pgp.keys.registry`): its latest word about a certificate.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import and_, exists, or_, select
from sqlalchemy.orm import aliased

from mailman_pgp.keys.registry import ChoiceState
from mailman_pgp.model.database import store
from mailman_pgp.model.tables import Choice

if TYPE_CHECKING:
    from collections.abc import Collection


def is_suspended(list_id: str, addresses: Collection[str], fingerprint: str) -> bool:
    """Whether a certificate was suspended on a list, for whomever, and no owner let it count again since.

    So is every certificate for these addresses (in lower case) while what is chosen for one of them is suspended.
    """
    row = Choice
    chosen_now = and_(row.address.in_(addresses), row.until.is_(None))
    return bool(
        store().scalar(
            select(
                exists().where(
                    row.list_id == list_id,
                    row.state == ChoiceState.SUSPENDED.value,
                    or_(row.fingerprint == fingerprint, chosen_now),
                    last_word(),
                )
            )
        )
    )


def suspended(list_id: str) -> set[str]:
    """The fingerprints of all certificates that were suspended on a list, for whomever, and no owner let count again since."""
    row = Choice
    mine = select(row.fingerprint).where(row.list_id == list_id, row.state == ChoiceState.SUSPENDED.value, last_word())
    return set(store().scalars(mine))


def last_word() -> Any:
    """The condition that a choice is the latest of its certificate for its address and list."""
    row, later = Choice, aliased(Choice)
    same = (getattr(later, name) == getattr(row, name) for name in ("list_id", "address", "fingerprint"))
    return ~exists().where(*same, later.id > row.id).correlate(row)
