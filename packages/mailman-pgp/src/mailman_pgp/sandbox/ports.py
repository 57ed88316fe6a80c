"""Free TCP ports for servers that are told a number, and not given a socket."""

from __future__ import annotations

import random
import socket
from pathlib import Path

LOOPBACK = "127.0.0.1"
_LOWEST = 10240
_RANGE_FILE = Path("/proc/sys/net/ipv4/ip_local_port_range")
_ATTEMPTS = 200


def reserve() -> socket.socket:
    """A socket bound to a free port of the loopback interface; close it right before the server takes the port.

    The port lies below those that the kernel gives to outgoing connections, so nobody gets it by chance while the
    server is being restarted.  Raises OSError when none is free.
    """
    try:
        highest = int(_RANGE_FILE.read_text().split()[0]) - 1
    except (OSError, ValueError, IndexError):
        highest = 32767
    for _ in range(_ATTEMPTS):
        candidate = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        try:
            candidate.bind((LOOPBACK, random.randint(_LOWEST, max(_LOWEST, highest))))  # noqa: S311 - no secret
        except OSError:
            candidate.close()
            continue
        return candidate
    raise OSError("No free port was found for Mailman's servers.")


def port_of(bound: socket.socket) -> int:
    """The port a socket is bound to."""
    return int(bound.getsockname()[1])
