"""Commands about one's own key."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mailman_pgp import openpgp
from mailman_pgp.conversation.brought import same
from mailman_pgp.conversation.commands.base import Command, CommandRefusedError, Proof, Run
from mailman_pgp.exchange import changing
from mailman_pgp.i18n import N_, _
from mailman_pgp.keys import registry, suspensions
from mailman_pgp.keys.journal import Actor, Door
from mailman_pgp.keys.registry import ChoiceState, RegistryError
from mailman_pgp.openpgp import CertificateError, OpenPGPError, grouped

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mailman_pgp.conversation.brought import Brought


def let_count(run: Run, *, change: bool = False) -> str:
    """Let the certificate count that came and was proved; return the sentence about it.

    :param change: Whether it may take the place of another one.
    :raises CommandRefusedError:
    """
    offered = _proved(run)
    before = registry.held(run.mlist.list_id, run.address)
    takes_its_place = before is not None and before.choice.counts and before.fingerprint != offered.fingerprint
    if takes_its_place and not change:
        raise CommandRefusedError(
            _(
                "Another key counts for your address on this list. To use this one in its place, send `key change` with it."
            )
        )
    try:
        changing.let_count(run.mlist, run.address, offered, ChoiceState.PROVEN, Actor(Door.MAIL, run.address))
    except changing.SuspendedError:
        raise _suspended() from None
    except (OpenPGPError, RegistryError) as error:  # what is known of it by now, or is done at the same moment
        raise CommandRefusedError(_(str(error))) from None
    return _("From now on this key counts for your address on this list:\n\n    {fingerprint}").format(
        fingerprint=grouped(offered.fingerprint)
    )


def learn(run: Run, found: Sequence[openpgp.Certificate]) -> str:
    """Take what keys say of themselves, whoever brings it; return the name of the answer, which is the same for all.

    :raises CommandRefusedError: when one can't be taken.
    """
    for certificate in found:
        try:
            changing.learn(certificate, Actor(Door.MAIL), run.mlist)
        except OpenPGPError as error:
            raise CommandRefusedError(_(str(error))) from None
    return "refreshed"


def _suspended() -> CommandRefusedError:
    return CommandRefusedError(_("The owners of this list have suspended your key. Write to them."))


def _proved(run: Run) -> openpgp.Certificate:
    offered = run.offered
    if offered is None:
        raise CommandRefusedError(_("There was no key with this command."))
    try:
        openpgp.require_usable(offered, run.address)
    except CertificateError as error:
        raise CommandRefusedError(_(str(error))) from None
    # Said to somebody who has the key only.
    if any(address != run.address for address in registry.addresses_of(run.mlist.list_id, offered.fingerprint)):
        raise CommandRefusedError(
            _(
                "This key counts for another address on this list. By mail each address has a key of its own; the owners of "
                "the list can let one key count for both."
            )
        )
    return offered


class KeySet(Command):
    """Let a key count where none does."""

    name = "key set"
    proof = Proof.KEY
    summary = N_("Let your certificate count here, before you join or as a member without one. It comes with the mail.")
    example = N_(
        "Write a new message to {request} with the subject `key set`, and choose `Security > Attach my public key`. Reply "
        "to the encrypted answer, encrypted and signed, with the word yes on top."
    )

    def run(self, run: Run, arguments: Sequence[str]) -> str:
        """See `Command`."""
        del arguments
        return let_count(run)


class KeyChange(Command):
    """Let another key count in the place of one's present one."""

    name = "key change"
    proof = Proof.CHANGE
    summary = N_(
        "Let another key count in the place of your present one. The new certificate comes with the mail, which the old "
        "key signs; without the old key a moderator decides."
    )
    example = N_(
        "With the old key still chosen for your account, write a new message to {request} with the subject `key change`, "
        "signed, and attach the new public key as a file. Then choose the new key for your account, and reply to the "
        "answer, encrypted and signed, with the word yes on top."
    )

    def run(self, run: Run, arguments: Sequence[str]) -> str:
        """See `Command`."""
        del arguments
        before = registry.held(run.mlist.list_id, run.address)
        old = before.fingerprint if before is not None and before.choice.counts else ""
        if before is None or (run.signed_by_old and same(run.signed_by_old, old)):
            return let_count(run, change=True)
        offered = _proved(run)
        if same(before.fingerprint, offered.fingerprint):
            return let_count(run)
        if suspensions.is_suspended(run.mlist.list_id, (), offered.fingerprint):
            raise _suspended()
        # Imported here: a moderator is asked by a challenge, too, which knows the commands.
        from mailman_pgp.conversation.asking_moderators import ask_about_change  # noqa: PLC0415
        from mailman_pgp.conversation.moderating import Moderation  # noqa: PLC0415

        ask_about_change(run.mlist, run.address, offered)
        return _(
            "The old key has not signed this, so a moderator decides whether the new one counts, and you are told. Until then "
            "nothing is changed. If nobody has decided after {days} days, this is forgotten: send it again then."
        ).format(days=Moderation.lifetime.days)


class KeyRevoke(Command):
    """End a key."""

    name = "key revoke"
    proof = Proof.MEMBER
    summary = N_(
        "End the use of your key here. With its revocation, or a revoked copy of it, in the mail this happens at once and "
        "needs no signature."
    )
    example = N_(
        "In the OpenPGP Key Manager revoke the key and export it as a file. Write a new message to {request} with the "
        "subject `key revoke`, and attach the file."
    )

    def proof_for(self, brought: Brought) -> Proof:
        """See `Command`."""
        # Not whether it revokes something: nobody is told whose key is known.
        return Proof.ITSELF if brought.revocation or _revoked_by(brought) else Proof.MEMBER

    def run(self, run: Run, arguments: Sequence[str]) -> str:
        """See `Command`."""
        del arguments
        if run.brought is not None:
            # Whoever brings it: only its own key can have made it.
            return learn(run, _revoked_by(run.brought))
        try:
            removed = changing.remove(run.mlist, run.address, Actor(Door.MAIL, run.address))
        except changing.SuspendedError:
            raise _suspended() from None
        if removed is None:
            raise CommandRefusedError(_("No key counts for your address on this list."))
        return _(
            "From now on no key counts for your address on this list. You receive no posts until you send another one, with "
            "`key set`."
        )


def _revoked_by(brought: Brought) -> list[openpgp.Certificate]:
    found = list(brought.revoked)
    if brought.certificate is not None and brought.certificate.revoked:
        found.append(brought.certificate)
    return found


class KeyRefresh(Command):
    """A newer copy of a key."""

    name = "key refresh"
    proof = Proof.ITSELF
    summary = N_(
        "Send a newer copy of the same certificate: extended, with new subkeys, or revoked. It is signed by itself, so "
        "it counts at once."
    )
    example = N_(
        "Write a new message to {request} with the subject `key refresh`, and choose `Security > Attach my public key`."
    )

    def run(self, run: Run, arguments: Sequence[str]) -> str:
        """See `Command`."""
        del arguments
        brought = run.brought
        if brought is None or (brought.certificate is None and not brought.revocation):
            return "send-key"
        return learn(run, [*brought.revoked, *([brought.certificate] if brought.certificate else [])])
