"""What program somebody needs for a list whose key is of an experimental kind."""

from __future__ import annotations

from public import public

from mailman_pgp.i18n import N_
from mailman_pgp.keys import vault
from mailman_pgp.openpgp import Profile, is_post_quantum, profile_of

_PROGRAMS = {
    Profile.USUAL: "",
    Profile.V6: N_("""\
To read what this list sends, and to write to it, you need a program that knows
OpenPGP keys of version 6 (RFC 9580)."""),
    Profile.POST_QUANTUM: N_("""\
To write to this list you need a program that knows post-quantum keys of OpenPGP
(ML-KEM-768 with X25519, RFC 9980). Other programs can read what it sends."""),
}

_BOTH = N_("""\
To read what this list sends you need a program that knows OpenPGP keys of
version 6 (RFC 9580); to write to it, one that knows post-quantum keys, too
(ML-KEM-768 with X25519, RFC 9980).""")


@public
def program_for(list_id: str) -> str:
    """What to say of it to people of a list, to be translated; empty for a list that every program can deal with.

    :raises mailman_pgp.keys.vault.VaultError: when the list has no key.
    """
    certificate = vault.certificate(list_id).certificate
    kind = profile_of(certificate)
    return _BOTH if kind is Profile.V6 and is_post_quantum(certificate) else _PROGRAMS[kind]
