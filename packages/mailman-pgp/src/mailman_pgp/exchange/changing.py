"""Every change of what counts for somebody on a list, by whatever door: recorded, and told to those whom it concerns.

Whoever calls has checked the certificate (`mailman_pgp.openpgp.require_usable`) and that the change is allowed, and commits;
then `mailman_pgp.exchange.waiting.look_again` lets requests go on that have waited for a key.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from public import public

from mailman_pgp.exchange import telling
from mailman_pgp.keys import journal, registry
from mailman_pgp.keys.journal import Act, Actor
from mailman_pgp.keys.registry import ChoiceState, RegistryError

if TYPE_CHECKING:
    from mailman_pgp.openpgp import Certificate


@public
@dataclass(frozen=True, slots=True)
class Change:
    """What was changed: `act` is None where all was so before; `earlier` is the fingerprint that counted until now, if another."""

    list_id: str
    address: str
    fingerprint: str
    act: Act | None
    earlier: str = ""


@public
def let_count(mlist: Any, address: str, certificate: Certificate, state: ChoiceState, actor: Actor) -> Change:
    """Let a certificate count for an address on a list, as `PROVEN` or `APPROVED`; of the same one this is an update.

    What a moderator has approved stays approved when it is proved once more.

    :raises RegistryError: when it was changed by another process at the same moment.
    :raises mailman_pgp.openpgp.OpenPGPError: when it can't be merged with what is stored.
    """
    address, list_id = address.lower(), mlist.list_id
    before = registry.chosen(list_id, address)
    same = before is not None and before.fingerprint == certificate.fingerprint
    if same and before is not None and before.choice.state is ChoiceState.APPROVED:
        state = ChoiceState.APPROVED
    registry.add(list_id, address, certificate, origin=actor.door.value, state=state)
    act: Act | None
    if before is None:
        act = Act.ADDED
    elif not same:
        act = Act.CHANGED
    else:
        after = registry.chosen(list_id, address)
        act = Act.UPDATED if after is not None and after.data != before.data else None
    earlier = before.fingerprint if before is not None and not same else ""
    change = Change(list_id, address, certificate.fingerprint, act, earlier)
    _record(mlist, change, actor, before)
    if state is ChoiceState.PROVEN:
        journal.write(list_id, address, certificate.fingerprint, Act.PROVED, actor)
    return change


@public
def approve(mlist: Any, address: str, actor: Actor) -> Change:
    """A moderator approves what counts for an address; raises RegistryError when there is nothing."""
    return _to_state(mlist, address, ChoiceState.APPROVED, Act.APPROVED, actor)


@public
def suspend(mlist: Any, address: str, actor: Actor) -> Change:
    """Let what counts for an address not count until further notice; raises RegistryError when there is nothing."""
    return _to_state(mlist, address, ChoiceState.SUSPENDED, Act.SUSPENDED, actor)


@public
def resume(mlist: Any, address: str, actor: Actor) -> Change:
    """Let what was suspended count again, as approved; raises RegistryError when there is nothing."""
    return _to_state(mlist, address, ChoiceState.APPROVED, Act.RESUMED, actor)


@public
def remove(mlist: Any, address: str, actor: Actor) -> Change | None:
    """Let nothing count for an address any more; None when nothing was chosen."""
    before = registry.chosen(mlist.list_id, address)
    if before is None:
        return None
    registry.remove(mlist.list_id, address)
    change = Change(mlist.list_id, address.lower(), before.fingerprint, Act.REMOVED)
    _record(mlist, change, actor, before)
    return change


@public
def compare(mlist: Any, address: str, fingerprint: str, actor: Actor) -> Change:
    """Record that somebody has compared the fingerprint (upper-case hex) with its person, in another way than by mail.

    :raises RegistryError: when another certificate is chosen for the address, or none.
    """
    before = registry.chosen(mlist.list_id, address)
    if before is None or before.fingerprint != fingerprint:
        raise RegistryError(
            f"The certificate that is chosen for {address} on {mlist.list_id} has another fingerprint. Look at it, and compare "
            "again."
        )
    journal.write(mlist.list_id, address, fingerprint, Act.COMPARED, actor)
    return Change(mlist.list_id, address.lower(), fingerprint, Act.COMPARED)


def _to_state(mlist: Any, address: str, state: ChoiceState, act: Act, actor: Actor) -> Change:
    before = registry.chosen(mlist.list_id, address)
    if before is None:
        raise RegistryError(f"There is no certificate of {address} on {mlist.list_id}. Add one first.")
    unchanged = before.choice.state is state
    registry.change_state(mlist.list_id, address, state, origin=actor.door.value)
    change = Change(mlist.list_id, address.lower(), before.fingerprint, None if unchanged else act)
    _record(mlist, change, actor, before)
    return change


def _record(mlist: Any, change: Change, actor: Actor, before: registry.StoredCertificate | None) -> None:
    if change.act is None:
        return
    journal.write(change.list_id, change.address, change.fingerprint, change.act, actor, earlier=change.earlier)
    telling.tell(mlist, change, actor, before)
