"""Every change of what counts for somebody on a list, by whatever door: recorded, and with that to be told to whom it concerns.

Whoever calls has checked the certificate (`mailman_pgp.openpgp.require_usable`) and that the change is allowed, and commits;
then `mailman_pgp.exchange.waiting.look_again` lets requests go on that have waited for a key.
"""

from __future__ import annotations

import hmac
from typing import TYPE_CHECKING, Any

from mailman.interfaces.listmanager import IListManager
from public import public
from zope.component import getUtility

from mailman_pgp import openpgp
from mailman_pgp.exchange import telling
from mailman_pgp.exchange.change import Change
from mailman_pgp.exchange.person import addresses_of_person
from mailman_pgp.i18n import _
from mailman_pgp.keys import journal, registry, suspensions, upkeep
from mailman_pgp.keys.journal import Act, Actor, Door
from mailman_pgp.keys.registry import ChoiceState, RegistryError
from mailman_pgp.model.database import now

if TYPE_CHECKING:
    from mailman_pgp.openpgp import Certificate


@public
class SuspendedError(RegistryError):
    """What is suspended counts again only by an owner's own word (`resume`, or another certificate that they approve)."""


@public
class OtherFingerprintError(RegistryError):
    """A fingerprint was compared that is not that of the certificate which is chosen."""


@public
def learn(certificate: Certificate, actor: Actor, mlist: Any) -> Certificate | None:
    """Merge what a certificate says of itself into the stored one, and return what is known then; None when none is stored.

    The key has signed it, so it is true wherever the certificate is chosen, and each of these lists has its own event and
    tells its own people.  Only `mlist`, the list to which it was brought, learns by whom and by which door.

    :raises mailman_pgp.openpgp.OpenPGPError: when it can't be merged with what is stored.
    """
    learnt = upkeep.learn(certificate, now())
    if learnt is None:
        return None
    if learnt.news:
        act = Act.REVOKED if learnt.revoked else Act.UPDATED
        for place in registry.everywhere(certificate.fingerprint):
            record_news(mlist, place.choice, act, actor)
    return learnt.certificate


@public
def record_news(mlist: Any, place: registry.Choice, act: Act, actor: Actor) -> None:
    """Record news of a certificate at one place where it is chosen; see `learn`."""
    list_id, address = place.list_id, place.address
    change = Change(list_id, address, place.fingerprint, act)
    if list_id == mlist.list_id:
        _record(mlist, change, actor)
    elif (other := getUtility(IListManager).get_by_list_id(list_id)) is not None:
        _record(other, change, Actor(Door.SITE))


@public
def let_count(mlist: Any, address: str, certificate: Certificate, state: ChoiceState, actor: Actor) -> Change:
    """Let a certificate count for an address on a list, as `PROVEN` or `APPROVED`; of the same one this is an update.

    What a moderator has approved stays approved when it is proved once more.  `Change.act` is that of the choice: news of a
    certificate that is chosen already are recorded as with `learn`.

    :raises SuspendedError: when it is suspended; or when it is only proved, is not approved for this address, and was suspended on
        this list before, or what is chosen for its person, by whichever of their addresses, is suspended.
    :raises RegistryError: when it was changed by another process at the same moment.
    :raises mailman_pgp.openpgp.OpenPGPError: when it can't be merged with what is stored, or can't be used together with that.
    """
    address, list_id = address.lower(), mlist.list_id
    before = registry.held(list_id, address)  # before the certificate, as all do it: PostgreSQL locks both
    known = learn(certificate, actor, mlist) or certificate
    openpgp.require_usable(known, address)
    same = before is not None and before.fingerprint == known.fingerprint
    proved = state is ChoiceState.PROVEN
    if same and before is not None and before.choice.state is ChoiceState.SUSPENDED:
        raise _suspended(mlist, address)
    if same and before is not None and before.choice.state is ChoiceState.APPROVED:
        state = ChoiceState.APPROVED
    elif proved and suspensions.is_suspended(list_id, addresses_of_person(address), known.fingerprint):
        raise _suspended(mlist, address)
    registry.add(list_id, address, known, origin=actor.door.value, state=state)
    act: Act | None = None
    if before is None:
        act = Act.ADDED
    elif not same:
        act = Act.CHANGED
    elif before.choice.state is not state:
        act = Act.APPROVED
    earlier = before.fingerprint if before is not None and not same else ""
    change = Change(list_id, address, known.fingerprint, act, earlier)
    _record(mlist, change, actor)
    if proved:
        prove(mlist, address, actor)
    return change


@public
def prove(mlist: Any, address: str, actor: Actor) -> None:
    """Record that somebody has shown once more that they hold what counts for them, and read mail at the address.

    :raises RegistryError: when nothing is chosen.
    """
    journal.write(mlist.list_id, address, _chosen(mlist, address).fingerprint, Act.PROVED, actor)


@public
def approve(mlist: Any, address: str, actor: Actor) -> Change:
    """A moderator approves what counts for an address.

    :raises SuspendedError: when it was suspended.
    :raises RegistryError: when there is nothing.
    """
    before = _chosen(mlist, address)
    if before.choice.state is ChoiceState.SUSPENDED:
        raise _suspended(mlist, address)
    return _to_state(mlist, before, ChoiceState.APPROVED, Act.APPROVED, actor)


@public
def suspend(mlist: Any, address: str, actor: Actor) -> Change:
    """Let what counts for an address not count until further notice; raises RegistryError when there is nothing."""
    return _to_state(mlist, _chosen(mlist, address), ChoiceState.SUSPENDED, Act.SUSPENDED, actor)


@public
def resume(mlist: Any, address: str, actor: Actor) -> Change:
    """Let what was suspended count again, as approved; raises RegistryError when there is nothing, or it counts."""
    before = _chosen(mlist, address)
    if before.choice.state is not ChoiceState.SUSPENDED:
        raise RegistryError(
            f"The certificate of {address} on {mlist.fqdn_listname} is not suspended; nothing was changed."
        )
    return _to_state(mlist, before, ChoiceState.APPROVED, Act.RESUMED, actor)


@public
def remove(mlist: Any, address: str, actor: Actor) -> Change | None:
    """Let nothing count for an address any more; None when nothing was chosen.

    :raises SuspendedError: when it is suspended, and is to be removed by mail: its person would be rid of that.
    """
    before = registry.held(mlist.list_id, address)
    if before is None:
        return None
    if actor.door is Door.MAIL and before.choice.state is ChoiceState.SUSPENDED:
        raise _suspended(mlist, address)
    registry.remove(mlist.list_id, address)
    change = Change(mlist.list_id, address.lower(), before.fingerprint, Act.REMOVED)
    _record(mlist, change, actor)
    return change


@public
def compare(mlist: Any, address: str, fingerprint: str, actor: Actor) -> Change:
    """Record that somebody has compared the fingerprint with its person, in another way than by mail.

    :param fingerprint: All of it, as it was typed: hexadecimal in either case; blanks don't count.
    :raises OtherFingerprintError: when that of the chosen certificate is another.
    :raises RegistryError: when none is chosen.
    """
    before = _chosen(mlist, address)
    typed = "".join(fingerprint.split()).upper()
    if not hmac.compare_digest(typed.encode(), before.fingerprint.encode()):
        raise OtherFingerprintError(
            f"The certificate that is chosen for {address} on {mlist.fqdn_listname} has another fingerprint than this one, so "
            "nothing was recorded. Compare all of it again, group by group."
        )
    change = Change(mlist.list_id, address.lower(), before.fingerprint, Act.COMPARED)
    _record(mlist, change, actor)
    return change


def _chosen(mlist: Any, address: str) -> registry.StoredCertificate:
    found = registry.held(mlist.list_id, address)
    if found is None:
        raise RegistryError(f"No certificate is chosen for {address} on {mlist.fqdn_listname}. Add one first.")
    return found


def _suspended(mlist: Any, address: str) -> SuspendedError:
    return SuspendedError(
        _(
            "The certificate of {address} on {list} is suspended, and stays so until an owner lets it count again."
        ).format(address=address, list=mlist.fqdn_listname)
    )


def _to_state(mlist: Any, before: registry.StoredCertificate, state: ChoiceState, act: Act, actor: Actor) -> Change:
    list_id, address = before.choice.list_id, before.choice.address
    unchanged = before.choice.state is state
    registry.change_state(list_id, address, state, origin=actor.door.value)
    change = Change(list_id, address, before.fingerprint, None if unchanged else act)
    _record(mlist, change, actor)
    return change


def _record(mlist: Any, change: Change, actor: Actor) -> None:
    if change.act is None:
        return
    journal.write(
        change.list_id,
        change.address,
        change.fingerprint,
        change.act,
        actor,
        earlier=change.earlier,
        to_tell=telling.concerns(mlist, change.address, change.act),
    )
