"""What the website's settings say of events.

    MAILMAN_EVENTS = {"secrets": ["whsec_…"]}

Read anew for each request, which takes no time.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from django.conf import settings

from mailman_rest_events import keys
from mailman_rest_events.receiving.verifying import key_of

_OPTIONS = ("secrets", "api_keys")


class ConfigurationError(Exception):
    """The settings are not in order; the text says what to do, and holds nothing of them."""


@dataclass(frozen=True, slots=True)
class Configuration:
    """Whom the website believes.

    :ivar secrets: With one of them a request is signed.
    :ivar api_keys: One of them is enough for a request that is not signed.
    """

    secrets: tuple[str, ...] = field(repr=False)
    api_keys: tuple[str, ...] = field(repr=False)


def load() -> Configuration:
    """What the settings say; raises ConfigurationError."""
    found = getattr(settings, "MAILMAN_EVENTS", None)
    if not isinstance(found, dict) or not any(found.get(option) for option in _OPTIONS):
        raise ConfigurationError(
            "There is no secret by which to know Mailman's events. Write into the settings "
            'MAILMAN_EVENTS = {"secrets": ["whsec_…"]}, with the `secret` of the endpoint in mailman-rest-events.cfg; '
            "`mailman events secret` makes one."
        )
    for option in found:
        if option not in _OPTIONS:
            raise ConfigurationError(
                f"MAILMAN_EVENTS has an option that there is not. There are: {', '.join(_OPTIONS)}."
            )
    secrets, api_keys = (_words(option, found.get(option, [])) for option in _OPTIONS)
    for secret in secrets:
        try:
            key_of(secret)
        except ValueError as error:
            raise ConfigurationError(f"MAILMAN_EVENTS: {error} `mailman events secret` makes one.") from None
    if not all(map(keys.is_key, api_keys)):
        raise ConfigurationError(f"MAILMAN_EVENTS: each of api_keys {keys.RULE}")
    return Configuration(secrets, api_keys)


def _words(option: str, value: Any) -> tuple[str, ...]:
    if not isinstance(value, list | tuple) or not all(isinstance(word, str) for word in value):
        raise ConfigurationError(f'MAILMAN_EVENTS: {option} must be a list of strings, as in {{"{option}": ["…"]}}.')
    return tuple(value)
