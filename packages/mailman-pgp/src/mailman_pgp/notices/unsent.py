"""People are told what could not be sent to them, or to others on their list."""

from __future__ import annotations

from enum import StrEnum
from typing import Any

from public import public

from mailman_pgp.delivery import ledger
from mailman_pgp.delivery.ledger import Answered
from mailman_pgp.i18n import N_, Text
from mailman_pgp.notices.sending import send_template
from mailman_pgp.notices.unreached import reason_sentence, undelivered_sentence, way_out, way_out_of_owner


@public
def send_skipped(mlist: Any, address: str, reason: str) -> None:
    """Tell a member that posts can't be sent to them, why, and what they can do."""
    send_template(mlist, address, "skipped", None, reason=reason_sentence(reason), how=way_out(mlist, reason))


@public
def send_missed(mlist: Any, address: str) -> None:
    """Tell a member that the mail server did not take a post for them, for so long that it was given up."""
    send_template(mlist, address, "missed", None)


@public
def send_waiting(mlist: Any, address: str) -> None:
    """Tell somebody without a certificate that there is something the list may send them only encrypted."""
    send_template(mlist, address, "waiting", None)


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
def send_undelivered(mlist: Any, reason: str) -> None:
    """Tell the owners that a post did not reach everybody; `reason` is what the ledger holds."""
    send_template(mlist, mlist.owner_address, "undelivered", None, reason=undelivered_sentence(reason))
