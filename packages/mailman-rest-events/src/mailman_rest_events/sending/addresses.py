"""Where an endpoint may lie: not in a private network, unless its section says so.

A name can be made to lead anywhere, so what is connected to is an address that was looked at, and not the name once more.
"""

from __future__ import annotations

import ipaddress
import socket

_NAT64 = ipaddress.ip_network("64:ff9b::/96")
# All that is given to networks of IPv6 (RFC 4291 §2.4); what lies outside may be an address of IPv4 in a disguise of old.
_UNICAST = ipaddress.ip_network("2000::/3")


class ForbiddenAddressError(Exception):
    """The endpoint's host leads to an address to which nothing may be sent."""


def addresses_of(host: str, port: int, *, allow_private: bool) -> list[str]:
    """The numerical addresses of a host, in the order in which they are to be tried.

    :raises OSError: when the name leads nowhere.
    :raises ForbiddenAddressError: when one of them lies in a private network (all are refused then).
    """
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    addresses = list(dict.fromkeys(str(each[4][0]) for each in found))
    for address in addresses:
        if not allow_private and not _is_public(address):
            raise ForbiddenAddressError(address)
    return addresses


def _is_public(address: str) -> bool:
    parsed = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(parsed, ipaddress.IPv6Address):
        inner = parsed.ipv4_mapped or parsed.sixtofour
        if parsed in _NAT64:
            inner = ipaddress.IPv4Address(int(parsed) & 0xFFFFFFFF)
        if inner is not None:
            return _is_public(str(inner))
        if parsed.teredo is not None or parsed not in _UNICAST:
            return False
    return parsed.is_global and not parsed.is_multicast
