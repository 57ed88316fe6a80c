"""`mailman pgp change list|show|accept|reject|discard`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from mailman_pgp import openpgp
from mailman_pgp.administration import requests
from mailman_pgp.administration.answering import OWNER, answering
from mailman_pgp.administration.arguments import encrypted_list, named
from mailman_pgp.administration.described import shown
from mailman_pgp.administration.output import Answer
from mailman_pgp.conversation import key_changes
from mailman_pgp.conversation.matters import Decision
from mailman_pgp.layout import fields, moment, paragraphs, steps, table
from mailman_pgp.openpgp import grouped
from mailman_pgp.overview import data, reasons
from mailman_plugin_kit.texts import count

if TYPE_CHECKING:
    from typing import Any

    from mailman_pgp.conversation.key_changes import KeyChange

_ARMOR = "PGP PUBLIC KEY BLOCK"
_SAID = {
    Decision.ACCEPT: "From now on this key counts for {address} on {list}.",
    Decision.REJECT: "The key does not count for {address} on {list}, and they are told. Nothing was changed.",
    Decision.DISCARD: "The key does not count for {address} on {list}, and nobody is told. Nothing was changed.",
}


@click.group("change", short_help="Decide about keys that wait for a moderator.")
def change() -> None:
    """The keys with which people want to replace their present one, which has not signed for them.

    They have shown that they hold the new key and read mail at their address. Whether they are who they say, a moderator
    decides: here, by REST, or by a signed reply.
    """


@change.command("list", short_help="List the keys that wait for a moderator.")
@click.argument("spec", metavar="LIST")
@answering
def list_changes(spec: str) -> Answer:
    """List the keys that wait for a moderator at LIST, the oldest first."""
    mlist, _ = encrypted_list(spec)
    found = key_changes.waiting_at(mlist)
    rows = [
        (moment(one.since), one.address, grouped(one.certificate.fingerprint), one.token, _state(one)) for one in found
    ]
    return Answer(
        data={"list": named(mlist), "changes": [_data(one) for one in found]},
        text=paragraphs(
            f"{mlist.fqdn_listname}: {count(len(found), 'key')} {'waits' if len(found) == 1 else 'wait'} for a moderator.",
            table(rows) if rows else "",
            steps(
                [f"See what counts until now, and the key: mailman pgp change show {mlist.list_id} TOKEN"]
                if rows
                else []
            ),
        ),
    )


@change.command("show", short_help="Show a key that waits, and the one that counts.")
@click.argument("spec", metavar="LIST")
@click.argument("token", metavar="TOKEN")
@answering
def show(spec: str, token: str) -> Answer:
    """Show the key that waits at LIST under TOKEN, and the one that counts."""
    mlist, _ = encrypted_list(spec)
    found = key_changes.find(mlist, token)
    armored = openpgp.armor(found.certificate.data, _ARMOR).decode("ascii")
    return Answer(
        data={"list": named(mlist), **_data(found), "armored": armored},
        text=paragraphs(
            f"{found.address} asks that another key counts for them on {mlist.fqdn_listname}",
            fields(
                [
                    *shown(found.certificate),
                    ("Usable", "yes" if found.problem is None else f"no: {reasons.unserved(found.problem).words}"),
                    ("Counts now", _counting(found)),
                    ("Asked", f"{moment(found.since)}; forgotten {moment(found.expires)}"),
                ]
            ),
            "What counts was changed since they asked, so this can't be accepted any more.\n" if found.outdated else "",
            steps(
                [
                    f"Compare the fingerprint with {found.address} in another way than by mail: by telephone, or in person.",
                    f"Then: mailman pgp change accept {mlist.list_id} {found.token}",
                    f"If it is not theirs: mailman pgp change reject {mlist.list_id} {found.token}",
                ]
            ),
        ),
    )


@change.command("accept", short_help="Let a key that waits take the other's place.")
@click.argument("spec", metavar="LIST")
@click.argument("token", metavar="TOKEN")
@answering
def accept(spec: str, token: str) -> Answer:
    """Let the key that waits at LIST under TOKEN count, in the place of the one until now."""
    return _decided(spec, token, Decision.ACCEPT)


@change.command("reject")
@click.argument("spec", metavar="LIST")
@click.argument("token", metavar="TOKEN")
@answering
def reject(spec: str, token: str) -> Answer:
    """Don't let it count, and tell its person."""
    return _decided(spec, token, Decision.REJECT)


@change.command("discard")
@click.argument("spec", metavar="LIST")
@click.argument("token", metavar="TOKEN")
@answering
def discard(spec: str, token: str) -> Answer:
    """Don't let it count, and tell nobody."""
    return _decided(spec, token, Decision.DISCARD)


def _decided(spec: str, token: str, decision: Decision) -> Answer:
    mlist, _ = encrypted_list(spec)
    found = key_changes.decide(mlist, token, decision, OWNER)
    waited = requests.after_change(mlist, found.address)
    return Answer(
        data={
            "list": named(mlist),
            "address": found.address,
            "fingerprint": found.certificate.fingerprint,
            "outcome": f"{decision.value}ed",
            "requests": waited.data,
        },
        text=paragraphs(
            _SAID[decision].format(address=found.address, list=mlist.fqdn_listname),
            fields([("Fingerprint", grouped(found.certificate.fingerprint))]),
            waited.text,
        ),
    )


def _data(found: KeyChange) -> dict[str, Any]:
    return {
        "token": found.token,
        "address": found.address,
        "since": found.since,
        "expires": found.expires,
        "certificate": data.described(found.certificate),
        "problem": found.problem,
        "earlier": found.earlier,
        "counting": found.counting or None,
        "suspended": found.suspended,
        "outdated": found.outdated,
    }


def _counting(found: KeyChange) -> str:
    if found.suspended and found.chosen is not None:
        return f"none: {grouped(found.chosen.fingerprint)} is suspended. To accept the other one ends that."
    return grouped(found.counting) if found.counting else "none"


def _state(found: KeyChange) -> str:
    if found.outdated:
        return "can't be accepted any more"
    return "" if found.problem is None else reasons.unserved(found.problem).words
