"""What members certify of their list's certificate is kept, and handed out while it may be."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
import sqlalchemy as sa

from mailman_pgp import openpgp
from mailman_pgp.keys import certifications, registry, vault
from mailman_pgp.keys.registry import ChoiceState
from mailman_pgp.model import tables
from mailman_pgp.model.database import now
from mailman_pgp.openpgp import Certification, Tag, walk
from mailman_pgp.openpgp.packets import packet

if TYPE_CHECKING:
    from collections.abc import Callable

    from mailman_pgp.openpgp import NewListKey

ANT, BEE = "ant.example.com", "bee.example.com"
ANNE, BART = "anne@example.com", "bart@example.com"
POSTING, REQUEST = "Ant <ant@example.com>", "Ant <ant-request@example.com>"

pytestmark = pytest.mark.usefixtures("healthy")


def word(
    signer: str, user_id: str = POSTING, *, age: int = 0, revokes: bool = False, data: bytes = b"first"
) -> Certification:
    """A certification made some seconds ago; what is in its packet was verified before it comes here."""
    made = now().replace(microsecond=0) - dt.timedelta(seconds=age)
    return Certification(packet(Tag.SIGNATURE, data), user_id, signer, made, revokes)


def handed_out(list_id: str = ANT) -> list[bytes]:
    """The certifications in the list's certificate as it is handed out."""
    shown = certifications.certified(list_id).certificate
    own = {found.body for found in walk(vault.certificate(list_id).certificate)}
    return [found.body for found in walk(shown) if found.tag == Tag.SIGNATURE and found.body not in own]


@pytest.fixture
def anne(store: Any, list_keys: list[NewListKey], forge: Callable[..., openpgp.Certificate]) -> str:
    """A list with a key, and a member whose certificate counts: its fingerprint."""
    vault.store_list_key(ANT, list_keys[0])
    certificate = forge(ANNE)
    registry.add(ANT, ANNE, certificate, origin="test")
    store.commit()
    return certificate.fingerprint


def test_handed_out_with_the_certificate(anne: str) -> None:
    """What was added is in the certificate as it is handed out, and not in the one that headers carry."""
    bare = vault.certificate(ANT)
    assert certifications.certified(ANT) == bare
    found = [word(anne), word(anne, REQUEST, data=b"other")]
    assert certifications.add(ANT, ANNE.upper(), found) == found
    assert sorted(handed_out()) == [b"first", b"other"]
    assert {(held.address, held.certification) for held in certifications.of(ANT)} == {(ANNE, one) for one in found}
    assert vault.certificate(ANT) == bare
    assert certifications.certified(ANT).fingerprint == bare.fingerprint


def test_newest_wins(anne: str, store: Any) -> None:
    """A newer certification takes the place of the older one of the same user ID; an older one, or the same, is no news."""
    assert certifications.add(ANT, ANNE, [word(anne, age=9)])
    newer = word(anne, data=b"newer")
    assert certifications.add(ANT, ANNE, [newer]) == [newer]
    assert certifications.add(ANT, ANNE, [newer]) == []
    assert certifications.add(ANT, ANNE, [word(anne, age=9)]) == []
    assert handed_out() == [b"newer"]
    assert store.scalar(sa.select(sa.func.count()).select_from(tables.Certification)) == 1


def test_taken_back(anne: str) -> None:
    """A revocation takes the certification's place, is handed out, and can't be undone by the older certification."""
    older = word(anne, age=9)
    certifications.add(ANT, ANNE, [older])
    assert certifications.add(ANT, ANNE, [word(anne, revokes=True, data=b"taken")])
    assert certifications.add(ANT, ANNE, [older]) == []
    assert handed_out() == [b"taken"]
    certifications.add(ANT, ANNE, [replace(word(anne, revokes=True, age=-5), data=b"")])
    assert handed_out() == []


def test_taken_back_in_the_same_second(anne: str) -> None:
    """Of two words of one second the one that takes back counts, whichever comes first."""
    both = [word(anne, data=b"given"), word(anne, revokes=True, data=b"taken")]
    certifications.add(ANT, ANNE, both[:1])
    assert certifications.add(ANT, ANNE, [replace(both[1], made=both[0].made)])
    assert certifications.add(ANT, ANNE, both[:1]) == []
    assert handed_out() == [b"taken"]


def test_nothing_to_take_back(anne: str) -> None:
    """A revocation of what the list does not hold leaves no row."""
    assert certifications.add(ANT, ANNE, [word(anne, revokes=True)]) == []
    assert certifications.of(ANT) == []


@pytest.mark.parametrize("how", ["suspended", "removed", "replaced", "revoked", "elsewhere"])
def test_while_the_key_counts(anne: str, store: Any, forge: Callable[..., openpgp.Certificate], how: str) -> None:
    """When the key that certified counts no more for who brought it, its certifications are handed out no more."""
    certifications.add(ANT, ANNE, [word(anne)])
    match how:
        case "suspended":
            registry.change_state(ANT, ANNE, ChoiceState.SUSPENDED, origin="test")
        case "removed":
            registry.remove(ANT, ANNE)
        case "replaced":
            registry.add(ANT, ANNE, forge(ANNE), origin="test")
        case "revoked":
            store.execute(sa.update(tables.StoredCertificate).values(revoked=True))
        case "elsewhere":  # the key of the same person on another list is another matter
            registry.remove(ANT, ANNE)
            store.execute(sa.update(tables.Choice).values(list_id=BEE, until=None))
    assert certifications.of(ANT) == []
    assert handed_out() == []


def test_back_when_it_counts_again(anne: str) -> None:
    """A key that was suspended and is not any more speaks again."""
    certifications.add(ANT, ANNE, [word(anne)])
    registry.change_state(ANT, ANNE, ChoiceState.SUSPENDED, origin="test")
    registry.change_state(ANT, ANNE, ChoiceState.APPROVED, origin="test")
    assert handed_out() == [b"first"]


def test_one_signer_for_an_address(anne: str, store: Any, forge: Callable[..., openpgp.Certificate]) -> None:
    """Who certifies with a new key leaves nothing of the old one, so that nobody fills the certificate alone."""
    certifications.add(ANT, ANNE, [word(anne), word(anne, REQUEST)])
    new = forge(ANNE)
    registry.add(ANT, ANNE, new, origin="test")
    certifications.add(ANT, ANNE, [word(new.fingerprint, data=b"new")])
    assert store.scalars(sa.select(tables.Certification.signer)).all() == [new.fingerprint]
    assert handed_out() == [b"new"]


def test_at_most_so_many(anne: str, store: Any) -> None:
    """When there is no room, one more is refused with a sentence; a newer word in the place of an older one is not."""
    key = vault.certificate(ANT).fingerprint
    certifications.add(ANT, ANNE, [word(anne, age=9)])
    rows = [
        {"key": key, "signer": f"{number:040X}", "user_id": "d", "list_id": ANT, "address": f"m{number}@example.com"}
        | {"data": b"", "made": now(), "revokes": False, "since": now()}
        for number in range(certifications.MOST - 1)
    ]
    store.execute(sa.insert(tables.Certification), rows)
    assert certifications.add(ANT, ANNE, [word(anne)])
    assert certifications.add(ANT, ANNE, [word(anne, age=-5, revokes=True)])
    with pytest.raises(certifications.NoRoomError, match=r"Ask the list's owners to remove some"):
        certifications.add(ANT, ANNE, [word(anne, REQUEST)])


def test_of_the_current_key(anne: str, list_keys: list[NewListKey]) -> None:
    """What was certified of a key that the list has no more says nothing about its new one."""
    certifications.add(ANT, ANNE, [word(anne)])
    vault.succeed(vault.certificate(ANT), list_keys[1], until=now())
    assert certifications.of(ANT) == []
    assert certifications.certified(ANT) == vault.certificate(ANT)


def test_they_stay_when_the_list_key_is_extended(anne: str) -> None:
    """It is the same key, of which the same was certified."""
    certifications.add(ANT, ANNE, [word(anne)])
    vault.renew(vault.certificate(ANT), *openpgp.extend(vault.current_secret(ANT), now() + dt.timedelta(days=2000)))
    assert handed_out() == [b"first"]


def test_of_this_list(anne: str, list_keys: list[NewListKey]) -> None:
    """Another list has nothing of it, and takes nothing away."""
    vault.store_list_key(BEE, list_keys[1])
    certifications.add(ANT, ANNE, [word(anne)])
    assert certifications.of(BEE) == []
    assert certifications.remove(BEE, anne) == 0
    assert handed_out() == [b"first"]


def test_removed(anne: str, forge: Callable[..., openpgp.Certificate]) -> None:
    """What a signer certified goes at once, on all user IDs, and nobody else's."""
    bart = forge(BART)
    registry.add(ANT, BART, bart, origin="test")
    certifications.add(ANT, ANNE, [word(anne), word(anne, REQUEST)])
    certifications.add(ANT, BART, [word(bart.fingerprint, data=b"barts")])
    assert certifications.remove(ANT, anne) == 2
    assert handed_out() == [b"barts"]


def test_unknown_user_id(anne: str) -> None:
    """What belongs to no user ID of the list's key is not handed out."""
    certifications.add(ANT, ANNE, [word(anne, "Ant <else@example.com>")])
    assert certifications.of(ANT) == []
    assert handed_out() == []


def test_list_without_a_key() -> None:
    """A list without a key has nothing to certify."""
    for call in (certifications.of, certifications.certified):
        with pytest.raises(vault.VaultError):
            call(ANT)
    with pytest.raises(vault.VaultError):
        certifications.add(ANT, ANNE, [])
