"""Answers to what people have written: as often in a day as core lets us, and never to a list."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mailman.config import config
from public import public

from mailman_pgp.delivery import ledger
from mailman_pgp.delivery.ledger import Answered
from mailman_pgp.i18n import Text
from mailman_pgp.lists.addresses import is_ours
from mailman_pgp.notices.attached import list_certificate
from mailman_pgp.notices.closing import LAST_ANSWER
from mailman_pgp.notices.encrypted import letter, reader, send_encrypted
from mailman_pgp.notices.sending import filled, in_reply, send_template
from mailman_pgp.posts.problems import sentence_for

if TYPE_CHECKING:
    from mailman_pgp.openpgp import Certificate


@public
def may_answer(mlist: Any, address: str, kind: Answered) -> bool:
    """Whether a person may be sent one more answer today, which is counted: nobody who is a list, nor too often.

    A forged From makes our answers somebody else's unwanted mail, so there is a limit (core's own setting).
    """
    return _count_answer(mlist, address, kind) is not None


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
    tell_at_key(mlist, address, certificate, template, in_reply_to, **words)
    return True


@public
def tell_at_key(
    mlist: Any, address: str, certificate: Certificate, template: str, in_reply_to: str | None, **words: str | Text
) -> None:
    """The same for what is no answer of a program's, but somebody's decision: it is not counted.

    :raises mailman_pgp.openpgp.OpenPGPError: when it can't be encrypted to this certificate.
    """
    written = letter(mlist.owner_address, *filled(mlist, address, template, **words), [list_certificate(mlist)])
    in_reply(written, in_reply_to)
    send_encrypted(mlist, written, [reader(address, certificate)])


@public
def answer_refused(mlist: Any, address: str, problem: str, in_reply_to: str | None, kind: Answered) -> bool:
    """Tell the sender of a message why it was refused, and what to do; return whether they may be answered."""
    reason = sentence_for(problem, mlist.owner_address)
    return answer_by(mlist, address, "refusal", in_reply_to, kind, reason=reason)


@public
def answer_too_large(mlist: Any, address: str, in_reply_to: str | None, kind: Answered) -> bool:
    """Tell the sender of a message that the site's mail server takes none so large; return whether they may be answered."""
    return answer_by(mlist, address, "too-large", in_reply_to, kind)


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
