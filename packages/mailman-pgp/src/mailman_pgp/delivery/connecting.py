"""Connections to the site's mail server, as `[mta]` in mailman.cfg describes it."""

import enum
import smtplib
import ssl
from collections.abc import Callable
from typing import Any, Protocol

from lazr.config import as_boolean

from mailman_pgp.delivery.bounded import BoundedSMTP, BoundedTLS

CONNECT_SECONDS = 60.0  # for the connection, and for each reply before the first message; core waits without an end


class MtaSection(Protocol):
    """The part of core's `config.mta` that is read here: strings, as in the file."""

    smtp_host: str
    smtp_port: str
    smtp_user: str
    smtp_pass: str
    smtp_secure_mode: str
    smtp_verify_cert: str
    smtp_verify_hostname: str


class SecureMode(enum.Enum):
    """The values of `smtp_secure_mode`, as in core's `mailman.mta.connection`."""

    INSECURE = "smtp"
    IMPLICIT = "smtps"
    STARTTLS = "starttls"


class Connector:
    """Opens connections that have greeted, started TLS and logged in; its repr holds no password."""

    def __init__(self, host: str, port: int, mode: SecureMode, context: ssl.SSLContext | None) -> None:
        self._host = host
        self._port = port
        self._mode = mode
        self._context = context
        self._login: tuple[str, str] | None = None
        self._local_hostname: str | None = None  # smtplib asks the DNS for it: once is enough

    def __repr__(self) -> str:
        """Where it connects to."""
        return f"<Connector {self._mode.value}://{self._host}:{self._port}>"

    def log_in_as(self, user: str, password: str) -> None:
        """Log in after each connect."""
        self._login = (user, password)

    def __call__(self) -> smtplib.SMTP:
        """A new connection; raises OSError (smtplib's exceptions are OSErrors too) when there is none to be had."""
        keywords: dict[str, Any] = {"local_hostname": self._local_hostname, "timeout": CONNECT_SECONDS}
        smtp: smtplib.SMTP
        if self._mode is SecureMode.IMPLICIT:
            smtp = BoundedTLS(self._host, self._port, context=self._context, **keywords)
        else:
            smtp = BoundedSMTP(self._host, self._port, **keywords)
        try:
            self._local_hostname = smtp.local_hostname
            if self._mode is SecureMode.STARTTLS:
                smtp.starttls(context=self._context)
            if self._login is not None:
                smtp.login(*self._login)
        except BaseException:
            smtp.close()
            raise
        return smtp


def connect_from(mta: MtaSection) -> Callable[[], smtplib.SMTP]:
    """A factory of connections from core's `config.mta`, or from anything with the same attributes.

    Raises ValueError with a sentence for a value that core would not take either.
    """
    host = mta.smtp_host.strip()
    if not host:
        raise ValueError("[mta] smtp_host in mailman.cfg is empty: name the mail server, for example localhost.")
    try:
        mode = SecureMode(mta.smtp_secure_mode.strip().lower())
    except ValueError:
        raise ValueError("[mta] smtp_secure_mode in mailman.cfg must be smtp, smtps or starttls.") from None
    try:
        port = int(mta.smtp_port)
    except ValueError:
        raise ValueError("[mta] smtp_port in mailman.cfg must be a number.") from None
    connector = Connector(host, port, mode, None if mode is SecureMode.INSECURE else _context(mta))
    if mta.smtp_user and mta.smtp_pass:  # core ignores one without the other
        connector.log_in_as(mta.smtp_user, mta.smtp_pass)
    return connector


def _context(mta: MtaSection) -> ssl.SSLContext:
    verify = bool(as_boolean(mta.smtp_verify_cert))
    context = ssl.create_default_context()
    context.check_hostname = verify and bool(as_boolean(mta.smtp_verify_hostname))
    context.verify_mode = ssl.CERT_REQUIRED if verify else ssl.CERT_NONE
    return context
