"""What moderators read about people who want to join or to leave: encrypted to each of them when it is written."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mailman.interfaces.member import DeliveryStatus
from public import public

from mailman_pgp.administration.described import shown
from mailman_pgp.administration.output import fields, paragraphs
from mailman_pgp.delivery import ledger
from mailman_pgp.delivery.lookup import look_up
from mailman_pgp.keys import journal, registry
from mailman_pgp.keys.journal import Act
from mailman_pgp.model.database import now
from mailman_pgp.notices import send_waiting
from mailman_pgp.notices.attached import certificate_file
from mailman_pgp.notices.encrypted import letter, send_encrypted
from mailman_pgp.openpgp import OpenPGPError

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterable
    from email.mime.application import MIMEApplication

    from mailman_pgp.openpgp import Certificate
    from mailman_workflows import Request

_HOW = """\
To accept, to reject or to discard the request: in the list's web interface
(subscription requests), or by REST at /lists/{list_id}/requests.
"""


@public
def tell_of_request(mlist: Any, request: Request, certificate: Certificate) -> None:
    """Ask the owners and moderators about somebody who wants to join with a certificate, which is attached."""
    text = paragraphs(
        f"{request.email} asks to join the encrypted mailing list\n{mlist.posting_address} with this certificate:",
        fields([*shown(certificate), ("Age", _age(certificate.created))]),
        _known(mlist.list_id, request.email, certificate.fingerprint),
        "Compare the fingerprint with its person in another way than by mail, by\ntelephone or face to face. "
        "Who accepts the request approves the certificate.",
        _HOW.format(list_id=mlist.list_id),
    )
    subject = f"{request.email} asks to join {mlist.display_name}"
    _tell(mlist, subject, text, [certificate_file(certificate.data, request.email.partition("@")[0])])


@public
def tell_of_leaving(mlist: Any, request: Request, due: dt.datetime | None) -> None:
    """Tell the owners and moderators that somebody asked that a member leaves, without a proof.

    :param due: When the member leaves unless somebody objects (naive UTC); None when a moderator decides.
    """
    what = (
        "Whoever accepts the request removes them."
        if due is None
        else f"They leave on {due:%Y-%m-%d} unless somebody objects: whoever discards the request."
    )
    text = paragraphs(
        f"Somebody asked that {request.email} leaves the encrypted mailing list\n{mlist.posting_address}, "
        "and has not proved to be them.",
        "It may be a member who has lost their key, or somebody else. The member was\ntold. "
        "If you can, ask them in another way than by mail.",
        what,
        _HOW.format(list_id=mlist.list_id),
    )
    _tell(mlist, f"{request.email} is to leave {mlist.display_name}", text, [])


def _known(list_id: str, address: str, fingerprint: str) -> str:
    """What is known about a certificate, beside that it counts."""
    proved = journal.last(list_id, address, fingerprint, Act.PROVED)
    counts = registry.current(list_id, address)
    said = []
    if proved is not None:
        said.append(
            f"Its person has shown on {proved.at:%Y-%m-%d} that they hold its key and read mail\nat that address."
        )
    else:
        said.append("Nobody has shown that they hold its key.")
    if counts is not None and counts.choice.state is registry.ChoiceState.APPROVED:
        said.append("An owner or a moderator has approved it.")
    return "\n".join(said)


def _age(created: dt.datetime) -> str:
    days = (now() - created).days
    return "made today" if days < 1 else f"{days} day{'s' if days > 1 else ''}"


def _tell(mlist: Any, subject: str, text: str, attachments: Iterable[MIMEApplication]) -> None:
    people = {
        admin.address.email.lower()
        for admin in mlist.administrators.members
        if admin.delivery_status == DeliveryStatus.enabled
    }
    found = look_up(mlist.list_id, sorted(people))
    written = letter(mlist.owner_address, subject, text, attachments)
    unreached = dict(found.problems)
    for one in found.recipients:
        try:
            send_encrypted(mlist, written, [one])
        except OpenPGPError:  # one moderator's certificate is nobody else's matter
            unreached[one.address] = "refused-by-library"
    ledger.lost(mlist.list_id, "notice", unreached)
    for address in ledger.skipped(mlist.list_id, unreached):
        send_waiting(mlist, address)
