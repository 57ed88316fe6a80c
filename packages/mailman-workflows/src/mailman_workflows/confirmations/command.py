"""The mail command `confirm`, in the place of core's."""

from __future__ import annotations

import logging
from typing import Any

from mailman.commands.eml_confirm import Confirm as CoreConfirm
from mailman.core.i18n import _ as _core
from mailman.interfaces.command import ContinueProcessing
from mailman.interfaces.member import AlreadySubscribedError, MembershipIsBannedError
from mailman.interfaces.pending import IPendings
from mailman.interfaces.subscriptions import ISubscriptionManager, TokenOwner
from public import public
from zope.component import getUtility

from mailman_workflows.confirmations import service
from mailman_workflows.confirmations.actions import NotConfirmedError
from mailman_workflows.confirmations.automatic import is_automatic
from mailman_workflows.errors import RefusedError
from mailman_workflows.i18n import using

log = logging.getLogger("mailman.vette")


@public
class Confirm(CoreConfirm):  # type: ignore[misc]  # core is untyped
    """Core's command, which confirms requests of workflows and whatever else a plugin has asked.

    Unlike core's it answers a person whose request is refused, it says the same of a token of another list as of none, and it
    takes no automatic answer for a confirmation: whoever is away would join any list that somebody enters them for.  Nor does it
    let pass what waits for a moderator: nothing in a mail says that a moderator has sent it, and the token of such a request was
    told to the program that has made it.
    """

    def process(self, mlist: Any, msg: Any, msgdata: dict[str, Any], arguments: list[str], results: Any) -> Any:
        """See `IEmailCommand`."""
        if is_automatic(msg):
            log.info("%s: an automatic answer confirms nothing", mlist.fqdn_listname)
            results.send_response = False  # it would be answered again
            return ContinueProcessing.no
        if not arguments:
            print(_core("No confirmation token found"), file=results)
            return ContinueProcessing.no
        token = arguments[0]
        seen: set[str] = getattr(results, "confirms", set())
        if token in seen:  # a reply holds it several times: in its address, its subject, its body
            return ContinueProcessing.no
        results.confirms = seen | {token}
        pendable = getUtility(IPendings).confirm(token, expunge=False)
        if pendable is not None and pendable["type"] == "held message":
            if pendable.get("list_id") == mlist.list_id:
                return self.process_held(mlist, msg, msgdata, token, pendable, results)
            self._no_match(results)
        elif pendable is not None and pendable.get("token_owner") == TokenOwner.moderator.name:
            self._no_match(results)
        else:
            with using(str(msgdata.get("lang") or mlist.preferred_language.code)):  # as core's own texts in the answer
                self._confirm(mlist, msg, token, results)
        return ContinueProcessing.no

    def _confirm(self, mlist: Any, msg: Any, token: str, results: Any) -> None:
        try:
            done = service.confirm(mlist, token, msg)
            if done is None:
                ISubscriptionManager(mlist).confirm(token)
        except LookupError:
            self._no_match(results)
        except (RefusedError, NotConfirmedError) as error:
            print(str(error), file=results)
            results.send_response = True
        except (MembershipIsBannedError, AlreadySubscribedError) as error:
            print(str(error), file=results)
        else:
            print(done or _core("Confirmed"), file=results)

    @staticmethod
    def _no_match(results: Any) -> None:
        print(_core("Confirmation token did not match"), file=results)
        results.send_response = True
