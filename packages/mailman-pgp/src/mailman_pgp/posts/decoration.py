"""Header and footer of a post, from core's own templates, expanded once per post."""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from typing import Any

from mailman.handlers.decorate import decorate
from mailman.interfaces.template import ITemplateLoader
from public import public
from zope.component import getUtility

# Core's own footer tells members to mail to -leave, which an encrypted list does not take.
_OUR_FOOTER = """\
--
{name}, an encrypted list: {address}
To leave, or to change your key, write to {owner}.
"""


@public
def header_for(mlist: Any) -> str:
    """The text before the post, or the empty string."""
    return str(decorate("list:member:regular:header", mlist) or "")


@public
def footer_for(mlist: Any) -> str:
    """The text after the post, or the empty string."""
    template = getUtility(ITemplateLoader).get("list:member:regular:footer", mlist)
    if template == _stock_footer():
        return _OUR_FOOTER.format(name=mlist.display_name, address=mlist.posting_address, owner=mlist.owner_address)
    return str(decorate("list:member:regular:footer", mlist) or "")


@cache
def _stock_footer() -> str:
    return files("mailman.templates.en").joinpath("list:member:generic:footer.txt").read_text("utf-8")
