"""The secret keys of lists: in the database, sealed under the site's key.

Use `from mailman_pgp.keys import vault`.  Opening a key takes some microseconds; no opened one is kept here.
"""

from mailman_pgp.keys.vault.changing import renew, reseal, revoke, store_list_key, succeed
from mailman_pgp.keys.vault.errors import VaultError
from mailman_pgp.keys.vault.opening import (
    all_secrets,
    announcing_secret,
    current_secret,
    opening_secrets,
    revocation,
    secret_of,
)
from mailman_pgp.keys.vault.public_side import (
    KeyState,
    ListCertificate,
    certificate,
    certificates,
    current_keys,
    fingerprints,
    key_names,
    owner_of,
    waits,
)

__all__ = [
    "KeyState",
    "ListCertificate",
    "VaultError",
    "all_secrets",
    "announcing_secret",
    "certificate",
    "certificates",
    "current_keys",
    "current_secret",
    "fingerprints",
    "key_names",
    "opening_secrets",
    "owner_of",
    "renew",
    "reseal",
    "revocation",
    "revoke",
    "secret_of",
    "store_list_key",
    "succeed",
    "waits",
]
