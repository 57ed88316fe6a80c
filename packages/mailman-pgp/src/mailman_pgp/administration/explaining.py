"""`mailman pgp explain [FILE]`: why a mail was refused, or would be."""

from __future__ import annotations

import email
from typing import TYPE_CHECKING, Any

import click
from mailman.email.message import Message
from mailman.interfaces.listmanager import IListManager
from mailman.runners.lmtp import SUBADDRESS_NAMES, split_recipient
from zope.component import getUtility

from mailman_pgp.administration.answering import Mistaken, Refused, answering
from mailman_pgp.administration.arguments import encrypted_list
from mailman_pgp.administration.explained import as_data, as_text
from mailman_pgp.administration.output import Answer
from mailman_pgp.administration.upload import named_file, read_file
from mailman_pgp.keys import vault
from mailman_pgp.lists.encryption import is_encrypted
from mailman_pgp.mime import addresses, lines
from mailman_pgp.posts.explaining import explain
from mailman_pgp.posts.record import Kind
from mailman_pgp.site import health
from mailman_plugin_kit.texts import count

if TYPE_CHECKING:
    from collections.abc import Iterator

# Where it says to whom it goes, or where a mail server has written it.
_FIELDS = ("To", "Cc", "Delivered-To", "X-Original-To", "Envelope-To")
_KINDS = {"post": Kind.POST, "owners": Kind.OWNER}
_MIB = 2**20


@click.command("explain", short_help="Say of a mail why it was refused, or would be.")
@click.argument("file", metavar="[FILE]", default="-")
@click.option("--list", "spec", metavar="LIST", help="For which list. Default: the one that it is addressed to.")
@click.option(
    "--as",
    "kind",
    type=click.Choice(list(_KINDS)),
    help="As a post, or as mail to the owners. Default: as it is addressed.",
)
@answering
def explain_mail(file: str, spec: str | None, kind: str | None) -> Answer:
    """Say of the mail in FILE (default, or `-`: standard input) what the list finds in it, and what it would do with it now.

    FILE is a mail as it came, with its whole header. What is inside the encryption is not shown. Nothing is changed: the mail is not
    posted, its signature not claimed, nobody told.
    """
    data, name = _read(file), named_file(file)
    message = _parsed(data, name)
    places = list(_addressed(message))
    mlist = _chosen(spec, places, name)
    as_kind = _KINDS[kind] if kind is not None else _kind(mlist, places)
    if vault.waits(mlist.list_id):
        raise Refused(
            "list-waits",
            f"The key of {mlist.fqdn_listname} was revoked, so all of its mail waits until it has another one, and none is judged now: "
            f"mailman pgp list-key rotate {mlist.list_id}",
        )
    found = explain(mlist, message, as_kind)
    return Answer(data=as_data(mlist, found), text=as_text(mlist, found))


def _read(file: str) -> bytes:
    most = health.settings().max_message_bytes
    data = read_file(file, most + 1)
    if len(data) > most:
        raise Refused(
            "message-too-large",
            f"{named_file(file)} is larger than any mail that this site opens ({most / _MIB:.0f} MiB, `max_message_bytes`): a post of "
            "that size is refused, whatever is in it.",
        )
    return data


def _parsed(data: bytes, name: str) -> Message:
    """The mail as core's LMTP server takes it."""
    content = lines.canonical(data)
    message = email.message_from_bytes(content, Message)
    if "from" not in message and not any(field in message for field in _FIELDS):
        raise Mistaken(
            "no-mail",
            f"{name} holds no mail: there is no header with From and To in it. Save the mail with all of its header (the source, as "
            "some programs call it).",
        )
    if message.defects:
        raise Refused(
            "defects",
            f"Mailman's own mail server takes no mail like that in {name}, and tells the sender's: its structure is damaged "
            f"({', '.join(sorted({type(defect).__name__ for defect in message.defects}))}).",
        )
    message.original_size = len(content)
    return message


def _addressed(message: Message) -> Iterator[tuple[Any, str | None]]:
    """The encrypted lists that a mail names as its recipients, each with the part that says in which role, as core has it."""
    lists = getUtility(IListManager)
    for field in _FIELDS:
        for value in message.get_all(field, []):
            for address in addresses(str(value)):
                local, role, domain = split_recipient(address)
                whole = lists.get_by_fqdn(address)  # its name may end like a role
                mlist, role = (whole, None) if whole is not None else (lists.get_by_fqdn(f"{local}@{domain}"), role)
                if mlist is not None and is_encrypted(mlist.list_id):
                    yield mlist, SUBADDRESS_NAMES.get(role)


def _chosen(spec: str | None, places: list[tuple[Any, str | None]], name: str) -> Any:
    if spec is not None:
        return encrypted_list(spec)[0]
    named = {mlist.list_id: mlist for mlist, _ in places}
    if not named:
        raise Mistaken(
            "which-list", f"The mail in {name} is addressed to no encrypted list of this site. Name one with --list."
        )
    if len(named) > 1:
        raise Mistaken(
            "which-list",
            f"The mail in {name} is addressed to {count(len(named), 'encrypted list')}: {', '.join(sorted(named))}. Name one with "
            "--list.",
        )
    return next(iter(named.values()))


def _kind(mlist: Any, places: list[tuple[Any, str | None]]) -> Kind:
    roles = {role for one, role in places if one.list_id == mlist.list_id}
    if not roles or None in roles:
        return Kind.POST
    if "owner" in roles:
        return Kind.OWNER
    raise Refused(
        "for-commands",
        f"This mail is addressed to {mlist.fqdn_listname} as one with commands, which the list answers. How it would take it as a post, "
        "or as mail to the owners, is told with --as.",
    )
