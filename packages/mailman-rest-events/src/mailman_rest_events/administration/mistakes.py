"""What was asked for and can't be done: a sentence for whoever asked.  Nothing was changed then."""

from __future__ import annotations

from mailman_rest_events import site
from mailman_rest_events.administration import texts


class MistakeError(Exception):
    """It is not clear what is meant, or it can't be done; the text says what to do instead."""


class UnknownError(MistakeError):
    """What was named is not there."""


class NothingThereError(MistakeError):
    """All that was named is there, but nothing is in a state in which it could be done."""


def no_such_endpoint(name: str) -> UnknownError:
    """A name is no endpoint's."""
    names = ", ".join(site.endpoints()) or "none"
    return UnknownError(f"There is no endpoint {texts.quoted(name)}. Those there are: {names}.")


def no_such_event(uid: str) -> UnknownError:
    """An ID is no event's."""
    return UnknownError(
        f"There is no event {texts.quoted(uid)}. An ID is evt_ and 32 digits; what was delivered is forgotten after 30 days. "
        f"`mailman events list` shows what there is."
    )
