"""Who is told of a change: the person, at the old key too, and the owners."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from public import public

if TYPE_CHECKING:
    from mailman_pgp.exchange.changing import Change
    from mailman_pgp.keys.journal import Actor
    from mailman_pgp.keys.registry import StoredCertificate


@public
def tell(mlist: Any, change: Change, actor: Actor, before: StoredCertificate | None) -> None:
    """Tell of a change that was made just now.

    :param before: What was chosen until now.
    """
    del mlist, change, actor, before
