"""What a path names: a list, somebody's certificate; and the links that lead there."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from mailman.core.api import API31
from public import public

from mailman_pgp.exchange.refusals import Refusal
from mailman_pgp.lists.encryption import settings_of
from mailman_pgp.overview import chosen
from mailman_pgp.rest.fields import as_address
from mailman_workflows.lists import find_list

if TYPE_CHECKING:
    from mailman_pgp.model.tables import EncryptedList

_SHOWN = 60  # characters of what somebody wrote, in a sentence


@public
def any_list(spec: str) -> Any:
    """The mailing list (`IMailingList`) of a list-id or a posting address.

    :raises Refusal: when there is none.
    """
    mlist = find_list(spec)
    if mlist is None:
        raise Refusal(
            "no-such-list",
            f"There is no mailing list {spec[:_SHOWN]!a}. Name it by its list-id (ant.example.com) or its address "
            "(ant@example.com).",
        )
    return mlist


@public
def encrypted_list(spec: str) -> tuple[Any, EncryptedList]:
    """An encrypted list, with the row that holds its settings.

    :raises Refusal: when there is no such list, or it is not encrypted.
    """
    mlist = any_list(spec)
    row = settings_of(mlist.list_id)
    if row is None:
        raise Refusal(
            "not-encrypted", f"{mlist.fqdn_listname} is not an encrypted list. POST it to `lists` to make it one."
        )
    return mlist, row


@public
def certificate_of(mlist: Any, text: str) -> chosen.Chosen:
    """The certificate that is chosen for an address on a list.

    :raises Refusal: when there is none, or it is no address.
    """
    address = as_address(text)
    found = None if address is None else chosen.of_address(mlist.list_id, address)
    if found is None:
        raise Refusal("no-certificate", f"No certificate is chosen for {text[:_SHOWN]!a} on {mlist.fqdn_listname}.")
    return found


@public
def link(*parts: str) -> str:
    """The URL of one of our resources; the parts of its path are still as people write them."""
    return core_link("plugins", "pgp", *parts)


@public
def core_link(*parts: str) -> str:
    """The URL of a resource of core's."""
    return str(API31.path_to("/".join(quote(part, safe="@") for part in parts)))
