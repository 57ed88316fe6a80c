"""What became of somebody's key or office: encrypted, or in the clear where that can't be."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from public import public

from mailman_pgp.i18n import Text
from mailman_pgp.notices.attached import list_certificate
from mailman_pgp.notices.closing import NOT_ENCRYPTED
from mailman_pgp.notices.encrypted import letter
from mailman_pgp.notices.sending import filled, send_template

if TYPE_CHECKING:
    from collections.abc import Sequence
    from email.mime.base import MIMEBase
    from email.mime.multipart import MIMEMultipart

    from mailman_pgp.notices.letterhead import Letterhead


@public
def send_key_changed(mlist: Any, address: str, what: Text, keys: Text) -> None:
    """Tell somebody in the clear what became of their key; for where it can't be said by `key_changed`, encrypted."""
    send_template(mlist, address, "key-changed-clear", None, what=what, keys=keys)


@public
def key_changed(letterhead: Letterhead, language: str, certificate: MIMEBase, **words: Text) -> MIMEMultipart:
    """The same, with how it came about, to be encrypted to each key that is concerned (`mailman_pgp.notices.encrypted`).

    :param language: The code of its reader's language.
    :param certificate: The list's, as `list_certificate` makes it.
    :param words: `what`, `keys` and `how`.
    """
    subject, text = letterhead.filled("key-changed", language, **words)
    return letter(letterhead.words["owner"], subject, text, [certificate])


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
