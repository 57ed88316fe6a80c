"""Members vouch for the list's certificate."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any

from mailman_pgp import openpgp
from mailman_pgp.conversation.commands.base import Command, CommandRefusedError, Proof, Run
from mailman_pgp.i18n import N_, _
from mailman_pgp.keys import certifications, registry, vault
from mailman_pgp.lists import administrators
from mailman_pgp.lists.in_force import certifiers
from mailman_pgp.lists.settings import Certifiers
from mailman_pgp.openpgp import Certification

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mailman_workflows.request import JSON


class KeySign(Command):
    """Certify the list's certificate."""

    name = "key sign"
    proof = Proof.MEMBER
    summary = N_(
        "Have the list give out its certificate with your certification, as far as its owners allow. Everybody who gets "
        "the certificate sees it, and so that you have to do with the list."
    )
    example = N_(
        "Compare the fingerprint of the list's certificate, and certify it (`gpg --sign-key FINGERPRINT`). Export it, and "
        "attach the file to a new message to {request} with the subject `key sign`, encrypted and signed. Reply to the "
        "answer, encrypted and signed, with the word yes on top."
    )

    def prepare(self, run: Run) -> JSON:
        """See `Command`: the certifications, verified."""
        _may(run.mlist, run.address)
        current = registry.current(run.mlist.list_id, run.address)
        if run.brought is None or not run.brought.of_the_list or current is None:
            raise CommandRefusedError(
                _("There was no copy of the list's certificate with this command. Attach it as a file.")
            )
        own = vault.certificate(run.mlist.list_id).certificate
        found = openpgp.certifications(own, run.brought.of_the_list[0], current.data)
        return [{**one.to_json(), "data": base64.b64encode(one.data).decode("ascii")} for one in found]

    def run(self, run: Run, arguments: Sequence[str]) -> str:
        """See `Command`."""
        del arguments
        _may(run.mlist, run.address)
        kept = run.prepared if isinstance(run.prepared, list) else []
        found = [
            Certification.from_json(one, base64.b64decode(str(one["data"]))) for one in kept if isinstance(one, dict)
        ]
        try:
            news = certifications.add(run.mlist.list_id, run.address, found)
        except certifications.NoRoomError as error:
            raise CommandRefusedError(_(str(error))) from None
        if not news:
            return _("The list has this from you already; nothing was changed.")
        return _("From now on the list gives out its certificate with your certification.")


def _may(mlist: Any, address: str) -> None:
    allowed = certifiers(mlist.list_id)
    may = allowed is not Certifiers.NOBODY and (
        administrators.looks_after(mlist, address)
        or (allowed is Certifiers.MEMBERS and mlist.members.get_member(address) is not None)
    )
    if not may:
        raise CommandRefusedError(_("The owners of this list do not take certifications from you."))
