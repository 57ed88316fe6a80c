"""A template of ours is filled in, in the language of its reader, and sent."""

from __future__ import annotations

from email.mime.text import MIMEText
from typing import TYPE_CHECKING, Any

from mailman.email.message import UserNotification
from public import public

from mailman_pgp.i18n import Text, _, language_of, using
from mailman_pgp.keys import vault
from mailman_pgp.mime import single_id
from mailman_pgp.notices.attached import list_certificate
from mailman_pgp.notices.closing import END
from mailman_pgp.notices.programs import program_for
from mailman_pgp.notices.templates import TEMPLATES, TO_REQUEST
from mailman_pgp.notices.wrapping import wrapped
from mailman_pgp.openpgp import grouped
from mailman_pgp.posts.record import Kind, Record

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable
    from email.message import Message
    from email.mime.base import MIMEBase


def _parts(mlist: Any, template: str) -> tuple[str, ...]:
    """The parts of a template; where the list's certificate is spoken of, and needs a program that not everybody has, with that."""
    *parts, last = TEMPLATES[template]
    needed = program_for(mlist.list_id)
    return (*parts, needed, last) if needed and last == END else (*parts, last)


@public
def filled(mlist: Any, address: str, template: str, **words: str | Text) -> tuple[str, str]:
    """Subject and text of a template of a list, in the language of the person with this address."""
    words = {
        "list": mlist.display_name,
        "address": mlist.posting_address,
        "owner": mlist.owner_address,
        "request": mlist.request_address,
        "fingerprint": grouped(vault.certificate(mlist.list_id).fingerprint),
        "last": "",
        **words,
    }
    with using(language_of(mlist, address)):
        subject, *paragraphs = (_(part).format(**words).strip() for part in _parts(mlist, template))
    return subject, wrapped("\n\n".join(filter(None, paragraphs)) + "\n")


@public
def send_template(
    mlist: Any,
    address: str,
    template: str,
    in_reply_to: str | None,
    attached: Iterable[MIMEBase] = (),
    /,
    **words: str | Text,
) -> None:
    """Send a template of ours to somebody, in their language, with the list's certificate and what else is to be `attached`."""
    subject, text = filled(mlist, address, template, **words)
    sender = mlist.request_address if template in TO_REQUEST else mlist.owner_address
    notice = UserNotification(address, sender, subject)  # UTF-8 where it is not ASCII
    notice.set_type("multipart/mixed")
    notice.attach(MIMEText(text))  # the same
    notice.attach(list_certificate(mlist))
    for attachment in attached:
        notice.attach(attachment)
    notice["Auto-Submitted"] = "auto-replied"
    in_reply(notice, in_reply_to)
    notice.send(mlist, **Record(kind=Kind.NOTICE, template=template).to_kws())


@public
def send_to_owners(mlist: Any, subject: str, text: str, people: Collection[str] | None = None) -> None:
    """Send something to the owners that names members: as core's own notices to them, so that it leaves encrypted or not at all.

    :param subject: As the text in the list's language; each owner is sent the same.
    :param people: The addresses of those of them who are to have it; when not given, whoever looks after the list when it leaves.
    """
    owners = mlist.owner_address
    recipients = {owners} if people is None else set(people)
    UserNotification(owners, owners, subject, wrapped(text)).send(mlist, recipients=recipients)


@public
def in_reply(notice: Message, to: str | None) -> None:
    """Let a notice be a reply to the message with this Message-ID; without one it is none."""
    # One identifier and no more: whoever forges a From would have us carry words to somebody else in this field.
    if replied := single_id(to):
        notice["In-Reply-To"] = replied
        notice["References"] = replied
