"""A delivery of somebody else's, for `[mta] outgoing`: it flattens what it is given and sends it, to each by itself."""

from __future__ import annotations

import smtplib
from typing import Any

from mailman.config import config


def deliver(mlist: Any, msg: Any, msgdata: dict[str, Any]) -> None:
    """See `IMailTransportAgentDelivery`."""
    content = b"".join(line + b"\r\n" for line in msg.as_bytes().splitlines())
    with smtplib.SMTP(config.mta.smtp_host, int(config.mta.smtp_port)) as connection:
        for recipient in msgdata.get("recipients", ()):
            connection.sendmail(mlist.bounces_address, [recipient], content)
