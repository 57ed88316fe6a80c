"""What is remembered of a list for pages that are not ours: whether it is encrypted, and by which key.

These pages must neither break nor wait because of us.  So nothing raises here, the limit of time is short, and is that of a whole page;
and that nobody answered is remembered for a while, of Mailman and not of one list.

A list may be forgotten while Mailman is being asked about it, and then the answer is already an old one.  So whoever forgets begins an
age, by a word that nobody else has, and an answer counts in the age only in which it was asked for.
"""

from __future__ import annotations

import logging
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from enum import Enum
from hashlib import sha256
from secrets import token_hex
from time import monotonic
from typing import TYPE_CHECKING, Any

from django.core.cache import cache
from django_mailman3.signals import mailinglist_created, mailinglist_deleted, mailinglist_modified

from django_pgpmailman import core
from django_pgpmailman.key_state import for_others
from django_pgpmailman.own_addresses import own_addresses
from django_pgpmailman.own_keys import AT_ONCE, at_list
from mailman_pgp_client import RefusedError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from django_pgpmailman.own_keys import Place
    from django_pgpmailman.words import State
    from mailman_pgp_client import EncryptedLists

log = logging.getLogger(__name__)

#: Where no event says that something has changed, it is seen after so many seconds.
REMEMBERED_SECONDS = 20
_LIMIT_SECONDS = 2.0
#: Longer than an answer from an earlier age can come late, and be remembered then.
_AGE_SECONDS = 10 * REMEMBERED_SECONDS
_SILENT = "pgpmailman:silent"  # Mailman did not answer
_PLAIN = {"plain": True}
_PATIENCE = "_pgpmailman_seconds"  # of a request: how long its page may still wait


@dataclass(frozen=True, slots=True)
class Encryption:
    """How a list is encrypted; times, and the kind of its key (`profile`), are as REST has them."""

    list_id: str
    address: str
    fingerprint: str
    expires: str | None
    revoked: bool
    profile: str = "usual"

    @property
    def key_state(self) -> State:
        """How its key is, for those who visit the list."""
        return for_others({"expires": self.expires, "revoked": self.revoked})

    @property
    def request_address(self) -> str:
        """Where commands go."""
        local, _, domain = self.address.rpartition("@")
        return f"{local}-request@{domain}"


class NoEncryption(Enum):
    """There is nothing to say of a list's encryption.  What an encrypted list must not have, is not shown where nobody knows."""

    PLAIN = "plain"  # it is not encrypted, on a Mailman that has encrypted lists
    UNKNOWN = "unknown"  # it may be encrypted: nobody knows at the moment


def encryption_of(list_id: str, request: Any = None) -> Encryption | NoEncryption:
    """How a list (by its list-id) is encrypted; or that it is not; or that nobody knows at the moment.  Never raises.

    :param request: For whose page it is asked, which waits for all that is asked for it no longer than for one thing.
    """
    try:
        key, age_key = _key(list_id), _age_key(list_id)
        known = cache.get_many([key, age_key, _SILENT])
        age = known.get(age_key)
        answer, asked_in = known.get(key, (None, None))
        found: Mapping[str, Any] | None = answer if asked_in == age else None
        if found is None and _SILENT not in known:
            found = _asked(list_id, request)
            if found is not None:
                cache.set(key, (found, age), REMEMBERED_SECONDS)
        if found == _PLAIN:
            return NoEncryption.PLAIN
        return Encryption(**found) if found else NoEncryption.UNKNOWN
    except Exception as error:  # noqa: BLE001 - it may be the cache that is away
        log.warning("Whether %r is encrypted is not known: %s", list_id, type(error).__name__)
        return NoEncryption.UNKNOWN


@contextmanager
def _asking(request: Any, *, of_one: bool = False) -> Iterator[EncryptedLists]:
    """Ask within what is left of the patience of a page; raises TroubleError AWAY, which is remembered, also where nothing is.

    :param of_one: It is asked about one person, and may take long because of what that one has sent: it is not remembered of Mailman.
    """
    left = getattr(request, _PATIENCE, _LIMIT_SECONDS)
    if left <= 0:
        raise core.TroubleError(core.Trouble.AWAY)
    begun = monotonic()
    try:
        with core.asking():
            yield core.encrypted_lists(left)
    except core.TroubleError as error:
        if error.trouble is core.Trouble.AWAY and not of_one:
            cache.set(_SILENT, 1, REMEMBERED_SECONDS)
        raise
    finally:
        if request is not None:
            setattr(request, _PATIENCE, left - (monotonic() - begun))


def _asked(list_id: str, request: Any) -> Mapping[str, Any] | None:
    """How a list is encrypted as plain values, asked of Mailman; `_PLAIN`, or empty where it says neither, None where it is silent."""
    try:
        with _asking(request) as lists:
            answer = lists.of(list_id).certificate()
        return asdict(Encryption(**{name: answer[name] for name in Encryption.__dataclass_fields__ if name in answer}))
    except core.TroubleError as error:
        if error.trouble is core.Trouble.AWAY:
            return None
        return _PLAIN if error.trouble is core.Trouble.NOT_ENCRYPTED else {}
    except RefusedError:
        return {}


@dataclass(frozen=True, slots=True)
class Own:
    """How somebody stands at a list; `others` are those of their addresses that are not on it, and don't ask to join."""

    places: list[Place]
    others: list[str]


def own_places(user: Any, list_id: str, request: Any = None) -> Own | None:
    """How a user of the website stands at an encrypted list now; None for who is not signed in, or where nobody knows.  Never raises.

    :param request: As above.
    """
    try:
        addresses = own_addresses(user)[:AT_ONCE] if user.is_authenticated else []
        return _own(list_id, addresses, request) if addresses and not cache.get(_SILENT) else None
    except Exception as error:  # noqa: BLE001 - as above
        log.warning("How somebody stands at %r is not known: %s", list_id, type(error).__name__)
        return None


def _own(list_id: str, addresses: list[str], request: Any) -> Own | None:
    refused = _key("\n".join(["", *addresses]))  # no list-id; what is refused of one person says nothing of others
    if cache.get(refused):
        return None
    try:
        with _asking(request, of_one=True) as lists:
            places = at_list(lists, list_id, addresses)
    except (core.TroubleError, RefusedError):
        cache.set(refused, 1, REMEMBERED_SECONDS)
        return None
    return Own(places, sorted({*addresses} - {place.address for place in places}))


def forget(list_id: Any, **_kwargs: Any) -> None:
    """Ask anew at the next page, whatever is being answered at this moment."""
    cache.set(_age_key(str(list_id)), token_hex(8), _AGE_SECONDS)
    cache.delete(_key(str(list_id)))


def install() -> None:
    """Forget a list of which Postorius, or an event of Mailman's, says that it has changed."""
    for signal in (mailinglist_created, mailinglist_modified, mailinglist_deleted):
        signal.connect(forget, dispatch_uid="django_pgpmailman")


def _key(name: str) -> str:
    # A digest: some caches take neither long keys nor every character.
    return f"pgpmailman:list:{sha256(name.lower().encode()).hexdigest()}"


def _age_key(list_id: str) -> str:
    return f"{_key(list_id)}:age"
