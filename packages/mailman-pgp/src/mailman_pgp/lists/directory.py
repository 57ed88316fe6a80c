"""The certificates of lists where mail programs look for them by themselves: in a Web Key Directory.

See draft-koch-openpgp-webkey-service-21 §3.1.  A web server asks for what stands behind
``/.well-known/openpgpkey/hu/HASH`` (direct method, of its own domain) or ``/.well-known/openpgpkey/DOMAIN/hu/HASH`` (advanced).
"""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from mailman.interfaces.listmanager import IListManager
from mailman.model.mailinglist import MailingList
from public import public
from sqlalchemy import func, select
from zope.component import getUtility

from mailman_pgp import openpgp
from mailman_pgp.keys import vault
from mailman_pgp.lists.encryption import is_encrypted
from mailman_pgp.model.database import store
from mailman_pgp.model.tables import EncryptedList
from mailman_pgp.openpgp import CertificateError

if TYPE_CHECKING:
    from collections.abc import Mapping

# RFC 6189 §5.1.6.
_Z_BASE_32 = bytes.maketrans(b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", b"ybndrfg8ejkmcpqxot1uwisza345h769")


@public
def hashed(local_part: str) -> str:
    """The name of an address in the directory of its domain: 32 letters and digits in lower case."""
    digest = hashlib.sha1(local_part.lower().encode(), usedforsecurity=False).digest()  # the draft's choice, for a name
    return base64.b32encode(digest).translate(_Z_BASE_32).decode("ascii")


@public
def certificate(domain: str, name: str) -> bytes | None:
    """The certificate (binary) of the encrypted list at a domain whose posting address has this `hashed` name; else None.

    With the user ID of this address alone, and without what others have certified: strangers need not know who did.  Lists are
    found by their names in memory, so that an address which is none costs as little as one that is, however many there are.
    """
    list_id = _index().get((domain.lower(), name))
    mlist = None if list_id is None else getUtility(IListManager).get_by_list_id(list_id)
    if mlist is None or not is_encrypted(mlist.list_id):
        return None
    try:
        return openpgp.for_address(vault.certificate(mlist.list_id).certificate, mlist.posting_address)
    except (vault.VaultError, CertificateError):
        return None


@dataclass(frozen=True, slots=True)
class _Index:
    """The list-ids of encrypted lists by domain and name; `of` tells one set of encrypted lists from the next."""

    of: Any
    names: Mapping[tuple[str, str], str]


_known = _Index(None, {})


def _index() -> Mapping[tuple[str, str], str]:
    global _known  # noqa: PLW0603 - one assignment, which no thread sees half done
    # A list that becomes an encrypted one is the latest, and one that ceases to be one is missing.
    now_there = tuple(store().execute(select(func.count(), func.max(EncryptedList.enabled_at))).one())
    if _known.of != now_there:
        query = select(MailingList._list_id, MailingList.list_name, MailingList.mail_host).join(  # noqa: SLF001 - the column's name in core
            EncryptedList,
            EncryptedList.list_id == MailingList._list_id,  # noqa: SLF001 - see above
        )
        names = {(host.lower(), hashed(name)): list_id for list_id, name, host in store().execute(query)}
        _known = _Index(now_there, names)
    return _known.names
