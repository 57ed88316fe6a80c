"""A template of ours is filled in, in the language of its reader, and sent."""

from __future__ import annotations

from email.mime.text import MIMEText
from typing import TYPE_CHECKING, Any

from mailman.email.message import UserNotification
from public import public

from mailman_pgp.i18n import language_of
from mailman_pgp.mime import single_id
from mailman_pgp.notices.attached import list_certificate
from mailman_pgp.notices.letterhead import Letterhead
from mailman_pgp.notices.templates import TO_REQUEST
from mailman_pgp.notices.wrapping import wrapped
from mailman_pgp.posts.record import Kind, Record

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable
    from email.message import Message
    from email.mime.base import MIMEBase

    from mailman_pgp.i18n import Text


@public
def filled(mlist: Any, address: str, template: str, **words: str | Text) -> tuple[str, str]:
    """Subject and text of a template of a list, in the language of the person with this address."""
    return Letterhead.of(mlist).filled(template, language_of(mlist, address), **words)


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
