"""What a step can say when it is done for now: data, which the run acts on."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import timedelta

    from mailman_plugin_kit.i18n import Text


class Party(Enum):
    """Whom a request waits for."""

    SUBSCRIBER = "subscriber"
    MODERATOR = "moderator"
    OUTSIDE = "outside"  # something that is neither: another program, a date, a key that has to come


@dataclass(frozen=True, slots=True)
class Proceed:
    """The step is done; the next one follows."""


@dataclass(frozen=True, slots=True)
class First:
    """The step is done; these steps of the same workflow come next, then whatever was to follow.

    `because` is for a request that goes back to where somebody has let it pass: the sentence tells them why, by an
    `AskedAgainError`, if the request waits for anybody then.
    """

    steps: tuple[str, ...]
    because: str = ""


@dataclass(frozen=True, slots=True)
class Wait:
    """The request is saved and waits; when its token is confirmed, the step's `resumed` is called.

    `reason` is a short phrase that people see ("waits for a key"): in English, or in the list's language at core's doors where it
    is a `mailman_plugin_kit.i18n.Text`.  `lifetime` None means core's own for that party
    (`pending_request_life`, `moderator_request_life`).  `shown` is what whoever looks at the request is to see beside it, by
    names that core does not use (REST, ``/lists/LIST_ID/requests``); of long texts the beginning.
    """

    party: Party
    reason: str | Text
    lifetime: timedelta | None = None
    shown: Mapping[str, str] = field(default_factory=dict, hash=False)


@dataclass(frozen=True, slots=True)
class End:
    """Nothing is left to do, and the request ends without its effect: the member has left meanwhile, say."""


Outcome = Proceed | First | Wait | End

PROCEED = Proceed()
END = End()
