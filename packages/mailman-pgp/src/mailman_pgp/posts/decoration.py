"""Header and footer of a post, from core's own templates, expanded once per post."""

from __future__ import annotations

import logging
from functools import cache
from importlib.resources import files
from typing import Any

from mailman.handlers.decorate import decorate_template
from mailman.interfaces.template import ITemplateLoader
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


@public
def header_for(mlist: Any) -> str:
    """The text before the post, or the empty string, also where the list's template can't be read."""
    template = _template("list:member:regular:header", mlist)
    return "" if template is None else str(decorate_template(mlist, template) or "")


@public
def footer_for(mlist: Any) -> str:
    """The text after the post, or the empty string; where the list's template can't be read, our own, in the language of the `using`."""
    template = _template("list:member:regular:footer", mlist)
    if template is None or template == _stock_footer():
        return _(_OUR_FOOTER).format(
            name=mlist.display_name, address=mlist.posting_address, request=mlist.request_address
        )
    return str(decorate_template(mlist, template) or "")


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
def _stock_footer() -> str:
    return files("mailman.templates.en").joinpath("list:member:generic:footer.txt").read_text("utf-8")
