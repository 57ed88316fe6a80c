"""Our own notices: the only mail that may leave an encrypted list for somebody without a certificate.

A notice is a template of ours with addresses, reasons and the list's certificate in it, never anything derived from a
post.  The queue entry names its template, and delivery lets nothing else out (`mailman_pgp.delivery.notes`).
"""

from __future__ import annotations

from email.mime.text import MIMEText
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from mailman.config import config
from mailman.email.message import UserNotification
from public import public

from mailman_pgp.delivery import ledger
from mailman_pgp.delivery.ledger import Answered
from mailman_pgp.i18n import N_, Text, _, language_of, using
from mailman_pgp.keys import vault
from mailman_pgp.lists.addresses import is_ours
from mailman_pgp.mime import single_id
from mailman_pgp.notices.attached import list_certificate
from mailman_pgp.notices.closing import END, LAST_ANSWER, NOT_ENCRYPTED
from mailman_pgp.notices.encrypted import letter, reader, send_encrypted
from mailman_pgp.notices.programs import program_for
from mailman_pgp.notices.templates import TEMPLATES, TO_REQUEST
from mailman_pgp.notices.unreached import (
    reason_sentence,
    undelivered_sentence,
    way_out,
    way_out_of_owner,
    way_to_extend,
)
from mailman_pgp.notices.wrapping import wrapped
from mailman_pgp.openpgp import grouped
from mailman_pgp.posts.problems import sentence_for
from mailman_pgp.posts.record import Kind, Record

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterable, Sequence
    from email.message import Message
    from email.mime.base import MIMEBase
    from email.mime.multipart import MIMEMultipart

    from mailman_pgp.openpgp import Certificate


@public
def may_answer(mlist: Any, address: str, kind: Answered) -> bool:
    """Whether a person may be sent one more answer today, which is counted: nobody who is a list, nor too often.

    A forged From makes our answers somebody else's unwanted mail, so there is a limit (core's own setting).
    """
    return _count_answer(mlist, address, kind) is not None


def _count_answer(mlist: Any, address: str, kind: Answered) -> bool | None:
    """Count an answer, and tell whether it is the last one for a day; None when there may be none."""
    if is_ours(address):
        return None
    limit = int(config.mta.max_autoresponses_per_day)
    before = ledger.answers_within_a_day(mlist.list_id, address, kind) if limit else 0
    if limit and before >= limit:
        return None
    ledger.answered(mlist.list_id, address, kind)
    return bool(limit) and before == limit - 1


@public
def answer_by(
    mlist: Any, address: str, template: str, in_reply_to: str | None, kind: Answered | None, **words: str | Text
) -> bool:
    """Answer a person's message by a notice, unless they are a list, or were answered too often in a day.

    Whoever forges can use that limit up.  So the last answer says that no more come, and mail that is proven to be theirs has
    its own.

    :param kind: None for an answer that was counted already.
    :return: Whether they were answered.
    """
    if kind is not None:
        last = _count_answer(mlist, address, kind)
        if last is None:
            return False
        words["last"] = Text(LAST_ANSWER) if last else ""
    send_template(mlist, address, template, in_reply_to, **words)
    return True


@public
def answer_at_key(
    mlist: Any, address: str, certificate: Certificate, template: str, in_reply_to: str | None, **words: str | Text
) -> bool:
    """The same, encrypted to a certificate that counts for nobody, but can be encrypted to; the answer counts as unproven."""
    last = _count_answer(mlist, address, Answered.UNPROVEN)
    if last is None:
        return False
    words["last"] = Text(LAST_ANSWER) if last else ""
    written = letter(mlist.owner_address, *filled(mlist, address, template, **words), [list_certificate(mlist)])
    _in_reply(written, in_reply_to)
    send_encrypted(mlist, written, [reader(address, certificate)])
    return True


def _in_reply(notice: Message, to: str | None) -> None:
    # One identifier and no more: whoever forges a From would have us carry words to somebody else in this field.
    if replied := single_id(to):
        notice["In-Reply-To"] = replied
        notice["References"] = replied


@public
def answer_refused(mlist: Any, address: str, problem: str, in_reply_to: str | None, kind: Answered) -> bool:
    """Tell the sender of a message why it was refused, and what to do; return whether they may be answered."""
    reason = sentence_for(problem, mlist.owner_address)
    return answer_by(mlist, address, "refusal", in_reply_to, kind, reason=reason)


@public
def answer_too_large(mlist: Any, address: str, in_reply_to: str | None, kind: Answered) -> bool:
    """Tell the sender of a message that the site's mail server takes none so large; return whether they may be answered."""
    return answer_by(mlist, address, "too-large", in_reply_to, kind)


@public
def send_skipped(mlist: Any, address: str, reason: str) -> None:
    """Tell a member that posts can't be sent to them, why, and what they can do."""
    send_template(mlist, address, "skipped", None, reason=reason_sentence(reason), how=way_out(mlist, reason))


@public
class Fate(StrEnum):
    """What became of mail to the owners that one of them could not be sent."""

    READ_BY_OTHERS = N_("Others who look after the list were sent it.")
    REFUSED = N_("It was refused, since nobody who looks after the list could be sent it; nothing of it was kept.")


@public
def send_unread(mlist: Any, address: str, reason: str, fate: Fate) -> None:
    """Tell an owner, once a day at most, that mail to the owners could not be sent to them, why, and what became of it."""
    if not ledger.answers_within_a_day(mlist.list_id, address, Answered.UNREAD):
        ledger.answered(mlist.list_id, address, Answered.UNREAD)
        words = {"reason": reason_sentence(reason), "fate": Text(fate.value), "how": way_out_of_owner(mlist, reason)}
        send_template(mlist, address, "unread", None, **words)


@public
def send_ending(mlist: Any, address: str, ends: dt.datetime, at: dt.datetime) -> None:
    """Tell somebody when their certificate ends or has ended (naive UTC)."""
    day = f"{ends:%Y-%m-%d}"
    if ends > at:
        reason = Text("It ends on {day}. After that the list can send you nothing.", day=day)
    else:
        reason = Text("It has ended on {day}, so the list can send you nothing at present.", day=day)
    send_template(mlist, address, "ending", None, reason=reason, how=way_to_extend(mlist))


@public
def send_missed(mlist: Any, address: str) -> None:
    """Tell a member that the mail server did not take a post for them, for so long that it was given up."""
    send_template(mlist, address, "missed", None)


@public
def send_undelivered(mlist: Any, reason: str) -> None:
    """Tell the owners that a post did not reach everybody; `reason` is what the ledger holds."""
    send_template(mlist, mlist.owner_address, "undelivered", None, reason=undelivered_sentence(reason))


@public
def send_waiting(mlist: Any, address: str) -> None:
    """Tell somebody without a certificate that there is something the list may send them only encrypted."""
    send_template(mlist, address, "waiting", None)


@public
def send_key_changed(mlist: Any, address: str, what: Text, keys: Text) -> None:
    """Tell somebody in the clear what became of their key; for where it can't be said by `key_changed`, encrypted."""
    send_template(mlist, address, "key-changed-clear", None, what=what, keys=keys)


@public
def key_changed(mlist: Any, address: str, what: Text, keys: Text, how: Text) -> MIMEMultipart:
    """The same, with how it came about, to be encrypted to each key that is concerned (`mailman_pgp.notices.encrypted`)."""
    subject, text = filled(mlist, address, "key-changed", what=what, keys=keys, how=how)
    return letter(mlist.owner_address, subject, text, [list_certificate(mlist)])


@public
def send_office_ended(mlist: Any, address: str, what: Text) -> None:
    """Tell somebody in the clear that they look after a list no more; for where it can't be said by `office_ended`, encrypted."""
    send_template(mlist, address, "office-ended", None, what=what, how=Text(NOT_ENCRYPTED))


@public
def office_ended(mlist: Any, address: str, what: Text, left: Sequence[str]) -> MIMEMultipart:
    """The same, with who is left, to be encrypted (`mailman_pgp.notices.encrypted`).

    :param left: The addresses of those who look after the list now.
    """
    lines = "\n".join(f"    {one}" for one in left)
    how = Text("These look after it now:\n\n{people}", people=lines) if left else Text("Nobody looks after it now.")
    subject, text = filled(mlist, address, "office-ended", what=what, how=how)
    return letter(mlist.owner_address, subject, text, [list_certificate(mlist)])


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
def send_to_owners(mlist: Any, subject: str, text: str) -> None:
    """Send something to the owners that names members: as core's own notices to them, so that it leaves encrypted or not at all.

    :param subject: As the text in the list's language; each owner is sent the same.
    """
    owners = mlist.owner_address
    UserNotification(owners, owners, subject, wrapped(text)).send(mlist)


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
    _in_reply(notice, in_reply_to)
    notice.send(mlist, **Record(kind=Kind.NOTICE, template=template).to_kws())
