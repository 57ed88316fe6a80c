"""What delivery of copies and of notices have in common: the connection, the envelope, and what the server refused."""

from __future__ import annotations

import logging
from string import Template
from typing import TYPE_CHECKING, Any

from lazr.config import as_timedelta
from mailman.config import config
from mailman.interfaces.mta import SomeRecipientsFailed
from mailman.utilities.datetime import now
from mailman.utilities.email import split_email
from mailman.utilities.string import expand
from public import public

from mailman_pgp.delivery.smtp import Outcome, Pipe, Result, Stage, pipe_from
from mailman_pgp.delivery.wire import NO_ANSWER

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

log = logging.getLogger("mailman.smtp")

# "Too large", or "too many recipients" (RFC 5321 §4.5.3.1.10).  It says nothing about the recipient, so core takes it for
# temporary, and nobody's bounce score grows because the site's own mail server takes smaller messages than the list.
_TOO_MUCH = 552


@public
def pipe() -> Pipe:
    """A connection to the mail server that core is configured for; opened with the first envelope, closed with the last."""
    return pipe_from(config.mta)


@public
def verp_sender(mlist: Any) -> Callable[[str], str]:
    """A function from a recipient's address to the envelope sender that tells whose mail bounced (VERP).

    Core expands its template for each recipient; here that happens once.
    """
    local_mark, domain_mark = "\0local\0", "\0domain\0"
    mailbox, domain = split_email(mlist.bounces_address)
    values = {"bounces": mailbox, "local": local_mark, "domain": domain_mark}
    template = Template(config.mta.verp_format)
    if values.keys() >= set(template.get_identifiers()):
        pattern = template.safe_substitute(values)
    else:  # it names something else of the list, which core looks up in several queries
        pattern = expand(config.mta.verp_format, mlist, values)
    bounces_domain = ".".join(domain) if isinstance(domain, (list, tuple)) else str(domain)

    def sender(recipient: str) -> str:
        local, _, host = recipient.rpartition("@")
        return pattern.replace(local_mark, local).replace(domain_mark, host) + "@" + bounces_domain

    return sender


@public
class Refusals:
    """The recipients that the mail server refused, for now or for good, in the form that core's runner takes."""

    def __init__(self) -> None:
        self.temporary: list[str] = []
        self.permanent: list[tuple[str, int, str]] = []

    def add(self, result: Result) -> None:
        """Note a result that is not a delivery."""
        if result.outcome is Outcome.PERMANENT and result.code != _TOO_MUCH:
            self.permanent.append((result.recipient, result.code, result.text))
        else:
            self.temporary.append(result.recipient)
        log.info("refused for %s: %d %s", result.recipient, result.code, result.text)

    def add_lost(self, recipients: Iterable[str], text: str) -> None:
        """Note that there was no connection for these; `text` says why."""
        for recipient in recipients:
            self.add(Result(recipient, Outcome.TEMPORARY, NO_ANSWER, text, Stage.CONNECT))

    def hand_to_core(self, msg: Any, msgdata: dict[str, Any]) -> None:
        """Tell core's runner: it retries the temporary ones and counts the others as bounces.

        :raises mailman.interfaces.mta.SomeRecipientsFailed:
        """
        if not (self.temporary and self.permanent):
            if self.temporary or self.permanent:
                raise SomeRecipientsFailed(self.temporary, self.permanent)
            return
        # When there are both, core puts the report that it has written for the last permanent one into the queue `retry`,
        # in place of the message (`OutgoingRunner._dispose` uses one name for both).  So the message is put there by us.
        msgdata["last_recip_count"] = len(self.temporary)
        msgdata["deliver_until"] = now() + as_timedelta(config.mta.delivery_retry_period)
        msgdata["recipients"] = self.temporary
        config.switchboards["retry"].enqueue(msg, msgdata)
        raise SomeRecipientsFailed([], self.permanent)
