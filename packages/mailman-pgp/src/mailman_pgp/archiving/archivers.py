"""The archivers, as Mailman knows them.

[archiver.pgp-maildir]
class: mailman_pgp.archiving.archivers.PGPMaildir
enable: yes

[archiver.pgp-mbox]
class: mailman_pgp.archiving.archivers.PGPMbox
enable: yes
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mailman.config import config
from mailman.interfaces.archiver import IArchiver
from public import public
from zope.interface import implementer

from mailman_pgp.archiving import maildir, mbox

log = logging.getLogger("mailman.archiver")


@public
@dataclass(frozen=True, slots=True)
class EncryptedPost:
    """A post that is encrypted to the readers of the archive.

    :ivar name: The same when the same post comes again after a crash, and no other's.
    :ivar content: The whole message, LF line ends.
    """

    name: str
    content: bytes


class _Archiver:
    """What both have in common; on the web there is nothing of them."""

    name = ""
    is_enabled = False

    @staticmethod
    def list_url(_mlist: Any) -> None:
        """See `IArchiver`."""

    @staticmethod
    def permalink(_mlist: Any, _msg: Any) -> None:
        """See `IArchiver`."""

    def archive_message(self, mlist: Any, msg: Any) -> None:
        """See `IArchiver`.

        :param msg: An `EncryptedPost`. Core's own runner has posts of plain lists, or placeholders of sealed ones: neither is
            archived.  On a plain list the switch begins as on where the site has the archiver, so it is no error.
        :raises OSError:
        """
        if not isinstance(msg, EncryptedPost):
            log.info("%s: the archiver %s takes posts of encrypted lists alone", mlist.fqdn_listname, self.name)
            return
        self._put(mlist, msg)

    def _put(self, mlist: Any, post: EncryptedPost) -> None:
        raise NotImplementedError


@public
@implementer(IArchiver)
class PGPMaildir(_Archiver):
    """A maildir for each list, of messages encrypted to those who are to read it."""

    name = "pgp-maildir"

    def _put(self, mlist: Any, post: EncryptedPost) -> None:
        maildir.put(folder_of(mlist, self.name), post.name, post.content)


@public
@implementer(IArchiver)
class PGPMbox(_Archiver):
    """The same as one file for each list."""

    name = "pgp-mbox"

    def _put(self, mlist: Any, post: EncryptedPost) -> None:
        mbox.put(folder_of(mlist, self.name), post.name, post.content, mlist.bounces_address)


#: The only archivers that get posts of encrypted lists, and how their messages are read.
ALLOWED = {PGPMaildir.name: maildir.messages, PGPMbox.name: mbox.messages}


@public
def folder_of(mlist: Any, archiver: str) -> Path:
    """Where an archiver keeps the messages of a list."""
    return Path(config.ARCHIVE_DIR) / archiver / str(mlist.fqdn_listname)
