"""Requests that wait for something outside look whether it is there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from mailman.config import config
from mailman.interfaces.member import AlreadySubscribedError
from mailman.interfaces.subscriptions import ISubscriptionManager

from mailman_workflows import saved
from mailman_workflows.errors import NotYetError, RefusedError, SiteError
from mailman_workflows.i18n import _

if TYPE_CHECKING:
    from collections.abc import Iterable


@dataclass(frozen=True, slots=True)
class Looked:
    """What became of one request: it goes on, it waits as before, it is over, or it failed.

    The sentence that says so is in the language of the `using` around the call.
    """

    token: str
    sentence: str
    goes_on: bool = False
    over: bool = False
    failed: bool = False


def look_again(mlist: Any, tokens: Iterable[str] | None = None, email: str | None = None) -> list[Looked]:
    """Have requests look again: those of `tokens`, else all that wait for something outside, of one person or of all.

    Each is a piece of work of its own, committed: one that fails keeps none of the others.
    """
    chosen = [row.token for row in saved.waiting_outside(mlist, email)] if tokens is None else list(tokens)
    looked = []
    for token in chosen:
        looked.append(_look(mlist, token))
        config.db.commit()
    return looked


def _look(mlist: Any, token: str) -> Looked:
    try:
        ISubscriptionManager(mlist).confirm(token)
    except LookupError:
        return Looked(token, _("no request waits here by this token."))
    except AlreadySubscribedError as error:
        return Looked(token, _("{address} is a member already.").format(address=error.email), over=True)
    except NotYetError as error:
        return Looked(token, str(error))
    except RefusedError as error:
        return Looked(token, str(error), over=True)
    except SiteError as error:
        return Looked(token, str(error), failed=True)
    return Looked(token, _("goes on."), goes_on=True)
