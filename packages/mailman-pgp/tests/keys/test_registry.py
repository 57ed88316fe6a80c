"""Which certificate counts is decided for each list and address apart, and its history is kept."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import pytest
import sqlalchemy as sa
from keys import COMPROMISED, forge_usable

from mailman_pgp import openpgp
from mailman_pgp.keys import registry
from mailman_pgp.keys.issuers import owns_key
from mailman_pgp.keys.registry import ChoiceState
from mailman_pgp.model import tables

if TYPE_CHECKING:
    from collections.abc import Callable

    Forge = Callable[[str], openpgp.Certificate]

ANT, BEE = "ant.example.com", "bee.example.com"
ANNE, BART = "anne@example.com", "bart@example.com"
DAY = 86400

pytestmark = pytest.mark.usefixtures("store")


def _stored(store: Any) -> set[str]:
    return set(store.scalars(sa.select(tables.StoredCertificate.fingerprint)))


def test_added(forge: Forge) -> None:
    """What is added counts at once, and comes back as it was read."""
    given = forge(ANNE)
    choice = registry.add(ANT, "Anne@Example.com", given, origin="cli")
    assert choice.counts
    found = registry.current(ANT, ANNE)
    assert found is not None
    assert found.choice == choice
    assert (choice.address, choice.state, choice.origin, choice.until) == (ANNE, ChoiceState.APPROVED, "cli", None)
    assert found.usability == given.usability
    for name in ("fingerprint", "data", "version", "algorithm", "created", "expires", "revoked"):
        assert getattr(found, name) == getattr(given, name)


def test_counts_on_one_list_only(forge: Forge, store: Any) -> None:
    """A certificate on one list says nothing about another list, nor about another address."""
    given = forge(ANNE)
    registry.add(ANT, ANNE, given, origin="cli")
    assert registry.current(BEE, ANNE) is None
    assert registry.current(ANT, BART) is None
    registry.add(BEE, ANNE, given, origin="cli")
    registry.add(BEE, ANNE, forge(ANNE), origin="cli")
    found = registry.current(ANT, ANNE)
    assert found is not None
    assert found.fingerprint == given.fingerprint
    assert len(_stored(store)) == 2


def test_replaced(forge: Forge) -> None:
    """Another certificate takes the place of the first, which is history from then on."""
    first, second = forge(ANNE), forge(ANNE)
    registry.add(ANT, ANNE, first, origin="mail")
    registry.add(ANT, ANNE, second, origin="cli")
    found = registry.current(ANT, ANNE)
    assert found is not None
    assert found.fingerprint == second.fingerprint
    latest, before = registry.history(ANT, ANNE)
    assert (latest.fingerprint, latest.until) == (second.fingerprint, None)
    assert (before.fingerprint, before.state, before.origin) == (first.fingerprint, ChoiceState.REPLACED, "mail")
    assert before.until == latest.since
    assert not before.counts


def test_added_again(forge: Forge) -> None:
    """Adding what counts already changes nothing."""
    given = forge(ANNE)
    first = registry.add(ANT, ANNE, given, origin="cli")
    assert registry.add(ANT, ANNE, given, origin="again") == first
    assert registry.history(ANT, ANNE) == [first]


def test_removed(forge: Forge, store: Any) -> None:
    """After a removal nothing counts; the history says when it ended."""
    given = forge(ANNE)
    registry.add(ANT, ANNE, given, origin="cli")
    removed = registry.remove(ANT, ANNE.upper())
    assert removed is not None
    assert removed.fingerprint == given.fingerprint
    assert registry.current(ANT, ANNE) is None
    assert registry.signers(ANT, ANNE) == []
    (past,) = registry.history(ANT, ANNE)
    assert past.state is ChoiceState.REMOVED
    assert past.until is not None
    assert registry.remove(ANT, ANNE) is None
    registry.add(ANT, ANNE, given, origin="cli")
    assert len(registry.history(ANT, ANNE)) == 2
    assert _stored(store) == {given.fingerprint}


def test_does_not_count(forge: Forge) -> None:
    """What is suspended neither authenticates nor is encrypted to, but shows in the list."""
    given, state = forge(ANNE), ChoiceState.SUSPENDED
    registry.add(ANT, ANNE, given, origin="mail", state=state)
    assert registry.current(ANT, ANNE) is None
    assert registry.signers(ANT, ANNE) == []
    assert not owns_key(ANT, given.fingerprint)
    (shown,) = registry.for_list(ANT)
    assert shown.choice.state is state
    registry.change_state(ANT, ANNE, ChoiceState.APPROVED, origin="moderator")
    assert registry.signers(ANT, ANNE) == [given.data]
    assert [choice.state for choice in registry.history(ANT, ANNE)] == [ChoiceState.APPROVED, state]


@pytest.mark.parametrize("change", ["suspended", "replaced", "added"])
def test_what_another_process_has_committed_counts_at_once(store: Any, forge: Forge, change: str) -> None:
    """A runner in the middle of its transaction judges by what counts now: a suspended or replaced key signs no post any more."""
    given, later = forge(ANNE), forge(ANNE)
    registry.add(ANT, ANNE, given, origin="cli")
    registry.add(ANT, BART, later, origin="cli")
    if change == "added":
        registry.remove(ANT, ANNE)
    store.commit()
    before = registry.signers(ANT, ANNE)
    assert before == ([] if change == "added" else [given.data])
    values = {
        "suspended": {"state": "suspended"},
        "replaced": {"fingerprint": later.fingerprint},
        "added": {"until": None, "state": "approved"},
    }
    of_anne = sa.update(tables.Choice).where(tables.Choice.list_id == ANT, tables.Choice.address == ANNE)
    with store.get_bind().begin() as elsewhere:
        elsewhere.execute(of_anne.values(**values[change]))
    after = {"suspended": [], "replaced": [later.data], "added": [given.data]}
    assert registry.signers(ANT, ANNE) == after[change]


def test_state_of_nothing() -> None:
    """There is nothing to approve where there is no certificate."""
    with pytest.raises(registry.RegistryError, match="Add one first"):
        registry.change_state(ANT, ANNE, ChoiceState.APPROVED, origin="moderator")


def test_for_list(forge: Forge) -> None:
    """The list of a list is by address, and has no history in it."""
    for address in (BART, ANNE, ANNE):
        registry.add(ANT, address, forge(address), origin="cli")
    registry.add(BEE, ANNE, forge(ANNE), origin="cli")
    assert [found.choice.address for found in registry.for_list(ANT)] == [ANNE, BART]


def test_update_is_merged(store: Any) -> None:
    """A later form of the same certificate adds to what is stored, and never takes anything away."""
    made = forge_usable(f"Anne <{ANNE}>")
    plain = openpgp.inspect(made.public)
    made.revoke(at=int(time.time()), code=COMPROMISED)
    revoked = openpgp.inspect(made.public)
    first = registry.add(ANT, ANNE, plain, origin="cli")
    registry.add(BEE, ANNE, plain, origin="cli")
    assert registry.add(ANT, ANNE, revoked, origin="cli") == first
    for list_id in (ANT, BEE):
        found = registry.current(list_id, ANNE)
        assert found is not None
        assert found.revoked
        assert found.usability.problem is openpgp.CertificateProblem.REVOKED
        assert found.updated > first.since
    # The old form comes back, as from a keyserver that was not told.
    registry.add(ANT, ANNE, plain, origin="cli")
    found = registry.current(ANT, ANNE)
    assert found is not None
    assert found.revoked
    assert len(_stored(store)) == 1


def test_two_at_once(store: Any, forge: Forge, monkeypatch: pytest.MonkeyPatch) -> None:
    """When another process was faster, nothing is doubled and the sentence says to look again."""
    registry.add(ANT, ANNE, forge(ANNE), origin="faster")
    store.commit()
    monkeypatch.setattr(registry, "_now", lambda _list_id, _address: None)
    with pytest.raises(registry.RegistryError, match="same moment"):
        registry.add(ANT, ANNE, forge(ANNE), origin="slower")
    store.rollback()
    monkeypatch.undo()
    (only,) = registry.history(ANT, ANNE)
    assert only.origin == "faster"


@pytest.mark.parametrize(
    "change",
    [
        lambda given: registry.add(ANT, ANNE, given, origin="rest"),
        lambda _given: registry.change_state(ANT, ANNE, ChoiceState.SUSPENDED, origin="rest"),
        lambda _given: registry.remove(ANT, ANNE),
    ],
    ids=["add", "change_state", "remove"],
)
def test_changed_in_between(
    forge: Forge, store: Any, monkeypatch: pytest.MonkeyPatch, change: Callable[[openpgp.Certificate], Any]
) -> None:
    """What another process has put there after this one has looked is neither closed nor overruled."""
    registry.add(ANT, ANNE, forge(ANNE), origin="cli")
    stale, others = registry._now(ANT, ANNE), forge(ANNE)
    registry.add(ANT, ANNE, others, origin="mail")
    store.commit()
    monkeypatch.setattr(registry, "_now", lambda *_place: stale)
    with pytest.raises(registry.RegistryError, match="at the same moment"):
        change(forge(ANNE))
    store.rollback()
    found = registry.chosen(ANT, ANNE)
    assert found is not None
    assert (found.fingerprint, found.choice.state) == (others.fingerprint, ChoiceState.APPROVED)
