"""People on a list are told that it has another key: encrypted where they can be, and signed by the key that they know.

It is told when it was committed, by whoever sends mail, as changes of people's keys are (`mailman_pgp.exchange.telling`): to so many
at each turn that other mail goes on.  Killed in between, these are told twice.  Somebody who can't be told keeps nobody else from it; they
see the new key with the next post.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mailman.config import config
from mailman.interfaces.listmanager import IListManager
from mailman.interfaces.member import MemberRole
from mailman.model.address import Address
from mailman.model.member import Member
from public import public
from sqlalchemy.exc import SQLAlchemyError
from zope.component import getUtility

from mailman_pgp.delivery.memberships import memberships
from mailman_pgp.exchange.refusals import log_failure
from mailman_pgp.i18n import N_, Text
from mailman_pgp.keys import certifications, key_news, vault
from mailman_pgp.keys.vault import VaultError
from mailman_pgp.lists.addresses import is_ours
from mailman_pgp.model.database import commit, now, store
from mailman_pgp.notices.attached import certificate_file
from mailman_pgp.notices.sending import send_template
from mailman_pgp.openpgp import grouped
from mailman_pgp.site.health import NotHealthy

if TYPE_CHECKING:
    from collections.abc import Iterator
    from email.mime.application import MIMEApplication

    from mailman_pgp.keys.vault import ListCertificate

#: To how many it is told at each turn.
AT_ONCE = 100

_BOTH_OPEN = N_("""\
Until {day} the list opens also what is encrypted to the key until now. This
message is signed by that key, and it has certified the new one: a program
that trusts the one can trust the other. The certificate of the key until now
is attached, too; it says when it ends.""")

_BOTH_OPEN_UNCERTIFIED = N_("""\
Until {day} the list opens also what is encrypted to the key until now. This
message is signed by that key. It has not certified the new one, since not every
program could read that: compare the fingerprint in another way than by mail.
The certificate of the key until now is attached, too; it says when it ends.""")

_REVOKED = N_("""\
The key until now was revoked. Nothing that is encrypted to it is opened any
more, and it signs nothing, so this message is signed by the new key alone:
compare its fingerprint in another way than by mail before you trust it. The
revoked certificate is attached, too. Import it, so that your program does not
use it any more.""")

_ENDED = N_("""\
What is encrypted to the key until now is opened no more. The new one was
certified by it.""")

_ENDED_UNCERTIFIED = N_("""\
What is encrypted to the key until now is opened no more. The new one was not
certified by it: compare the fingerprint in another way than by mail.""")


@public
def tell_of_list_keys() -> None:
    """Tell of the keys that lists have got, in whichever process; a short query where there are none.  Commits."""
    taken = key_news.to_tell(now())
    if not taken:
        return
    commit()
    for news in taken:
        reached, number = news.last, 0
        try:
            mlist = getUtility(IListManager).get_by_list_id(news.list_id)
            for reached in _tell(mlist, news.last) if mlist is not None else ():  # noqa: B007 - it is asked for where this ends
                number += 1
            key_news.told(news, reached if number == AT_ONCE else None)
            commit()
        except Exception as error:  # noqa: BLE001 - the other lists go on; those who are left on this one are told later
            log_failure(f"people on {news.list_id} could not be told of its new key now", error)
            config.db.abort()
            key_news.reached(news, reached)
            commit()


def _tell(mlist: Any, after: str) -> Iterator[str]:
    """Tell those who come after an address, some of them; yield the address of each who needs to be told no more.

    :raises Exception: whatever it is, where the system fails, and not over one of them.
    """
    keys = vault.certificates(mlist.list_id)
    former = next((one for one in keys if one.fingerprint == keys[0].follows), None)
    if former is None or keys[0].revoked:
        return  # there is nothing that anybody knows; or nothing to turn to
    name = f"{mlist.list_name}-until-now"
    certificate = certifications.with_former(former)
    for address in _people(mlist, after):
        try:
            if not is_ours(address):
                _send(mlist, address, former, keys[0], [certificate_file(certificate, name)])
        except (OSError, SQLAlchemyError, VaultError, NotHealthy):
            raise
        except Exception as error:  # noqa: BLE001 - else nobody behind them would ever be told
            log_failure(f"somebody on {mlist.list_id} could not be told of its new key", error)
        yield address


def _send(
    mlist: Any, address: str, former: ListCertificate, key: ListCertificate, attached: list[MIMEApplication]
) -> None:
    if former.revoked:
        what = Text(_REVOKED)
    elif former.opens_at(now()) and former.opens_until is not None:
        day = f"{former.opens_until:%Y-%m-%d}"
        what = Text(_BOTH_OPEN if key.vouched else _BOTH_OPEN_UNCERTIFIED, day=day)
    else:
        what = Text(_ENDED if key.vouched else _ENDED_UNCERTIFIED)
    keys = Text(
        "The fingerprint until now:\n    {earlier}\nThe fingerprint from now on:\n    {fingerprint}",
        earlier=grouped(former.fingerprint),
        fingerprint=grouped(key.fingerprint),
    )
    send_template(mlist, address, "new-list-key", None, attached, what=what, keys=keys)


def _people(mlist: Any, after: str) -> list[str]:
    """Members, owners and moderators, also those who want no posts: they may write some."""
    roles = (MemberRole.member, MemberRole.owner, MemberRole.moderator)
    query = memberships().select_bare(Address.email).where(Member.list_id == mlist.list_id, Member.role.in_(roles))
    return list(store().scalars(query.where(Address.email > after).order_by(Address.email).distinct().limit(AT_ONCE)))
