"""What a new member of an encrypted list reads, in the place of core's own text, which speaks of a password and of options.

Core writes and sends the notice, so that it leaves encrypted or not at all, as all of core's; only its text is ours.  A text that
somebody has set for the list, its domain or the site, or put into Mailman's directory of templates, is theirs and stays.
"""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from typing import Any

from mailman.interfaces.mailinglist import IMailingList
from mailman.interfaces.template import ITemplateLoader
from mailman.model.template import TemplateLoader as CoreLoader
from public import public
from zope.component import getGlobalSiteManager
from zope.interface import implementer

from mailman_pgp.i18n import N_, _, using
from mailman_pgp.keys import vault
from mailman_pgp.lists.encryption import is_encrypted
from mailman_pgp.notices.programs import program_for
from mailman_pgp.openpgp import grouped
from mailman_pgp.site import health

_WELCOME = "list:user:notice:welcome"
_TEXT = N_("""\
Welcome to the encrypted mailing list {list}.

To post, write to {address}, encrypted to the list's key and signed with yours. Each post reaches you encrypted to your key and \
signed by the list, whose key has this fingerprint:

    {fingerprint}

Please compare it with one that you got in another way. Commands go to {request}, encrypted and signed: `help` tells you all of \
them, `key get` sends you the list's certificate, `key change` has another key of yours count, and with `leave` you leave. There \
is no password: your key shows that it is you.

The owners of the list: {owner}""")


@public
@implementer(ITemplateLoader)
class TemplateLoader(CoreLoader):  # type: ignore[misc]  # core is untyped
    """See `ITemplateLoader`; in the place of core's."""

    def get(self, name: str, context: Any = None, **words: Any) -> str:
        """See `ITemplateLoader`."""
        text = str(super().get(name, context, **words))
        if name != _WELCOME or not IMailingList.providedBy(context):
            return text
        language = str(words.get("language") or context.preferred_language.code)
        if text not in _stock() or not is_encrypted(context.list_id) or not health.current().healthy:
            return text
        return _welcome(context, language)


def install() -> None:
    """From now on, in this process."""
    getGlobalSiteManager().registerUtility(TemplateLoader(), ITemplateLoader)


def _welcome(mlist: Any, language: str) -> str:
    with using(language):
        needed = program_for(mlist.list_id)
        text = _(_TEXT).format(
            list=mlist.display_name,
            address=mlist.posting_address,
            request=mlist.request_address,
            owner=mlist.owner_address,
            fingerprint=grouped(vault.certificate(mlist.list_id).fingerprint),
        )
        if needed:
            text = f"{text}\n\n{_(needed)}"
    return text.replace("$", "$$")  # core looks for its places in it


@cache
def _stock() -> frozenset[str]:
    """Core's own text, in all of its languages."""
    folder = files("mailman") / "templates"
    found = (language / f"{_WELCOME}.txt" for language in folder.iterdir() if language.is_dir())
    return frozenset(path.read_text("utf-8") for path in found if path.is_file())
