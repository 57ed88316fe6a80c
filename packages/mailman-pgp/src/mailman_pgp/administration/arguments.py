"""The arguments of commands: which list, which address, whose certificate a person means by what they type."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mailman.interfaces.address import IEmailValidator
from public import public
from zope.component import getUtility

from mailman_pgp.administration.answering import Mistaken, Refused
from mailman_pgp.lists.encryption import settings_of
from mailman_pgp.overview import chosen
from mailman_workflows.lists import find_list

if TYPE_CHECKING:
    from mailman_pgp.model.tables import EncryptedList


@public
def any_list(spec: str) -> Any:
    """The mailing list (`IMailingList`) of a list-id or a posting address.

    :raises Mistaken: when there is none.
    """
    mlist = find_list(spec)
    if mlist is None:
        raise Mistaken(
            "no-such-list",
            f"There is no mailing list {spec!r}. Name it by its address (ant@example.com) or its list-id (ant.example.com); "
            "`mailman lists` shows all.",
        )
    return mlist


@public
def encrypted_list(spec: str) -> tuple[Any, EncryptedList]:
    """An encrypted list, with the row that holds its settings.

    :raises Mistaken: when there is no such list.
    :raises Refused: when it is not encrypted.
    """
    mlist = any_list(spec)
    row = settings_of(mlist.list_id)
    if row is None:
        raise Refused(
            "not-encrypted",
            f"{mlist.fqdn_listname} is not an encrypted list. `mailman pgp enable {mlist.list_id}` makes it one.",
        )
    return mlist, row


@public
def named(mlist: Any) -> dict[str, object]:
    """How a list is named in JSON."""
    return {"list_id": mlist.list_id, "address": mlist.fqdn_listname}


@public
def mail_address(text: str) -> str:
    """An address, in lower case.

    :raises Mistaken: when it is none.
    """
    address = text.strip().lower()
    if not getUtility(IEmailValidator).is_valid(address):
        raise Mistaken("no-address", f"{text!r} is no mail address. It looks like anne@example.com.")
    return address


@public
def is_member(mlist: Any, address: str) -> bool:
    """Whether somebody is a member of a list."""
    return bool(mlist.members.get_memberships(address))


@public
def chosen_at(spec: str, text: str) -> tuple[Any, chosen.Chosen]:
    """An encrypted list, and the certificate that is chosen there for an address.

    :raises Mistaken: when there is no such list, or it is no address.
    :raises Refused: when the list is not encrypted, or no certificate is chosen.
    """
    mlist, _ = encrypted_list(spec)
    address = mail_address(text)
    found = chosen.of_address(mlist.list_id, address)
    if found is None:
        raise Refused(
            "no-certificate",
            f"No certificate is chosen for {address} on {mlist.fqdn_listname}. "
            f"`mailman pgp certificate list {mlist.list_id}` shows all that are.",
        )
    return mlist, found
