"""Those who look after a list are asked: about requests to join or to leave, and about new keys."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any

from public import public

from mailman_pgp.conversation.asking import challenge
from mailman_pgp.conversation.matters import Matter, Subject, standing
from mailman_pgp.conversation.moderating import Moderation
from mailman_pgp.delivery import ledger
from mailman_pgp.delivery.lookup import look_up
from mailman_pgp.events.kinds import KeyOfferedEvent
from mailman_pgp.events.notifying import notify
from mailman_pgp.i18n import _, using
from mailman_pgp.keys import registry
from mailman_pgp.lists import administrators
from mailman_pgp.notices.attached import certificate_file
from mailman_pgp.notices.moderators import about_joining, about_leaving
from mailman_pgp.notices.unsent import send_waiting
from mailman_pgp.openpgp import OpenPGPError, grouped

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Mapping, Sequence

    from mailman_pgp.openpgp import Certificate, Recipient
    from mailman_workflows import Request
    from mailman_workflows.request import JSON


@public
def ask_moderators(mlist: Any, matter: Matter) -> None:
    """Ask all who look after a list, each encrypted; those to whom nothing can be encrypted are told that something waits."""
    found = look_up(mlist.list_id, sorted(administrators.addresses(mlist)))
    problems = dict(found.problems)
    if found.recipients or matter.about is Subject.KEY:
        problems |= dict.fromkeys(_ask(mlist, matter, found.recipients), "refused-by-library")
    ledger.lost(mlist.list_id, "notice", problems)
    for address in ledger.skipped(mlist.list_id, problems, posts=0):
        send_waiting(mlist, address)


def _ask(mlist: Any, matter: Matter, readers: Sequence[Recipient]) -> list[str]:
    """Ask those who can read it; return the addresses of those to whom it can't be encrypted after all."""
    data: dict[str, JSON] = {
        "about": matter.about.value,
        "what": matter.what,
        "address": matter.address,
        "subject": matter.subject,
        "text": matter.text,
    }
    # Who must sign is found out when somebody does: whoever looks after the list then.
    signed_by: list[str] = []
    action, address, files = Moderation(), mlist.owner_address, matter.attachments
    try:
        return challenge(
            *(mlist, action, address, data),
            signed_by=signed_by,
            readers=readers,
            attachments=files,
            while_they_count=True,
        )
    except OpenPGPError:
        if matter.about is Subject.KEY:
            # It waits in the question alone, so there is one even where nobody can read it.
            challenge(mlist, action, address, data, signed_by=signed_by, readers=[])
        return [each.address for each in readers]


@public
def ask_about_joining(mlist: Any, request: Request, certificate: Certificate) -> None:
    """Ask about somebody who wants to join with a certificate, which is attached."""
    subject, text = about_joining(mlist, request, certificate)
    attached = [certificate_file(certificate.data, request.email.partition("@")[0])]
    ask_moderators(mlist, Matter(Subject.REQUEST, str(request.token), request.email, subject, text, attached))


@public
def ask_about_leaving(mlist: Any, request: Request, due: dt.datetime | None) -> None:
    """Ask about somebody who is to leave, without a proof; `due` is when they do, unless somebody objects (naive UTC)."""
    subject, text = about_leaving(mlist, request, due)
    ask_moderators(mlist, Matter(Subject.REQUEST, str(request.token), request.email, subject, text))


def _end_of_suspension(before: registry.StoredCertificate | None) -> str:
    """What moderators are told where an owner has suspended the key until now, which counts no more."""
    if before is None or before.choice.state is not registry.ChoiceState.SUSPENDED:
        return ""
    return "\n\n" + _(
        "An owner has suspended the key until now. To accept the new one ends that, so ask the owners before you do."
    )


@public
def ask_about_change(mlist: Any, address: str, certificate: Certificate) -> None:
    """Ask whether another key may count for a member, who holds it and reads mail at the address, but has no old one."""
    before = registry.chosen(mlist.list_id, address)
    with using(mlist.preferred_language.code):
        matter = Matter(
            Subject.KEY,
            f"{standing(before)} {base64.b64encode(certificate.data).decode('ascii')}",
            address,
            _("Another key of {address}").format(address=address),
            _(
                "{address} asks that another key counts for them on {list}. They have shown that they hold it and read mail at this "
                "address; the key until now has not signed this: it is lost, or somebody else reads their mail.\n\nThe key until "
                "now:\n    {old}\nThe new one, made on {created} ({algorithm}), is attached:\n    {new}\n\nTalk to them in "
                "another way than by mail, and compare the fingerprint, before you accept."
            ).format(
                address=address,
                list=mlist.posting_address,
                old=_("no key") if before is None else grouped(before.fingerprint),
                new=grouped(certificate.fingerprint),
                created=f"{certificate.created:%Y-%m-%d}",
                algorithm=certificate.algorithm,
            )
            + _end_of_suspension(before),
            [certificate_file(certificate.data, address.partition("@")[0])],
        )
    _ask_about_key(mlist, matter)
    notify(KeyOfferedEvent(mlist.list_id, address, certificate.fingerprint, "moderator"))


@public
def ask_anew(mlist: Any, data: Mapping[str, JSON]) -> None:
    """Ask once more, by another code, about a key that waits in a question which nobody can answer by its code any more.

    What else moderators are asked about waits by itself, and can be decided by other doors.

    :param data: The question's.
    """
    if data.get("about") != Subject.KEY:
        return
    address, what = str(data["address"]), str(data["what"])
    certificate = base64.b64decode(what.rpartition(" ")[2])
    files = [certificate_file(certificate, address.partition("@")[0])]
    _ask_about_key(mlist, Matter(Subject.KEY, what, address, str(data["subject"]), str(data["text"]), files))


def _ask_about_key(mlist: Any, matter: Matter) -> None:
    if mlist.admin_immed_notify:
        ask_moderators(mlist, matter)
    else:
        _ask(mlist, matter, [])
