"""Whether a sandbox takes mail and answers."""

from __future__ import annotations

import base64
import http.client
import re
import socket
from typing import TYPE_CHECKING

from mailman_pgp.sandbox.configuration import REST_USER, Doors
from mailman_pgp.sandbox.ports import LOOPBACK

if TYPE_CHECKING:
    from collections.abc import Collection

    from mailman_pgp.sandbox.place import Place

_TIMEOUT_SECONDS = 5.0
_STARTED = re.compile(rb"\(([0-9]+)\) \S+ runner started\.")


def lmtp_ready(doors: Doors) -> bool:
    """Whether the LMTP server greets."""
    try:
        with socket.create_connection((LOOPBACK, doors.lmtp), timeout=_TIMEOUT_SECONDS) as connection:
            return connection.recv(4).startswith(b"220")
    except OSError:
        return False


def rest_ready(doors: Doors) -> bool:
    """Whether the REST interface answers a request with our password."""
    connection = http.client.HTTPConnection(LOOPBACK, doors.rest, timeout=_TIMEOUT_SECONDS)
    token = base64.b64encode(f"{REST_USER}:{doors.rest_password}".encode()).decode()
    try:
        connection.request("GET", "/3.1/system/versions", headers={"Authorization": f"Basic {token}"})
        return connection.getresponse().status == http.HTTPStatus.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def runners_ready(place: Place, pids: Collection[int]) -> bool:
    """Whether these runners have said in the log that they started: from then on they take signals."""
    try:
        content = (place.logs / "mailman.log").read_bytes()
    except OSError:
        return False
    return set(pids) <= {int(found[1]) for found in _STARTED.finditer(content)}
