"""Members are told before their certificates end, and the owners whom that concerns, and when the list's own key ends."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mailman.config import config
from public import public

from mailman_pgp.events.kinds import KeyExpiringEvent
from mailman_pgp.events.notifying import notify
from mailman_pgp.exchange.refusals import log_failure
from mailman_pgp.i18n import N_, Text, _, using
from mailman_pgp.keys import key_news, reminders, vault
from mailman_pgp.lists import administrators
from mailman_pgp.model.database import now
from mailman_pgp.notices.rounds import at_each_list
from mailman_pgp.notices.sending import send_template, send_to_owners
from mailman_pgp.notices.unreached import way_to_extend
from mailman_pgp.openpgp import grouped

if TYPE_CHECKING:
    import datetime as dt

    from mailman_pgp.keys.reminders import Ending

_DIGEST = N_("""\
These people can be sent nothing from {address} after the day on which
their certificate ends, or can be sent nothing any more. They have been told,
and how they send a longer lasting copy themselves (`key refresh`).

{lines}

What they send to you is added with `mailman pgp certificate add`.
""")


_LIST_KEY = N_("""\
The key of the encrypted mailing list {address}
ends on {day}. Nobody can encrypt to the list after that, and it can send
nothing.

Its fingerprint is

    {fingerprint}

Let it live longer:

    mailman pgp list-key extend {list_id}

or give the list another key, of which its members are told:

    mailman pgp list-key rotate {list_id}
""")


@public
def remind(at: dt.datetime | None = None) -> None:
    """Tell whoever is to be told at the time `at` (naive UTC, now when not given); commits one by one.

    A list that can tell nobody, since it has no key, keeps no other list from telling theirs.
    """
    when = at or now()

    def remind_at(mlist: Any) -> None:
        _warn_of_list_key(mlist, when)
        _remind_of(mlist, when)

    at_each_list(remind_at, "people of {list_id} could not be reminded that their certificates end")


def _remind_of(mlist: Any, at: dt.datetime) -> None:
    told = []
    for ending in reminders.endings(mlist.list_id, at):
        if not (administrators.is_on(mlist, ending.address) and reminders.claim(ending)):
            continue
        try:
            send_ending(mlist, ending.address, ending.ends, at)
            notify(KeyExpiringEvent(mlist.list_id, ending.address, ending.fingerprint, ending.ends, ending.days))
            config.db.commit()  # or they are told again tomorrow, when the next one can't be told
        except Exception as error:  # noqa: BLE001 - the others are told, and this one at another time
            config.db.abort()
            log_failure(f"somebody on {ending.list_id} could not be reminded that their certificate ends", error)
        else:
            told.append(ending)
    if told:
        _tell_owners(mlist, told)


def _warn_of_list_key(mlist: Any, at: dt.datetime) -> None:
    """Tell the owners, encrypted, while the list can still sign it."""
    key = vault.certificate(mlist.list_id)
    days = None if key.expires is None or key.revoked else reminders.stage_of_list_key(key.expires, at)
    if key.expires is None or days is None or not key_news.warn(mlist.list_id, days):
        return
    with using(mlist.preferred_language.code):
        subject = _("The key of the list {list} ends").format(list=mlist.display_name)
        text = _(_LIST_KEY).format(
            address=mlist.posting_address,
            day=f"{key.expires:%Y-%m-%d}",
            fingerprint=grouped(key.fingerprint),
            list_id=mlist.list_id,
        )
    send_to_owners(mlist, subject, text)
    config.db.commit()  # or they are told again tomorrow, when somebody can't be reminded


def _tell_owners(mlist: Any, told: list[Ending]) -> None:
    lines = "\n".join(f"  {ending.ends:%Y-%m-%d}  {ending.address}" for ending in told)
    with using(mlist.preferred_language.code):
        subject = _("Certificates that end: {list}").format(list=mlist.display_name)
        text = _(_DIGEST).format(address=mlist.posting_address, lines=lines)
    send_to_owners(mlist, subject, text)


@public
def send_ending(mlist: Any, address: str, ends: dt.datetime, at: dt.datetime) -> None:
    """Tell somebody when their certificate ends or has ended (naive UTC)."""
    day = f"{ends:%Y-%m-%d}"
    if ends > at:
        reason = Text("It ends on {day}. After that the list can send you nothing.", day=day)
    else:
        reason = Text("It has ended on {day}, so the list can send you nothing at present.", day=day)
    send_template(mlist, address, "ending", None, reason=reason, how=way_to_extend(mlist))
