"""The secret keys of lists lie sealed, and open only in their place and on their site."""

from __future__ import annotations

import dataclasses
import datetime as dt
from typing import TYPE_CHECKING, Any

import pytest
import sqlalchemy as sa
from queries import counted

from mailman_pgp import openpgp
from mailman_pgp.keys import vault
from mailman_pgp.model.database import now
from mailman_pgp.model.tables import ListKey
from mailman_pgp.openpgp import ListSecretKey
from mailman_pgp.site import health
from mailman_pgp.site.sitekey import SiteKey

if TYPE_CHECKING:
    from pathlib import Path

    from mailman_pgp.openpgp import NewListKey

ANT, BEE = "ant.example.com", "bee.example.com"

pytestmark = pytest.mark.usefixtures("healthy")


def _raw(store: Any) -> list[tuple[bytes, bytes, bytes]]:
    return [tuple(row) for row in store.execute(sa.select(ListKey.certificate, ListKey.secret, ListKey.revocation))]


def test_stored_and_opened(store: Any, list_keys: list[NewListKey]) -> None:
    """What was stored comes back: a secret key that signs, its certificate, its revocation."""
    new = list_keys[0]
    vault.store_list_key(ANT, new)
    store.commit()
    assert ListSecretKey(vault.current_secret(ANT)).fingerprint == new.certificate.fingerprint
    assert vault.all_secrets(ANT) == [new.secret]
    assert vault.revocation(ANT) == new.revocation
    assert vault.certificate(ANT) == vault.ListCertificate(
        list_id=ANT,
        fingerprint=new.certificate.fingerprint,
        certificate=new.certificate.data,
        created=new.certificate.created,
        expires=new.certificate.expires,
        state=vault.KeyState.CURRENT,
    )


def test_nothing_secret_is_readable(store: Any, list_keys: list[NewListKey], healthy: SiteKey) -> None:
    """The row shows neither the secret key nor the revocation certificate, and names the site key that sealed it."""
    new = list_keys[0]
    vault.store_list_key(ANT, new)
    ((certificate, secret, revocation),) = _raw(store)
    assert certificate == new.certificate.data
    for start in range(0, len(new.secret) - 16, 8):
        assert new.secret[start : start + 16] not in secret
    assert new.revocation[:64] not in revocation
    assert store.scalars(sa.select(ListKey.sealed_by)).all() == [healthy.key_id]


def succeeded(new: NewListKey, days: int = 30, list_id: str = ANT) -> None:
    """Let a key follow the one that the list has, which opens mail for so many days."""
    vault.succeed(vault.certificate(list_id), new, until=now() + dt.timedelta(days=days))


def test_one_after_the_other(list_keys: list[NewListKey]) -> None:
    """A new key becomes the current one; those before it are kept behind it, the latest first, and open mail until their time."""
    one, two, three = list_keys
    vault.store_list_key(ANT, one)
    succeeded(two, days=-1)
    succeeded(three)
    assert vault.current_secret(ANT) == three.secret
    assert vault.all_secrets(ANT) == [three.secret, two.secret, one.secret]
    assert vault.opening_secrets(ANT) == [three.secret, two.secret]
    assert [found.follows for found in vault.certificates(ANT)] == [
        two.certificate.fingerprint,
        one.certificate.fingerprint,
        None,
    ]


def test_only_one_first_key(list_keys: list[NewListKey]) -> None:
    """A list that has a key gets another one by no other way."""
    vault.store_list_key(ANT, list_keys[0])
    with pytest.raises(vault.VaultError, match="got another key"):
        vault.store_list_key(ANT, list_keys[1])


def test_two_at_once(list_keys: list[NewListKey]) -> None:
    """Of two who let a key follow the same one, the second is refused."""
    one, two, three = list_keys
    vault.store_list_key(ANT, one)
    before = vault.certificate(ANT)
    vault.succeed(before, two, until=now())
    with pytest.raises(vault.VaultError, match="somebody else"):
        vault.succeed(before, three, until=now())


def test_revoked(list_keys: list[NewListKey]) -> None:
    """A revoked key opens nothing; the list waits until it has another one."""
    one, two, _ = list_keys
    vault.store_list_key(ANT, one)
    assert not vault.waits(ANT)
    ended = openpgp.end(one.secret, one.certificate.data, openpgp.Reason.COMPROMISED, "")
    vault.revoke(vault.certificate(ANT), ended)
    assert vault.waits(ANT)
    assert vault.opening_secrets(ANT) == []
    assert vault.certificate(ANT).certificate == ended.data
    with pytest.raises(vault.VaultError, match="was revoked"):
        vault.current_secret(ANT)
    succeeded(two)
    assert not vault.waits(ANT)
    assert vault.opening_secrets(ANT) == [two.secret]
    assert vault.all_secrets(ANT) == [two.secret, one.secret]


def test_who_announces(list_keys: list[NewListKey]) -> None:
    """The former key signs what tells of the new one, while it opens mail, and no longer."""
    one, two, three = list_keys
    vault.store_list_key(ANT, one)
    assert vault.announcing_secret(ANT) == one.secret
    succeeded(two)
    assert vault.announcing_secret(ANT) == one.secret
    succeeded(three, days=-1)
    assert vault.announcing_secret(ANT) == three.secret


def test_stored_once(list_keys: list[NewListKey]) -> None:
    """One key can't be stored twice, not even for another list, and the current key stays."""
    vault.store_list_key(ANT, list_keys[0])
    for list_id in (ANT, BEE):
        with pytest.raises(vault.VaultError, match="stored already"):
            vault.store_list_key(list_id, list_keys[0])
    assert vault.current_secret(ANT) == list_keys[0].secret


def test_lists_are_apart(list_keys: list[NewListKey]) -> None:
    """A list without a key has none, whatever others have."""
    vault.store_list_key(ANT, list_keys[0])
    for ask in (vault.certificate, vault.current_secret, vault.all_secrets, vault.revocation):
        with pytest.raises(vault.VaultError, match=f"mailman pgp enable {BEE}"):
            ask(BEE)


def test_bound_to_the_list(store: Any, list_keys: list[NewListKey]) -> None:
    """A row that was moved to another list opens nothing there."""
    vault.store_list_key(ANT, list_keys[0])
    store.execute(sa.update(ListKey).values(list_id=BEE))
    with pytest.raises(vault.VaultError, match="moved here from another list"):
        vault.current_secret(BEE)
    with pytest.raises(vault.VaultError, match="moved here from another list"):
        vault.all_secrets(BEE)


def test_an_old_copy_is_the_same_key(store: Any, list_keys: list[NewListKey]) -> None:
    """Put back in the place of the extended one, it opens, and is the same key: it reads the same mail, and its older word is no newer.

    A copy of another key of the list, one that was retired say, opens in the place of no other.
    """
    old, other = list_keys[:2]
    vault.store_list_key(ANT, other)
    succeeded(old)
    before = vault.certificate(ANT)
    rows = {
        row.fingerprint: row for row in store.execute(sa.select(ListKey.fingerprint, ListKey.secret, ListKey.sealed_by))
    }
    until = now().replace(microsecond=0) + dt.timedelta(days=3000)
    vault.renew(before, *openpgp.extend(vault.current_secret(ANT), until))
    extended = vault.certificate(ANT)
    here = sa.update(ListKey).where(ListKey.fingerprint == old.certificate.fingerprint)
    store.execute(here.values(secret=rows[old.certificate.fingerprint].secret, certificate=before.certificate))
    assert vault.current_secret(ANT) == old.secret
    assert openpgp.merge(extended.certificate, vault.certificate(ANT).certificate).expires == until
    store.execute(here.values(secret=rows[other.certificate.fingerprint].secret))
    with pytest.raises(vault.VaultError, match="can't be opened"):
        vault.current_secret(ANT)


def test_bound_to_fingerprint_and_use(store: Any, list_keys: list[NewListKey]) -> None:
    """The sealed parts of a row can't be exchanged with each other, nor the fingerprint."""
    vault.store_list_key(ANT, list_keys[0])
    store.execute(sa.update(ListKey).values(secret=ListKey.revocation, revocation=ListKey.secret))
    with pytest.raises(vault.VaultError):
        vault.current_secret(ANT)
    with pytest.raises(vault.VaultError):
        vault.revocation(ANT)
    store.rollback()
    vault.store_list_key(ANT, list_keys[0])
    store.execute(sa.update(ListKey).values(fingerprint="AA"))
    with pytest.raises(vault.VaultError):
        vault.current_secret(ANT)


def test_key_of_another_site(list_keys: list[NewListKey], healthy: SiteKey, tmp_path: Path) -> None:
    """Under the site key of another site the sentence names both keys, and nothing is opened."""
    vault.store_list_key(ANT, list_keys[0])
    other = SiteKey.create(tmp_path / "other.key")
    health._state = dataclasses.replace(health._state, key=other)
    with pytest.raises(vault.VaultError, match=f"under the site key {healthy.key_id}.*holds {other.key_id}"):
        vault.current_secret(ANT)


def test_unhealthy_process(list_keys: list[NewListKey]) -> None:
    """A process that is not healthy neither opens nor seals, but still shows the certificate."""
    vault.store_list_key(ANT, list_keys[0])
    health.forget()
    for ask in (vault.current_secret, vault.all_secrets, vault.revocation):
        with pytest.raises(health.NotHealthy):
            ask(ANT)
    with pytest.raises(health.NotHealthy):
        vault.store_list_key(ANT, list_keys[1])
    assert vault.certificate(ANT).fingerprint == list_keys[0].certificate.fingerprint


def test_errors_hold_nothing_secret(store: Any, list_keys: list[NewListKey]) -> None:
    """The text and the causes of an error name no byte of the key."""
    vault.store_list_key(ANT, list_keys[0])
    store.execute(sa.update(ListKey).values(list_id=BEE))
    with pytest.raises(vault.VaultError) as caught:
        vault.current_secret(BEE)
    assert caught.value.__suppress_context__
    assert "PRIVATE" not in str(caught.value)


def test_what_signs_is_one_look(store: Any, list_keys: list[NewListKey]) -> None:
    """The key that signs, and whether it was revoked, are read at once: it is asked for each chunk of a post."""
    vault.store_list_key(ANT, list_keys[0])
    store.commit()
    with counted() as statements:
        vault.current_secret(ANT)
    assert len(statements) == 1
