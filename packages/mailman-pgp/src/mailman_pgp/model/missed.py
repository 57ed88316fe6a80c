"""Who did not get one post, and why: a text in the row of each chunk, of those alone who did not.

Nothing is written for whoever has a copy, and nothing at all where everybody has one.  Grouped by reason it has about thirty bytes a
person; rows of their own would have five times as many, and cost their insertion.
"""

from __future__ import annotations

import datetime as dt
import json
import re
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from public import public

if TYPE_CHECKING:
    from collections.abc import Mapping

# RFC 3463 §2, at the beginning of a reply.
_ENHANCED = re.compile(r"[45]\.\d{1,3}\.\d{1,3}(?=\s|$)")


@public
class Why(StrEnum):
    """Reasons beside those for which nothing can be encrypted to somebody, and those of `mailman_pgp.delivery.transport.Lost`."""

    REFUSED = "refused"  # the mail server will not take it for them
    WAITING = "waiting"  # it is tried again
    DIGESTS = "digest-mode"  # they chose digests, of which there are none


@public
@dataclass(frozen=True, slots=True)
class Miss:
    """Why somebody has no copy.

    :ivar reason: A value of `Why`, of `Lost`, or as `mailman_pgp.delivery.lookup` has it.
    :ivar answer: The class of the mail server's answer (``5.1.1``, or ``550`` where it has no finer one); empty where it was not asked.
        Never its text, which anybody may have written.
    """

    reason: str
    answer: str = ""


@public
@dataclass(frozen=True, slots=True)
class Missed:
    """The same with its time (naive UTC): since when it is so."""

    miss: Miss
    since: dt.datetime


@public
def answer_class(code: int, text: str) -> str:
    """The class of a reply of the mail server.

    :param text: The reply without its code.
    """
    found = _ENHANCED.match(text)
    return found[0] if found is not None else str(code)


@public
def told(written: str | None) -> dict[str, Missed]:
    """What a row says, by address."""
    return {
        address: Missed(Miss(reason, answer), dt.datetime.fromisoformat(since))
        for reason, answer, since, addresses in json.loads(written or "[]")
        for address in addresses
    }


@public
def written(missed: Mapping[str, Missed]) -> str | None:
    """The same as text; None where it is nobody."""
    groups: dict[Missed, list[str]] = {}
    for address, one in missed.items():
        groups.setdefault(one, []).append(address)
    if not groups:
        return None
    lines = [
        (one.miss.reason, one.miss.answer, one.since.isoformat(timespec="seconds"), sorted(addresses))
        for one, addresses in groups.items()
    ]
    return json.dumps(lines, separators=(",", ":"))


@public
def after(before: str | None, missed: Mapping[str, Miss], *, tried: set[str], at: dt.datetime) -> str | None:
    """What is to be written after an attempt; the same, however often the attempt is repeated.

    :param before: What was written before it.
    :param missed: Who has no copy after it, by address.
    :param tried: All for whom it was made; what was written of anybody else stays.
    """
    if before is None and not missed:
        return None
    known = told(before)
    found = {address: one for address, one in known.items() if address not in tried}
    for address, miss in missed.items():
        earlier = known.get(address)
        found[address] = earlier if earlier is not None and earlier.miss == miss else Missed(miss, at)
    return written(found)


@public
def without(before: str, address: str) -> str:
    """The same without somebody; it may be empty, and still says that there was a record."""
    found = told(before)
    found.pop(address, None)
    return written(found) or "[]"
