"""An encrypted list uses our workflows; what it used before comes back."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from conftest import Ants

ANNE = "anne@example.org"
OURS = {"join": "pgp-join", "leave": "pgp-leave"}
STOCK = {"join": "join", "leave": "leave"}


def chosen(ants: Ants) -> dict[str, str]:
    """What the list uses."""
    from mailman_pgp.lists import passage  # noqa: PLC0415 - core must be initialised

    return passage.current(ants.mlist.list_id)


def restore(ants: Ants) -> dict[str, Any]:
    """What is kept of the time before."""
    from mailman_pgp.lists.encryption import settings_of  # noqa: PLC0415 - core must be initialised

    row = settings_of(ants.mlist.list_id)
    assert row is not None
    found: dict[str, Any] = json.loads(row.restore)
    return found


def test_enabled_and_disabled(ants: Ants) -> None:
    """With the encryption, and until its end."""
    from mailman_pgp.lists.encryption import disable  # noqa: PLC0415 - core must be initialised

    assert chosen(ants) == OURS
    assert restore(ants)["workflows"] == STOCK
    disable(ants.mlist)
    assert chosen(ants) == STOCK


def test_what_was_chosen_before_comes_back(plain_ants: Ants) -> None:
    """And what was chosen meanwhile stays."""
    from mailman_pgp.lists.encryption import disable, enable  # noqa: PLC0415 - core must be initialised
    from mailman_workflows import choice  # noqa: PLC0415

    choice.choose(plain_ants.mlist.list_id, "customers")
    enable(plain_ants.mlist)
    assert chosen(plain_ants) == OURS
    choice.choose(plain_ants.mlist.list_id, "leave")
    disable(plain_ants.mlist)
    assert chosen(plain_ants) == {"join": "customers", "leave": "leave"}


def test_what_was_chosen_before_is_gone(plain_ants: Ants, monkeypatch: pytest.MonkeyPatch) -> None:
    """No other one takes its place unasked: the sentence says what to do."""
    from mailman_pgp.lists.encryption import EncryptionError, disable, enable  # noqa: PLC0415 - core must be initialised
    from mailman_workflows import choice, components  # noqa: PLC0415

    choice.choose(plain_ants.mlist.list_id, "customers")
    enable(plain_ants.mlist)
    plain_ants.store.commit()
    monkeypatch.delitem(components._found, "customers")
    with pytest.raises(EncryptionError, match=r"`mailman workflows set ant\.example\.com NAME` first"):
        disable(plain_ants.mlist)
    plain_ants.store.rollback()
    choice.choose(plain_ants.mlist.list_id, "join")
    disable(plain_ants.mlist)
    assert chosen(plain_ants) == STOCK


def test_not_without_our_workflows(plain_ants: Ants, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where they were not found, no list becomes an encrypted one that everybody could join."""
    from mailman_pgp.lists.encryption import EncryptionError, enable  # noqa: PLC0415 - core must be initialised
    from mailman_workflows import components  # noqa: PLC0415

    monkeypatch.delitem(components._found, "pgp-join")
    with pytest.raises(EncryptionError, match="has not found how people join"):
        enable(plain_ants.mlist)


def _as_before(ants: Ants) -> None:
    """Make it a list that was encrypted by a release without workflows."""
    from mailman_pgp.lists.encryption import settings_of  # noqa: PLC0415 - core must be initialised
    from mailman_workflows import choice  # noqa: PLC0415

    row = settings_of(ants.mlist.list_id)
    assert row is not None
    kept = json.loads(row.restore)
    del kept["workflows"]
    row.restore = json.dumps(kept)
    for name in STOCK.values():
        choice.choose(ants.mlist.list_id, name)
    ants.store.commit()


@pytest.fixture
def found(ants: Ants, monkeypatch: pytest.MonkeyPatch) -> Ants:
    """The list, in a process that finds our workflows without our plugin in `mailman.cfg`."""
    from mailman_workflows import components  # noqa: PLC0415 - core must be initialised

    monkeypatch.setattr(components, "find", lambda: None)
    return ants


def test_lists_of_an_earlier_release(found: Ants) -> None:
    """The first start chooses ours for them, once: what an owner chooses afterwards stays."""
    from mailman_pgp.lists import passage  # noqa: PLC0415 - core must be initialised
    from mailman_workflows import choice  # noqa: PLC0415

    _as_before(found)
    found.ask(pre_verified=True, pre_confirmed=True)
    passage.choose_for_earlier_lists()
    assert (found.waiting().reason, found.waiting().workflow) == ("waits for a key", "pgp-join")
    assert chosen(found) == OURS
    assert restore(found)["workflows"] == STOCK
    choice.choose(found.mlist.list_id, "join")
    passage.choose_for_earlier_lists()
    assert chosen(found) == {"join": "join", "leave": "pgp-leave"}


def test_lists_of_an_earlier_release_with_a_workflow_of_their_own(found: Ants) -> None:
    """What somebody has chosen is not ours to change."""
    from mailman_pgp.lists import passage  # noqa: PLC0415 - core must be initialised
    from mailman_workflows import choice  # noqa: PLC0415

    _as_before(found)
    choice.choose(found.mlist.list_id, "customers")
    passage.choose_for_earlier_lists()
    assert chosen(found) == {"join": "customers", "leave": "pgp-leave"}
    assert restore(found)["workflows"] == {"join": "customers", "leave": "leave"}


def test_who_asked_before_needs_a_key(plain_ants: Ants) -> None:
    """Requests from before the encryption begin anew: nobody is let in by a moderator's old decision, or without a key."""
    from mailman_pgp.exchange.waiting import look_again_everywhere  # noqa: PLC0415 - core must be initialised
    from mailman_pgp.lists.encryption import enable  # noqa: PLC0415

    old, _, _ = plain_ants.ask(pre_verified=True, pre_confirmed=True)
    assert plain_ants.waiting().reason == "waits for a moderator"
    plain_ants.mail()
    enable(plain_ants.mlist)
    plain_ants.store.commit()
    with pytest.raises(LookupError):
        plain_ants.accept(old)
    assert (plain_ants.waiting().reason, plain_ants.waiting().workflow) == ("waits for a key", "pgp-join")
    look_again_everywhere()
    assert plain_ants.mail() == {ANNE: ["[Your certificate is needed to join Ant]"]}
    plain_ants.add_key()
    assert plain_ants.waiting().reason == "waits for a moderator"
    plain_ants.accept()
    assert plain_ants.members() == {ANNE}


def test_a_request_outlives_the_encryption(ants: Ants) -> None:
    """On a list that is plain again, a request that waited for a key goes on as stock's: a confirmation, then a moderator."""
    from mailman_pgp.lists.encryption import disable  # noqa: PLC0415 - core must be initialised

    ants.ask()
    disable(ants.mlist)
    ants.store.commit()
    ants.accept()
    assert ants.waiting().reason == "waits for a confirmation"
    ants.accept()
    assert ants.waiting().reason == "waits for a moderator"
    ants.accept()
    assert ants.members() == {ANNE}


@pytest.mark.parametrize("far", [0, 1, 2], ids=["waits for a key", "waits for a confirmation", "waits for a moderator"])
def test_encrypted_again(ants: Ants, far: int) -> None:
    """Whoever began to join while the list was encrypted, and went on while it was not, needs a key once it is again."""
    from mailman_pgp.lists.encryption import disable, enable  # noqa: PLC0415 - core must be initialised
    from mailman_workflows import NotYetError  # noqa: PLC0415

    ants.ask()
    disable(ants.mlist)
    ants.store.commit()
    for _ in range(far):
        ants.accept()
    ants.mail()
    enable(ants.mlist)
    ants.store.commit()
    assert ants.waiting().reason == "waits for a key"
    ants.accept()
    with pytest.raises(NotYetError, match="no certificate"):
        ants.accept()
    assert ants.members() == set()
