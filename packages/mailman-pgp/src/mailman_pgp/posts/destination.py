"""Whether a signed message was meant for the list, and for the address of the list, that it came to.

A signature says who wrote something, not to whom.  Whoever can decrypt a signed message may encrypt it anew to the list, and
whoever carries a message may have it come to another address than its author wrote.  So where the author's program protects
To and Cc, they must name the address; else, where the signature names the keys that it was made for (RFC 9580 §5.2.3.36),
one of them must be the list's.  Of a message by a program that does neither, nothing can be told.
"""

from __future__ import annotations

import re
from contextlib import suppress
from enum import Enum
from typing import TYPE_CHECKING, Any

from mailman.config import config
from mailman.interfaces.mailinglist import IAcceptableAliasSet
from public import public

from mailman_pgp.keys import vault
from mailman_pgp.posts.record import Kind

if TYPE_CHECKING:
    from collections.abc import Collection

    from mailman_pgp.mime import Payload

#: What core takes for commands, and hands to the runner of the queue `command`.
COMMAND_ROLES = ("-request", "-join", "-subscribe", "-leave", "-unsubscribe", "-confirm")


@public
class Destination(Enum):
    """For whom the author of a message wrote it, as far as they say so under their signature."""

    HERE = "here"
    ELSEWHERE = "elsewhere"
    UNSAID = "unsaid"


@public
def destination_of(mlist: Any, kind: Kind, payload: Payload, intended: Collection[str]) -> Destination:
    """Whether the author of a message meant it for this list, as a post, mail to its owners, or a command.

    Core's settings count as for any list: acceptable aliases are names of the list's, and a list without
    `require_explicit_destination` takes posts that name it nowhere (Bcc).

    :param intended: The fingerprints of the keys that a signature which fits says it was made for; none where there is no such
        signature.
    """
    if payload.addressed:
        if any(_is_own(mlist, kind, address) for address in payload.recipients):
            return Destination.HERE
        if kind is Kind.POST and _is_alias(mlist, payload.recipients):
            return Destination.HERE
        if kind is not Kind.POST or mlist.require_explicit_destination:
            return Destination.ELSEWHERE
    if not intended:
        return Destination.UNSAID
    of_list = not vault.fingerprints(mlist.list_id).isdisjoint(intended)
    return Destination.HERE if of_list else Destination.ELSEWHERE


@public
def names_other_role(mlist: Any, kind: Kind, payload: Payload) -> bool:
    """Whether To and Cc, as the author protects them, name the list only in roles where something else is done with mail."""
    if any(_is_own(mlist, kind, address) for address in payload.recipients):
        return False
    return any(_is_own(mlist, Kind.COMMAND, address) for address in payload.recipients)


def _is_own(mlist: Any, kind: Kind, address: str) -> bool:
    """Whether mail to an address comes to the list in this role; as core's LMTP server reads addresses."""
    local, _, domain = address.rpartition("@")
    if local.split(config.mta.verp_delimiter, 1)[0] not in _own_locals(mlist, kind):
        return False
    # The domain's other name last: core asks three queries for it.
    return bool(domain == mlist.mail_host or domain == mlist.domain.alias_domain)  # noqa: PLR1714 - see above


def _own_locals(mlist: Any, kind: Kind) -> set[str]:
    """The local parts by which mail comes to the list in a role."""
    name = mlist.list_name
    roles = {Kind.POST: ("",), Kind.OWNER: ("-owner",), Kind.COMMAND: COMMAND_ROLES}[kind]
    return {f"{name}{role}" for role in roles}


def _is_alias(mlist: Any, addresses: Collection[str]) -> bool:
    """Whether one of the addresses is another name of the list's; read as by core's rule `implicit-dest`."""
    for alias in IAcceptableAliasSet(mlist).aliases:
        if not alias.startswith("^"):
            if alias in addresses:
                return True
            continue
        pattern = re.compile(re.escape(alias), re.IGNORECASE)
        with suppress(re.error):
            pattern = re.compile(alias, re.IGNORECASE)
        if any(pattern.match(address) for address in addresses):
            return True
    return False
