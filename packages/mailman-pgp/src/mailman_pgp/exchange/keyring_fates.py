"""What became of the certificates of a keyring, one by one."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from public import public


@public
class Fate(StrEnum):
    """What became of a certificate of a keyring, or would become of it."""

    TAKEN = "taken"  # it counts for somebody who had none
    UPDATED = "updated"  # it was known, and this copy says more
    SAME = "same"  # it was known, and this copy says nothing new
    RECORDED = "recorded"  # it counted, and can't be used any more
    REFUSED = "refused"


class Why(StrEnum):
    """Why one is refused, beside `CertificateProblem`."""

    NO_MEMBER = "no-member"
    NOT_VERIFIED = "address-not-verified"
    SEVERAL_MEMBERS = "several-members"
    SEVERAL_KEYS = "several-keys-for-one"
    ANOTHER = "another-certificate"
    SUSPENDED = "suspended"


@public
@dataclass(frozen=True, slots=True)
class Line:
    """What became of one certificate.

    :ivar fingerprint: Empty where it can't be read.
    :ivar user_ids: As it shows them.
    :ivar addresses: Those on the list for which it counts, or is refused; sorted.
    :ivar code: Why, where it is not used: a `Why` or a `CertificateProblem`; empty where it is.
    :ivar source: Where it is from, where there are several places.
    """

    fingerprint: str
    user_ids: tuple[str, ...]
    addresses: tuple[str, ...]
    fate: Fate
    sentence: str
    code: str = ""
    source: str = ""


@public
@dataclass(frozen=True, slots=True)
class Brought:
    """What became of a keyring.

    :ivar without: The members who have no certificate that can be used, sorted.
    :ivar written: Whether anything was to be written; else it is what would become of it.
    """

    lines: tuple[Line, ...]
    without: tuple[str, ...]
    written: bool

    def number(self, fate: Fate) -> int:
        """How many certificates had this fate."""
        return sum(line.fate is fate for line in self.lines)


@public
def as_data(found: Brought) -> dict[str, Any]:
    """What became of a keyring, or would, as data for programs."""
    return {
        "dry_run": not found.written,
        "numbers": {fate.value: found.number(fate) for fate in Fate},
        "certificates": [
            {
                "fingerprint": line.fingerprint or None,
                "user_ids": list(line.user_ids),
                "addresses": list(line.addresses),
                "outcome": line.fate,
                "code": line.code or None,
                "words": line.sentence,
                **({"file": line.source} if line.source else {}),
            }
            for line in found.lines
        ],
        "without": list(found.without),
    }
