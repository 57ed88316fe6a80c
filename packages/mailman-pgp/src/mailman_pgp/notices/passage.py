"""What people are told while they join or leave."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mailman.core.i18n import _ as _core
from mailman.interfaces.languages import ILanguageManager
from mailman.interfaces.template import ITemplateLoader
from mailman.utilities.string import expand
from public import public
from zope.component import getUtility

from mailman_pgp.i18n import Text, language_of
from mailman_pgp.keys.vault import VaultError
from mailman_pgp.lists.addresses import is_ours
from mailman_pgp.mime import single_address
from mailman_pgp.notices.attached import list_certificate
from mailman_pgp.notices.encrypted import letter, reader, send_encrypted
from mailman_pgp.notices.sending import filled, send_template
from mailman_pgp.openpgp import OpenPGPError

if TYPE_CHECKING:
    import datetime as dt

    from mailman_pgp.openpgp import Certificate


@public
def send_how_to_send_a_key(mlist: Any, address: str) -> None:
    """Tell somebody who is to join that their certificate is needed, and how to send it."""
    if not is_ours(address):
        send_template(mlist, address, "join-key", None)


@public
def send_leaving(mlist: Any, address: str, due: dt.datetime | None, certificate: Certificate | None) -> None:
    """Tell a member that somebody asked that they leave: in the clear, and encrypted to `certificate` where that is given.

    :param due: When they leave unless somebody objects (naive UTC); None when a moderator decides.
    """
    if is_ours(address):
        return  # a list that is a member would post it
    if due is None:
        when = Text("A moderator decides about it.")
    else:
        when = Text("You leave on {day}, unless somebody objects.", day=due.strftime("%Y-%m-%d"))
    send_template(mlist, address, "leaving", None, when=when)
    if certificate is None:
        return
    subject, text = filled(mlist, address, "leaving", when=when)
    written = letter(mlist.owner_address, subject, text, [list_certificate(mlist)])
    try:
        send_encrypted(mlist, written, [reader(address, certificate)])
    except OpenPGPError:
        return  # the library refuses this certificate; they were told in the clear


@public
def send_left(mlist: Any, address: str, certificate: Certificate | None) -> None:
    """Tell somebody that they are a member no more: encrypted to `certificate`, or in the clear where that can't be.

    What the list says to who leaves (core's template) is said encrypted only.
    """
    if is_ours(address):
        return
    if certificate is not None:
        subject, text = filled(mlist, address, "left")
        written = letter(mlist.owner_address, subject, _goodbye(mlist, address) or text, [list_certificate(mlist)])
        try:
            send_encrypted(mlist, written, [reader(address, certificate)])
        except (OpenPGPError, VaultError):
            pass  # the library refuses this certificate; or the list can sign nothing now, and this waits until it can
        else:
            return
    send_template(mlist, address, "left", None)


@public
def is_goodbye(mlist: Any, notice: Any) -> bool:
    """Whether a notice that core wrote is its goodbye to a member, in whichever language; nothing else in it tells.

    Core sends much else from the same address: that a request to join is rejected, for one, to who was never a member.
    """
    if single_address(notice) != mlist.bounces_address.lower():
        return False
    subjects = set()
    for language in getUtility(ILanguageManager).languages:
        with _core.using(language.code):
            subjects.add(_in_one_line(_subject_of_goodbye(mlist)))
    return _in_one_line(str(notice["subject"])) in subjects


def _subject_of_goodbye(mlist: Any) -> str:  # noqa: ARG001 - core's catalogues know it by this name, and `_core` looks it up
    return str(_core("You have been unsubscribed from the ${mlist.display_name} mailing list"))


def _in_one_line(text: str) -> str:
    return " ".join(text.split())


def _goodbye(mlist: Any, address: str) -> str:
    """The text that somebody has set for it; core's own is empty."""
    code = language_of(mlist, address)
    try:
        template = str(getUtility(ITemplateLoader).get("list:user:notice:goodbye", mlist, language=code))
    except (OSError, ValueError, LookupError):  # on a server or in a file that can't be read
        return ""
    words = {"user_email": address, "user_address": address, "fqdn_listname": mlist.fqdn_listname}
    words |= {"list_name": mlist.display_name, "list_requests": mlist.request_address}
    return str(expand(template, mlist, words)).strip()
