"""What delivery of copies and of notices have in common: the connection, the envelope, and what the server refused."""

from __future__ import annotations

import logging
from enum import StrEnum
from string import Template
from typing import TYPE_CHECKING, Any

from mailman.config import config
from mailman.interfaces.mta import SomeRecipientsFailed
from mailman.utilities.email import split_email
from mailman.utilities.string import expand
from public import public

from mailman_pgp.delivery import interruption, patience
from mailman_pgp.delivery.smtp import Outcome, Pipe, Result, Stage, pipe_from
from mailman_pgp.delivery.wire import NO_ANSWER
from mailman_pgp.model.missed import Miss, Why, answer_class

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from mailman_pgp.delivery.progress import Progress
    from mailman_pgp.delivery.smtp import Envelope

log = logging.getLogger("mailman.smtp")

# It blames the message and not the recipient (RFC 1870 §6.1), unless it says that a mailbox is full (RFC 3463 §3.3).
_TOO_LARGE = 552
_MAILBOX_FULL = "5.2.2"
# Said when nothing could be encrypted to anybody.
NOBODY = (
    "Mail could not be encrypted to any of its recipients, whose certificates are usable by our records. It is kept in the "
    "shunt queue: see that the clock of this machine is right, then run `mailman unshunt`."
)


@public
class Lost(StrEnum):
    """Why somebody does not get what was meant for them, though no fault of theirs is known; as the ledger has it."""

    TOO_LARGE = "too-large-for-server"
    GIVEN_UP = "given-up"


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
    """The recipients that the mail server refused.

    :ivar temporary: Those that are to be tried again.
    :ivar permanent: Those refused for good, in the form that core's runner takes: it counts a bounce for each.
    :ivar lost: Those that are not tried again, and are not to be blamed either.
    """

    def __init__(self) -> None:
        self.temporary: list[str] = []
        self.permanent: list[tuple[str, int, str]] = []
        self.lost: dict[str, Lost] = {}
        self._answers: dict[str, str] = {}
        self._reached = True

    def add(self, result: Result) -> None:
        """Note a result that is not a delivery."""
        if result.code == _TOO_LARGE and not result.text.startswith(_MAILBOX_FULL):
            # The next attempt would be refused as well.
            self.lost[result.recipient] = Lost.TOO_LARGE
        elif result.outcome is Outcome.PERMANENT and result.code != _TOO_LARGE:
            self.permanent.append((result.recipient, result.code, result.text))
        else:
            self.temporary.append(result.recipient)
        if result.code != NO_ANSWER:
            self._answers[result.recipient] = answer_class(result.code, result.text)
        log.info("refused for %s: %d %s", result.recipient, result.code, result.text)

    def add_lost(self, recipients: Iterable[str], text: str) -> None:
        """Note that there was no connection for these; `text` says why."""
        self._reached = False
        for recipient in recipients:
            self.add(Result(recipient, Outcome.TEMPORARY, NO_ANSWER, text, Stage.CONNECT))

    def settle(self, msgdata: dict[str, Any]) -> None:
        """Give up those that were tried for long enough; to be called once for each attempt, after its last result."""
        if not self.temporary:
            return
        if not self._reached:
            patience.not_attempted(msgdata, len(self.temporary))
        elif not patience.attempted(msgdata, len(self.temporary)):
            self.lost.update(dict.fromkeys(self.temporary, Lost.GIVEN_UP))
            self.temporary = []

    def missed(self) -> dict[str, Miss]:
        """Why each of them has no copy, by address in lower case."""
        reasons: dict[str, str] = dict.fromkeys(self.temporary, Why.WAITING)
        reasons.update(dict.fromkeys((address for address, _code, _text in self.permanent), Why.REFUSED))
        reasons.update(self.lost)
        return {
            address.lower(): Miss(str(reason), self._answers.get(address, "")) for address, reason in reasons.items()
        }

    def hand_to_core(self, msg: Any, msgdata: dict[str, Any]) -> None:
        """Put the message into the queue `retry` for the temporary ones, and let core's runner count the permanent ones.

        Core's own way into `retry` discards what has been there for long, and takes its report on the last permanent one
        for the message when there are both (`OutgoingRunner._dispose` uses one name for them).

        :raises mailman.interfaces.mta.SomeRecipientsFailed:
        """
        if self.temporary:
            msgdata["recipients"] = self.temporary
            config.switchboards["retry"].enqueue(msg, msgdata)
        if self.permanent:
            raise SomeRecipientsFailed([], self.permanent)


@public
def send_until_asked(connection: Pipe, envelopes: Iterable[Envelope], progress: Progress, refusals: Refusals) -> bool:
    """Send what is ready to leave, one by one as it is made; mark whose mail was taken, as soon as its answer is there.

    :return: Whether all of it was sent: not, where this process was asked to end before (`mailman_pgp.delivery.interruption`).
    """
    cut_short = False

    def begun() -> Iterator[Envelope]:
        nonlocal cut_short
        for envelope in envelopes:
            if interruption.asked():
                cut_short = True
                return
            yield envelope

    for result in connection.send(begun()):
        if result.outcome is Outcome.DELIVERED:
            progress.mark((result.recipient,))
        else:
            refusals.add(result)
    return not cut_short
