"""A moderator decides, with the key of the person before them."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from mailman_pgp.conversation.asking_moderators import ask_about_joining
from mailman_pgp.exchange import changing
from mailman_pgp.exchange.counting import counting
from mailman_pgp.exchange.decider import decider
from mailman_pgp.i18n import Text, _
from mailman_pgp.keys import registry
from mailman_pgp.lists.admission import is_moderated
from mailman_pgp.steps.encrypted import StepOfEncryptedList
from mailman_pgp.steps.key import AT_FIRST
from mailman_workflows import PROCEED, First, NotYetError, Party, RefusedError, Wait

if TYPE_CHECKING:
    from mailman_pgp.exchange.counting import Counting
    from mailman_pgp.openpgp import Certificate
    from mailman_workflows import Outcome, Request

log = logging.getLogger("mailman.subscribe")

_SHOWN = "shown-to-moderators"  # in the notes: the fingerprint that a moderator decides about


class ModerateWithKey(StepOfEncryptedList):
    """As the list's `subscription_policy` says; who was approved beforehand passes where their key was known then.

    It passes also where an owner has added the key: approval of somebody without a key is no approval of what they bring.
    """

    name = "moderate-with-key"

    def decide(self, request: Request) -> Outcome:
        """See `StepOfEncryptedList`."""
        found = _usable(request)
        request.notes.pop(_SHOWN, None)
        known = found.approved or found.fingerprint == request.notes.get(AT_FIRST)
        if not is_moderated(request.mlist) or (request.promises.pre_approved and known):
            return PROCEED
        request.notes[_SHOWN] = found.fingerprint
        return Wait(Party.MODERATOR, Text("waits for a moderator"), shown=_shown(found.certificate))

    def announce(self, request: Request) -> None:
        """See `Step`."""
        log.info("%s: held subscription request from %s", request.mlist.fqdn_listname, request.address.email)
        if request.mlist.admin_immed_notify:
            ask_about_joining(request.mlist, request, counting(request.mlist.list_id, request.email).certificate)


class SameKey(StepOfEncryptedList):
    """The key that a moderator has seen counts still; their word about the person is one about the key, too."""

    name = "same-key"

    def decide(self, request: Request) -> Outcome:
        """See `StepOfEncryptedList`.

        :raises RefusedError: when the membership would follow a user to another address, of which nothing is known.
        """
        mlist, email = request.mlist, request.email
        if request.by_user and request.user.preferred_address != request.address:
            raise RefusedError(
                mlist,
                email,
                _(
                    "{address} is not the preferred address of who asked to join any more. They can ask again with the other one."
                ).format(address=email),
            )
        registry.held(mlist.list_id, email)  # nobody puts another one in its place before it is approved
        found = _usable(request)
        shown = request.notes.get(_SHOWN)
        if shown is None:
            return PROCEED
        if shown != found.fingerprint:
            because = _(
                "The request waits for a moderator once more: another key counts for this person by now, and nobody was let in. "
                "Look at that one."
            )
            return First((ModerateWithKey.name, self.name), because)
        if not found.approved:
            changing.approve(mlist, email, decider())
        return PROCEED


def _usable(request: Request) -> Counting:
    found = counting(request.mlist.list_id, request.email)
    if found.problem:
        what_to_do = _("The request waits as before: accept it again when there is a key, or reject it.")
        raise NotYetError(request.mlist, request.email, f"{found.sentence} {what_to_do}")
    return found


def _shown(certificate: Certificate) -> dict[str, str]:
    return {
        "fingerprint": certificate.fingerprint,
        "user_ids": "\n".join(user_id.text for user_id in certificate.user_ids),
        "algorithm": certificate.algorithm,
        "created": f"{certificate.created.isoformat(timespec='seconds')}Z",
        "expires": f"{certificate.expires.isoformat(timespec='seconds')}Z" if certificate.expires else "",
    }
