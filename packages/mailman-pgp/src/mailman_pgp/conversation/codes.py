"""Codes by which an answer names its question.

A code is 130 random bits, and travels inside encryption only.  What is kept is an HMAC under a key derived from the site key,
over the code and all that it is good for: list and its encryption, address, action, and the data of what is to be done.
"""

from __future__ import annotations

import base64
import hmac
import json
import re
import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mailman_pgp.site import health, naming

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mailman_workflows.request import JSON

LENGTH = 26
_CODE = re.compile(rf"(?<![a-z0-9])[a-z2-7]{{{LENGTH}}}(?![a-z0-9])")
#: A reply holds its code once or twice; whoever sends many guesses does not get far with any.
_MOST = 20


def new() -> str:
    """A new code: 26 letters and digits in lower case."""
    return base64.b32encode(secrets.token_bytes(17)).decode("ascii").lower()[:LENGTH]


def found_in(text: str) -> list[str]:
    """What looks like a code in a text, in order; the first few."""
    return list(dict.fromkeys(match[0] for match in _CODE.finditer(text.lower())))[:_MOST]


@dataclass(frozen=True, slots=True, repr=False)
class Use:
    """All that a code is good for: a list, a person, and what is to be done (plain JSON).

    :ivar encryption: Names the list's encryption: another one when it was switched off and on, or the list was made anew.
    """

    list_id: str
    address: str
    action: str
    data: Mapping[str, JSON]
    encryption: str


def digest(code: str, use: Use) -> str:
    """What is kept of a code, as hexadecimal HMAC-SHA-256.

    :raises mailman_pgp.site.health.NotHealthy: when this process may not have the site key.
    """
    return _digest(health.naming_keys(naming.CONFIRM)[0], code, use)


def fits(code: str, kept: str, use: Use) -> bool:
    """Whether a code is the one of which `kept` was kept, and for just this; compared in constant time."""
    return any([hmac.compare_digest(_digest(key, code, use), kept) for key in health.naming_keys(naming.CONFIRM)])  # noqa: C419 - all of them


def _digest(key: bytes, code: str, use: Use) -> str:
    bound = json.dumps([code, use.list_id, use.encryption, use.address.lower(), use.action, use.data], sort_keys=True)
    return hmac.digest(key, bound.encode(), "sha256").hex()
