"""`mailman pgp enable LIST` and `mailman pgp disable LIST`."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import click
from sqlalchemy import func, select

from mailman_pgp.administration.answering import OWNER, Mistaken, Refused, answering
from mailman_pgp.administration.arguments import any_list, encrypted_list, named
from mailman_pgp.administration.list_key_kinds import YES, certain, profile_option
from mailman_pgp.administration.output import Answer
from mailman_pgp.keys import vault
from mailman_pgp.layout import fields, moment, paragraphs, steps
from mailman_pgp.lists import core_settings, deeds, encryption
from mailman_pgp.lists.admission import is_moderated
from mailman_pgp.lists.deeds import Deed
from mailman_pgp.model.database import store
from mailman_pgp.model.tables import Choice, ListKey
from mailman_pgp.openpgp import Profile, grouped
from mailman_pgp.overview.list_key_kinds import WORDS
from mailman_plugin_kit.texts import count

_ANYBODY = (
    "Everybody who proves a key can join and read what is posted then (subscription_policy: {policy}). Is a moderator to decide "
    "about each? Set it to confirm_then_moderate, in the list's web settings or by REST."
)


@click.command("enable", short_help="Turn a list into an encrypted one.")
@click.argument("spec", metavar="LIST")
@profile_option("usual")
@YES
@answering
def enable(spec: str, profile: str | None, *, yes: bool) -> Answer:
    """Turn LIST into an encrypted list.

    A key pair is made for the list. Those settings of Mailman that would keep or send posts in the clear (archives,
    digests, news) are switched off, and come back with `disable`.
    """
    mlist = any_list(spec)
    kind = Profile(profile or Profile.USUAL)
    effects = certain(mlist, kind, yes=yes)
    fingerprint = encryption.enable(mlist, kind)
    deeds.record(mlist, Deed.ENCRYPTED, OWNER, what=fingerprint)
    key = vault.certificate(mlist.list_id)
    row = encryption.settings_of(mlist.list_id)
    assert row is not None  # it was made just now
    changed = core_settings.changes(mlist, json.loads(row.restore))
    members = mlist.members.member_count
    moderated = is_moderated(mlist)
    return Answer(
        data={
            "list": named(mlist),
            "encrypted": True,
            "moderated": moderated,
            "list_key": {"fingerprint": fingerprint, "expires": key.expires, "profile": kind},
            "warnings": list(effects.sentences),
            "changed_settings": {name: {"from": before, "to": after} for name, before, after in changed},
            "members": members,
        },
        text=paragraphs(
            f"{mlist.fqdn_listname} is an encrypted list now.",
            fields(
                [
                    ("List key", grouped(fingerprint)),
                    ("Expires", moment(key.expires) if key.expires else "never"),
                    *([("Kind", WORDS[kind])] if kind.experimental else []),
                    ("Changed", [f"{name}: {before} -> {after}" for name, before, after in changed] or "nothing else"),
                ]
            ),
            *(effects.sentences if yes else ()),
            steps(
                [
                    f"Give the list's certificate to those who post: mailman pgp list-key export {mlist.list_id}",
                    (
                        f"Add the certificate of each member ({members} now): "
                        f"mailman pgp certificate add {mlist.list_id} ADDRESS FILE"
                    ),
                    (
                        "Add the certificates of its owners and moderators in the same way: while none of them has one, mail to "
                        f"{mlist.owner_address} is refused."
                    ),
                    *([] if moderated else [_ANYBODY.format(policy=mlist.subscription_policy.name)]),
                    (
                        "Keep the revocation certificate of the list's key elsewhere, for the day on which this machine is lost: "
                        f"mailman pgp list-key revocation-certificate {mlist.list_id} --output FILE"
                    ),
                    f"See who gets nothing yet: mailman pgp status {mlist.list_id}",
                ]
            ),
        ),
    )


@click.command("disable", short_help="Turn an encrypted list back into a plain one.")
@click.argument("spec", metavar="LIST")
@click.option("--yes", is_flag=True, help="Do not ask.")
@answering
def disable(spec: str, *, yes: bool) -> Answer:
    """Turn the encrypted list LIST back into a plain one.

    Its secret keys are destroyed for good: what was encrypted to them can't be opened by the list any more. Which
    certificates count for its members, and the records of its deliveries, are forgotten. Mailman's settings come back.
    """
    mlist, _ = encrypted_list(spec)
    loss = _loss(mlist.list_id)
    if not yes:
        _ask(mlist, loss)
    encryption.disable(mlist)
    deeds.record(mlist, Deed.PLAIN, OWNER, what=" ".join(loss.keys))
    return Answer(
        data={
            "list": named(mlist),
            "encrypted": False,
            "destroyed": {"list_keys": list(loss.keys), "certificates": loss.certificates},
        },
        text=paragraphs(
            f"{mlist.fqdn_listname} is a plain list now: its posts travel in the clear.",
            fields(
                [
                    ("Destroyed", [f"secret key {grouped(key)}" for key in loss.keys] or "no secret key"),
                    ("Forgotten", f"which certificate counts for {count(loss.certificates, 'address', 'addresses')}"),
                ]
            ),
            steps(
                [
                    "Tell the members, who may go on encrypting to a key that nobody can open any more.",
                    "Check that its archives and digests, set again as they were before, are still what you want.",
                ]
            ),
        ),
    )


@dataclass(frozen=True, slots=True)
class _Loss:
    """What `disable` destroys: the fingerprints of the list's keys, and for how many addresses a certificate counts."""

    keys: tuple[str, ...]
    certificates: int


def _loss(list_id: str) -> _Loss:
    keys = store().scalars(select(ListKey.fingerprint).where(ListKey.list_id == list_id).order_by(ListKey.created))
    counting = select(func.count()).where(Choice.list_id == list_id, Choice.until.is_(None))
    return _Loss(keys=tuple(keys), certificates=int(store().scalar(counting) or 0))


def _ask(mlist: Any, loss: _Loss) -> None:
    """Say what is about to be destroyed and ask whether it may be."""
    if click.get_current_context().params.get("as_json"):
        raise Mistaken("confirmation", "With --json nothing is asked: add --yes if the list is to be a plain one.")
    click.echo(
        paragraphs(
            f"{mlist.fqdn_listname} would become a plain list.",
            fields(
                [
                    ("Destroyed for good", [f"secret key {grouped(key)}" for key in loss.keys] or "no secret key"),
                    ("", "Mail encrypted to the list can't be opened by it any more."),
                    ("Forgotten", f"which certificate counts for {count(loss.certificates, 'address', 'addresses')}"),
                    ("From then on", "posts travel in the clear, and archives and digests are as they were before."),
                ]
            ),
        ),
        nl=False,
    )
    # The question may wait for hours; no transaction does.
    store().rollback()
    if not click.confirm("\nDestroy the keys and go on?", default=False):
        raise Refused("not-confirmed", "Nothing was changed.")
