"""Header and footer of a post, from core's own templates, expanded once per post."""

from __future__ import annotations

import logging
from functools import cache
from importlib.resources import files
from typing import Any

from mailman.handlers.decorate import decorate_template
from mailman.interfaces.template import ITemplateLoader
from mailman.utilities.string import expand
from public import public
from zope.component import getUtility

from mailman_pgp.i18n import N_, _

log = logging.getLogger("mailman.error")

# Core's own footer tells members to mail to -leave, which an encrypted list does not take.
_OUR_FOOTER = N_("""\
--
{name}, an encrypted list: {address}
To leave, or to change your key: write `help` to {request}.
""")

_OUR_MASTHEAD = N_("""\
Posts of {name}, an encrypted list: {address}
Write to its owners: {owner}

When you reply, please choose the subject of what you reply to.
""")


@public
def header_for(mlist: Any, name: str = "list:member:regular:header") -> str:
    """The text before the post, or the empty string, also where the list's template can't be read."""
    template = _template(name, mlist)
    return "" if template is None else str(decorate_template(mlist, template) or "")


@public
def footer_for(mlist: Any, name: str = "list:member:regular:footer") -> str:
    """The text after the post, or the empty string; where the list's template can't be read, our own, in the language of the `using`."""
    template = _template(name, mlist)
    if template is None or template == _stock("list:member:generic:footer"):
        return _(_OUR_FOOTER).format(
            name=mlist.display_name, address=mlist.posting_address, request=mlist.request_address
        )
    return str(decorate_template(mlist, template) or "")


@public
def masthead_for(mlist: Any) -> str:
    """What begins a digest: the list's own template where it has one, else ours, in the language of the `using`."""
    template = _template("list:member:digest:masthead", mlist)
    if template is None or template == _stock("list:member:digest:masthead"):
        return _(_OUR_MASTHEAD).format(
            name=mlist.display_name, address=mlist.posting_address, owner=mlist.owner_address
        )
    addresses = {
        "got_list_email": mlist.posting_address,
        "got_request_email": mlist.request_address,
        "got_owner_email": mlist.owner_address,
    }
    return str(expand(template, mlist, addresses) or "")


def _template(name: str, mlist: Any) -> str | None:
    """The text of a template; None where it lies on a server or in a file that can't be read: a post is worth more."""
    try:
        return str(getUtility(ITemplateLoader).get(name, mlist))
    except (OSError, ValueError, LookupError) as error:
        # Its address may hold a password, so the error's own text is left out.
        log.error(  # noqa: TRY400 - see above
            "The template %s of %s can't be read (%s). Posts go on without it; `mailman-pgp check` says where it lies.",
            name,
            mlist.list_id,
            type(error).__name__,
        )
        return None


@cache
def _stock(name: str) -> str:
    return files("mailman.templates.en").joinpath(f"{name}.txt").read_text("utf-8")
