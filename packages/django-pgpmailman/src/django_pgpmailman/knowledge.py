"""What is remembered of a list for pages that are not ours: whether it is encrypted, and by which key.

These pages must neither break nor wait because of us.  So nothing raises here, the limit of time is short, and also that nobody
answered is remembered for a while.
"""

from __future__ import annotations

import logging
from dataclasses import asdict, dataclass
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from django.core.cache import cache
from django_mailman3.signals import mailinglist_created, mailinglist_deleted, mailinglist_modified

from django_pgpmailman import core
from django_pgpmailman.key_state import for_others
from django_pgpmailman.own_addresses import own_addresses
from django_pgpmailman.own_keys import AT_ONCE, at_list
from mailman_pgp_client import RefusedError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from django_pgpmailman.own_keys import Place
    from django_pgpmailman.words import State

log = logging.getLogger(__name__)

#: Where no event says that something has changed, it is seen after so many seconds.
REMEMBERED_SECONDS = 20
_LIMIT_SECONDS = 2.0
_SILENT = "pgpmailman:silent"  # nobody answered what was asked of a person
_PLAIN = {"plain": True}


@dataclass(frozen=True, slots=True)
class Encryption:
    """How a list is encrypted; times are as REST has them."""

    list_id: str
    address: str
    fingerprint: str
    expires: str | None

    @property
    def key_state(self) -> State:
        """How its key is, for those who visit the list."""
        return for_others({"expires": self.expires})

    @property
    def request_address(self) -> str:
        """Where commands go."""
        local, _, domain = self.address.rpartition("@")
        return f"{local}-request@{domain}"


def encryption_of(list_id: str) -> Encryption | None:
    """How a list (by its list-id) is encrypted; None where it is not, or nobody knows at the moment.  Never raises."""
    found = _remembered(list_id)
    return Encryption(**found) if found and found != _PLAIN else None


def is_plain(list_id: str) -> bool:
    """Whether a list is known not to be encrypted, on a Mailman that has encrypted lists.  Never raises."""
    return _remembered(list_id) == _PLAIN


def _remembered(list_id: str) -> Mapping[str, Any]:
    try:
        key = _key(list_id)
        found: Mapping[str, Any] | None = cache.get(key)
        if found is None:
            found = _asked(list_id)
            cache.set(key, found, REMEMBERED_SECONDS)
    except Exception as error:  # noqa: BLE001 - it may be the cache that is away
        log.warning("Whether %r is encrypted is not known: %s", list_id, type(error).__name__)
        return {}
    return found


def _asked(list_id: str) -> Mapping[str, Any]:
    """How a list is encrypted as plain values, asked of Mailman; `_PLAIN`, or empty where there is no answer."""
    try:
        with core.asking():
            answer = core.encrypted_lists(_LIMIT_SECONDS).of(list_id).certificate()
        return asdict(Encryption(**{name: answer[name] for name in Encryption.__dataclass_fields__}))
    except core.TroubleError as error:
        return _PLAIN if error.trouble is core.Trouble.NOT_ENCRYPTED else {}
    except RefusedError:
        return {}


@dataclass(frozen=True, slots=True)
class Own:
    """How somebody stands at a list; `others` are those of their addresses that are not on it, and don't ask to join."""

    places: list[Place]
    others: list[str]


def own_places(user: Any, list_id: str) -> Own | None:
    """How a user of the website stands at an encrypted list now; None for who is not signed in, or where nobody knows.  Never raises."""
    try:
        addresses = own_addresses(user)[:AT_ONCE] if user.is_authenticated else []
        return _own(list_id, addresses) if addresses and not cache.get(_SILENT) else None
    except Exception as error:  # noqa: BLE001 - as above
        log.warning("How somebody stands at %r is not known: %s", list_id, type(error).__name__)
        return None


def _own(list_id: str, addresses: list[str]) -> Own | None:
    try:
        with core.asking():
            places = at_list(core.encrypted_lists(_LIMIT_SECONDS), list_id, addresses)
    except (core.TroubleError, RefusedError):
        cache.set(_SILENT, 1, REMEMBERED_SECONDS)
        return None
    return Own(places, sorted({*addresses} - {place.address for place in places}))


def forget(list_id: Any, **_kwargs: Any) -> None:
    """Ask anew at the next page."""
    cache.delete(_key(str(list_id)))


def install() -> None:
    """Forget a list of which Postorius, or an event of Mailman's, says that it has changed."""
    for signal in (mailinglist_created, mailinglist_modified, mailinglist_deleted):
        signal.connect(forget, dispatch_uid="django_pgpmailman")


def _key(list_id: str) -> str:
    # A digest: some caches take neither long keys nor every character.
    return f"pgpmailman:list:{sha256(list_id.lower().encode()).hexdigest()}"
