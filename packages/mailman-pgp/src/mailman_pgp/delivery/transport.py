"""What delivery of copies and of notices have in common: the connection, the envelope, and what the server refused."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from mailman.config import config
from mailman.interfaces.mta import SomeRecipientsFailed
from mailman.utilities.email import split_email
from mailman.utilities.string import expand
from public import public

from mailman_pgp.delivery.smtp import Outcome, Pipe, Result, connect_from

if TYPE_CHECKING:
    from collections.abc import Callable

log = logging.getLogger("mailman.smtp")


@public
def pipe() -> Pipe:
    """A connection to the mail server that core is configured for; opened with the first envelope, closed with the last."""
    return Pipe(connect_from(config.mta))


@public
def verp_sender(mlist: Any) -> Callable[[str], str]:
    """A function from a recipient's address to the envelope sender that tells whose mail bounced (VERP).

    Core expands its template for each recipient; here that happens once.
    """
    local_mark, domain_mark = "\0local\0", "\0domain\0"
    mailbox, domain = split_email(mlist.bounces_address)
    pattern: str = expand(
        config.mta.verp_format, mlist, {"bounces": mailbox, "local": local_mark, "domain": domain_mark}
    )
    bounces_domain = ".".join(domain) if isinstance(domain, (list, tuple)) else str(domain)

    def sender(recipient: str) -> str:
        local, _, host = recipient.rpartition("@")
        return pattern.replace(local_mark, local).replace(domain_mark, host) + "@" + bounces_domain

    return sender


@public
class Refusals:
    """The recipients that the mail server refused, for now or for good, in the form that core's runner takes."""

    def __init__(self) -> None:
        self._temporary: list[str] = []
        self._permanent: list[tuple[str, int, str]] = []

    def __len__(self) -> int:
        return len(self._temporary) + len(self._permanent)

    def add(self, result: Result) -> None:
        """Note a result that is not a delivery."""
        if result.outcome is Outcome.PERMANENT:
            self._permanent.append((result.recipient, result.code, result.text))
        else:
            self._temporary.append(result.recipient)
        log.info("refused for %s: %d %s", result.recipient, result.code, result.text)

    def raise_if_any(self) -> None:
        """Tell core's runner: it retries the temporary ones and counts the others as bounces.

        :raises mailman.interfaces.mta.SomeRecipientsFailed:
        """
        if len(self):
            raise SomeRecipientsFailed(self._temporary, self._permanent)
