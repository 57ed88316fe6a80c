"""Many notices in one entry of the queue `out`: each encrypted to its own reader when it was written.

To write an entry and to take it up costs several times as much as to encrypt a notice, and so does a connection to the mail server.
"""

from __future__ import annotations

from email.utils import make_msgid
from typing import TYPE_CHECKING, Any

from mailman.config import config
from mailman.email.message import Message
from public import public

from mailman_pgp.posts.record import Kind, Record
from mailman_pgp.posts.sealed import OursAlone

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


@public
class Bundle(OursAlone, Message):  # type: ignore[misc]  # core is untyped
    """Notices by their readers' addresses, as they leave (CRLF).

    Stock delivery would send all of them to each reader, who can open one, and would learn who the others are.
    """

    about_to_leave = "Notices of an encrypted list were"

    def __init__(self, notices: Mapping[str, bytes] | None = None) -> None:
        super().__init__()
        self.notices = dict(notices or {})

    def __str__(self) -> str:
        return f"<{len(self.notices)} encrypted notices>"


@public
def send_bundled(mlist: Any, notices: Iterable[tuple[str, bytes]]) -> None:
    """Queue notices of a list in as few entries as there may be: one who is sent several finds one in each.

    :param notices: The address of each reader, and the notice as `mailman_pgp.notices.encrypted.Hand` makes it.
    """
    bundles: list[dict[str, bytes]] = []
    for address, notice in notices:
        # What is marked as delivered is an address.
        place = next((bundle for bundle in bundles if address not in bundle), None)
        if place is None:
            bundles.append(place := {})
        place[address] = notice
    for bundle in bundles:
        message = Bundle(bundle)
        # Names the entry: see `mailman_pgp.delivery.chunks.name`.
        message["Message-ID"] = make_msgid(domain=mlist.mail_host)
        config.switchboards["out"].enqueue(
            message, listid=mlist.list_id, recipients=list(bundle), **Record(kind=Kind.ENCRYPTED).to_kws()
        )
