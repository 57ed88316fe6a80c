"""The pipe to the mail server: many copies in, one result for each out, in order.

smtplib connects, starts TLS and logs in; then the socket is driven directly, because `smtplib.sendmail` costs a
quarter of a millisecond a copy and waits for each command.
"""

import smtplib
from collections.abc import Callable, Iterable, Iterator

from mailman_pgp.delivery.backlog import Backlog
from mailman_pgp.delivery.connecting import MtaSection, connect_from
from mailman_pgp.delivery.envelope import Envelope, Outcome, Result, Stage
from mailman_pgp.delivery.replies import one_line
from mailman_pgp.delivery.session import Patience, Session
from mailman_pgp.delivery.stuffing import Stuffer
from mailman_pgp.delivery.wire import LostError

__all__ = ["Envelope", "Outcome", "Patience", "Pipe", "Result", "Stage", "connect_from", "pipe_from"]

MAX_FRUITLESS_CONNECTIONS = 3  # in a row without the answer to one copy


class Pipe:
    """Sends envelopes through connections from `connect`; keeps none open between two calls of `send`.

    `copies_per_connection` bounds the transactions of one connection (0: no bound), as core's
    `max_sessions_per_connection`. Not for several threads at once.
    """

    def __init__(
        self,
        connect: Callable[[], smtplib.SMTP],
        *,
        copies_per_connection: int = 0,
        patience: Patience = Patience(),  # noqa: B008 - frozen
    ) -> None:
        self._connect = connect
        self._limit = max(copies_per_connection, 0)
        self._patience = patience
        self._stuffer = Stuffer()
        self._ready: Session | None = None

    def open(self) -> str | None:
        """Connect for the next `send`; a sentence when that fails, so that nothing is encrypted in vain."""
        if self._ready is None:
            try:
                self._ready = self._session()
            except LostError as lost:
                return lost.text
        return None

    def close(self) -> None:
        """Close a connection that was opened and not used."""
        if self._ready is not None:
            self._ready.quit()
            self._ready.close()
            self._ready = None

    def send(self, envelopes: Iterable[Envelope]) -> Iterator[Result]:
        """Send each envelope and yield its result, in order, as the replies come.

        Up to two envelopes more than there are results have been taken from `envelopes` and the first of them may
        have been delivered: that one is repeated when the process is killed before its result was recorded.

        A lost connection makes the copy that was under way TEMPORARY 444, as the server may have it or not; those
        behind it go over a new connection, until none can be had: then they are TEMPORARY too. No OSError comes out
        of here but one from `envelopes` itself, which is raised after the results of what came before it.
        """
        backlog = Backlog(envelopes)
        fruitless = 0
        while backlog.head() is not None:
            try:
                session, self._ready = self._ready or self._session(), None
            except LostError as lost:
                yield from _give_up(backlog, lost)
                break
            try:
                for result in session.run(backlog):
                    backlog.answered()
                    yield result
                session.quit()
            except LostError as lost:
                fruitless = 0 if session.answered else fruitless + 1
                yield from _after_loss(backlog, lost, in_doubt=session.in_doubt)
                if lost.timed_out or fruitless == MAX_FRUITLESS_CONNECTIONS:
                    yield from _give_up(backlog, lost)
                    break
            finally:
                session.close()
        if backlog.error is not None:
            raise backlog.error

    def _session(self) -> Session:
        """A new connection that has said EHLO; `LostError` when there is none to be had."""
        smtp: smtplib.SMTP | None = None
        try:
            smtp = self._connect()
            smtp.ehlo_or_helo_if_needed()
            return Session(smtp, self._stuffer, patience=self._patience, limit=self._limit)
        except (OSError, ValueError, LostError) as error:  # smtplib raises both; ValueError for odd host names
            if smtp is not None:
                smtp.close()
            if isinstance(error, LostError):
                raise
            raise LostError(f"There is no connection to the mail server: {_reason(error)}") from error


def pipe_from(mta: MtaSection) -> Pipe:
    """A pipe as core's `config.mta` describes it; ValueError with a sentence for a value that can't be."""
    return Pipe(connect_from(mta), copies_per_connection=int(getattr(mta, "max_sessions_per_connection", 0)))


def _reason(error: Exception) -> str:
    if isinstance(error, smtplib.SMTPAuthenticationError):
        # Its text may repeat what was sent, and goes into a log.
        return f"it answered {error.smtp_code} to the login. See smtp_user and smtp_pass in [mta] of mailman.cfg."
    if isinstance(error, smtplib.SMTPResponseException):
        text = error.smtp_error
        return f"{error.smtp_code} {text.decode('utf-8', 'replace') if isinstance(text, bytes) else text}"
    return (isinstance(error, OSError) and error.strerror) or one_line(str(error)) or type(error).__name__


def _after_loss(backlog: Backlog, lost: LostError, *, in_doubt: bool) -> Iterator[Result]:
    """Settle the first copy without an answer; those behind it, and itself once, are free to go again."""
    backlog.rewind()
    envelope = backlog.head()
    if envelope is None:
        return
    if in_doubt or backlog.head_moved:
        backlog.answered()
        yield Result(envelope.recipient, Outcome.TEMPORARY, lost.code, lost.text, Stage.CONNECT)
    else:
        backlog.head_moved = True


def _give_up(backlog: Backlog, lost: LostError) -> Iterator[Result]:
    """All that is left fails for now."""
    while (envelope := backlog.head()) is not None:
        backlog.answered()
        yield Result(envelope.recipient, Outcome.TEMPORARY, lost.code, lost.text, Stage.CONNECT)
