"""`mailman pgp list-key rotate|revoke LIST`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from mailman_pgp import openpgp
from mailman_pgp.administration.answering import OWNER, Mistaken, Refused, answering
from mailman_pgp.administration.arguments import encrypted_list, named
from mailman_pgp.administration.list_key_kinds import YES, certain, profile_option
from mailman_pgp.administration.output import Answer
from mailman_pgp.administration.upload import read_file
from mailman_pgp.exchange import list_keys
from mailman_pgp.keys import revoking, vault
from mailman_pgp.keys.succession import DEFAULT_OVERLAP_DAYS, MOST_OVERLAP_DAYS
from mailman_pgp.keys.vault import KeyState
from mailman_pgp.layout import fields, moment, paragraphs, steps
from mailman_pgp.lists import deeds
from mailman_pgp.lists.deeds import Deed
from mailman_pgp.model.database import store
from mailman_pgp.openpgp import Profile, Reason, grouped, profile_of
from mailman_pgp.overview.list_key_kinds import WORDS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mailman_pgp.keys.succession import Succession
    from mailman_pgp.keys.vault import ListCertificate

_WAITS = (
    "Until it has another key the list opens and sends nothing. Its mail waits in Mailman's queues, and none of it is lost. With another "
    "key, who has encrypted to this one is told to encrypt to the new one, and to send the message again."
)
_MOST_WORDS = 200

OVERLAP = click.option(
    "--overlap",
    metavar="DAYS",
    type=click.IntRange(1, MOST_OVERLAP_DAYS),
    default=DEFAULT_OVERLAP_DAYS,
    show_default=True,
    help="For how many days the key of now opens mail beside the new one.",
)


@click.command("rotate", short_help="Give LIST a new key; the one of now opens mail for a while.")
@click.argument("spec", metavar="LIST")
@OVERLAP
@profile_option("that of the key of now")
@YES
@answering
def rotate(spec: str, overlap: int, profile: str | None, *, yes: bool) -> Answer:
    """Give LIST a new key. The one of now opens mail beside it for a while, and then ends by itself.

    The one of now certifies the new one, and signs the message by which people on the list are told. In place of a key that was revoked
    the new one opens mail alone.
    """
    mlist, _ = encrypted_list(spec)
    # Of two at once the second finds another key than it was run for.
    seen = vault.certificate(mlist.list_id).fingerprint
    kind = None if profile is None else Profile(profile)
    effects = None if kind is None else certain(mlist, kind, yes=yes)
    done = list_keys.succeed(mlist, None, overlap, seen, profile=kind)
    deeds.record(mlist, Deed.KEY_ROTATED, OWNER, what=vault.certificate(mlist.list_id).fingerprint)
    return followed(mlist, done, effects.sentences if effects and yes else ())


def followed(mlist: Any, done: Succession, warnings: Sequence[str] = ()) -> Answer:
    """What to say of a key that follows another."""
    key = vault.certificate(mlist.list_id)
    kind = profile_of(key.certificate)
    ends = "opens nothing any more: it was revoked" if done.until is None else f"opens mail until {moment(done.until)}"
    return Answer(
        data={
            "list": named(mlist),
            "list_key": {"fingerprint": key.fingerprint, "expires": key.expires, "profile": kind},
            "warnings": list(warnings),
            "former": {"fingerprint": done.before.fingerprint, "opens_until": done.until},
        },
        text=paragraphs(
            f"{mlist.fqdn_listname} has a new key.",
            fields(
                [
                    ("Fingerprint", grouped(key.fingerprint)),
                    ("Expires", moment(key.expires) if key.expires else "never"),
                    *([("Kind", WORDS[kind])] if kind.experimental else []),
                    ("Until now", [grouped(done.before.fingerprint), ends]),
                ]
            ),
            *warnings,
            steps(
                [
                    "The people on the list are told now, by mail that the key until now has signed."
                    if done.until
                    else "The people on the list are told now. The key until now can vouch for nothing: let them compare the fingerprint.",
                    f"Put the new one where you have published the list's key: mailman pgp list-key export {mlist.list_id}",
                    (
                        "Keep its revocation certificate elsewhere: "
                        f"mailman pgp list-key revocation-certificate {mlist.list_id} --output FILE"
                    ),
                ]
            ),
        ),
    )


@click.command("revoke", short_help="End the key of LIST for good.")
@click.argument("spec", metavar="LIST")
@click.option(
    "--reason",
    type=click.Choice([reason.name.lower() for reason in Reason]),
    help="Why. What the key has signed stays good for others unless it was compromised.",
)
@click.option("--words", default="", help="What programs show to people beside the reason.")
@click.option("--certificate", "file", metavar="FILE", help="Apply this revocation; the secret key is not needed.")
@click.option("--key", "fingerprint", metavar="FINGERPRINT", help="Which key of the list. Default: the current one.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@answering
def revoke(
    spec: str, reason: str | None, words: str, file: str | None, fingerprint: str | None, *, yes: bool
) -> Answer:
    """End the key of LIST for good, which can't be taken back: nothing is opened or signed by it any more.

    Without another key the list stops: its mail waits in Mailman's queues until `list-key rotate` gives it one. For a key that is
    nobody's but the list's, rotate alone is enough; revoke one that somebody else may have.
    """
    mlist, _ = encrypted_list(spec)
    if (reason is None) == (file is None):
        raise Mistaken("reason", "Say why by --reason, or name a revocation certificate by --certificate.")
    if len(words) > _MOST_WORDS or not words.isprintable():
        raise Mistaken("words", f"The words are to be one line of {_MOST_WORDS} characters at most.")
    if file is not None:
        content = read_file(file)
        _certain(mlist, "the key that the revocation certificate is about", yes=yes)
        before = revoking.revoke_by(mlist.list_id, content)
    else:
        named_one = None if fingerprint is None else "".join(fingerprint.split()).upper()
        which = revoking.key_of(mlist.list_id, named_one).fingerprint
        _certain(mlist, f"the key {grouped(which)}", yes=yes)
        before = revoking.key_of(mlist.list_id, which)
        revoking.revoke(before, Reason[(reason or "").upper()], words)
    deeds.record(mlist, Deed.KEY_REVOKED, OWNER, what=before.fingerprint)
    return _revoked(mlist, before)


def _certain(mlist: Any, what: str, *, yes: bool) -> None:
    if yes:
        return
    if click.get_current_context().params.get("as_json"):
        raise Mistaken("confirmation", "With --json nothing is asked: add --yes if the key is to be revoked.")
    # The question may wait for hours; no transaction does.
    store().rollback()
    try:
        certain = click.confirm(f"Revoke {what} of {mlist.fqdn_listname} for good?", default=False, err=True)
    except click.Abort:
        sentence = "There was no answer, so nothing was changed. Where nobody can be asked, add --yes."
        raise Refused("not-confirmed", sentence) from None
    if not certain:
        raise Refused("not-confirmed", "Nothing was changed.")


def _revoked(mlist: Any, before: ListCertificate) -> Answer:
    waits = before.state is KeyState.CURRENT
    certificate = openpgp.armor(revoking.key_of(mlist.list_id, before.fingerprint).certificate, openpgp.PUBLIC_KEY)
    return Answer(
        data={
            "list": named(mlist),
            "fingerprint": before.fingerprint,
            "waits": waits,
            "certificate": certificate.decode("ascii"),
        },
        text=paragraphs(
            f"The key of {mlist.fqdn_listname} is revoked.",
            fields([("Fingerprint", grouped(before.fingerprint))]),
            _WAITS if waits else "",
            steps(
                [
                    *([f"Give the list another key: mailman pgp list-key rotate {mlist.list_id}"] if waits else []),
                    (
                        "Give the revoked certificate to those who have the key: "
                        f"mailman pgp list-key export {mlist.list_id} --key {before.fingerprint}"
                    ),
                ]
            ),
        ),
    )
