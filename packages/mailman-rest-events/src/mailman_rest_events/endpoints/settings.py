"""The endpoints that get events: the INI file that ``configuration:`` in ``[plugin.events]`` of ``mailman.cfg`` names.

    [endpoint.web]
    url: https://lists.example.com/mailman-events/
    api_key: a long random word
    events: (List|Domain).*|.*SubscriptionEvent

These three options are all that an endpoint needs; `Endpoint` names the others.
"""

from __future__ import annotations

import base64
import binascii
import ipaddress
import re
import ssl
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from mailman_plugin_kit.settings import SettingsError, meant, read
from mailman_rest_events import keys

if TYPE_CHECKING:
    import configparser

_PREFIX = "endpoint."
_OPTIONS = (
    "url",
    "api_key",
    "events",
    "lists",
    "secret",
    "timeout",
    "active",
    "key_in_url",
    "allow_private",
    "ca_file",
)
_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,62}", re.IGNORECASE)
# Standard Webhooks: a secret has 24 to 64 bytes.
_SECRET_BYTES = range(24, 65)
_TIMEOUT_SECONDS = (1.0, 60.0)
_DEFAULT_TIMEOUT = 10.0
_YES = frozenset({"yes", "true", "on", "1"})
_NO = frozenset({"no", "false", "off", "0"})
_MOST_SECRETS = 2


@dataclass(frozen=True, slots=True, repr=False)
class Endpoint:
    """Who is told of which events, and how.

    :ivar name: The NAME of its section.
    :ivar url: Where events are posted; never with the key in it.
    :ivar api_key: Goes into ``Authorization: Token …``, or into the URL as ``key=…`` with `key_in_url`.
    :ivar events: Matched in full against the name of an event's class.
    :ivar lists: Matched in full against the ID of the list that an event is about; events about no list pass it.
    :ivar secrets: Binary keys of the signatures, the newest first; empty where nothing is signed.
    :ivar timeout: Seconds in which an answer must be complete.
    :ivar active: Whether events are sent; while not, they are kept.
    :ivar allow_private: Whether it may lie in a private network, or on this machine.
    :ivar ca_file: The certificates (PEM) that vouch for it, where those of the system do not.
    """

    name: str
    url: str
    api_key: str
    events: re.Pattern[str]
    lists: re.Pattern[str] | None = None
    secrets: tuple[bytes, ...] = ()
    timeout: float = _DEFAULT_TIMEOUT
    active: bool = True
    key_in_url: bool = False
    allow_private: bool = False
    ca_file: Path | None = None

    def __repr__(self) -> str:
        """Key and secrets are not for logs, nor is what the URL may hold."""
        return f"<Endpoint {self.name}>"

    def wants(self, event: str, list_id: str | None) -> bool:
        """Whether it is told of an event with this class name, about this list if it is about one."""
        if self.events.fullmatch(event) is None:
            return False
        return self.lists is None or list_id is None or self.lists.fullmatch(list_id) is not None


def load(path: Path) -> dict[str, Endpoint]:
    """Read the endpoints, by their names, in the order of the file.

    :raises SettingsError: for whatever is wrong; nothing is taken then.
    """
    parser = read(path, plugin="events", section="endpoint.NAME")
    found = {}
    for section in parser.sections():
        name = section.removeprefix(_PREFIX)
        if name == section or not _NAME.fullmatch(name):
            raise SettingsError(
                f"The section [{section}] in {path} means nothing. Each endpoint has a section [endpoint.NAME], NAME being "
                f"letters, digits, - and _."
            )
        found[name] = _Section(path, section, name, parser[section]).endpoint()
    return found


@dataclass(frozen=True, slots=True, repr=False)
class _Section:
    """One section while it is read."""

    path: Path
    section: str
    name: str
    options: configparser.SectionProxy

    def wrong(self, sentence: str) -> SettingsError:
        return SettingsError(f"In [{self.section}] of {self.path}: {sentence}")

    def endpoint(self) -> Endpoint:
        for option in self.options:
            if option not in _OPTIONS:
                raise self.wrong(f"there is no option {option}. {meant(option, _OPTIONS)}")
        for option in ("url", "api_key", "events"):
            if not self._text(option):
                raise self.wrong(f"{option} is missing. Add a line `{option}: …`.")
        return Endpoint(
            name=self.name,
            url=self._url(),
            api_key=self._api_key(),
            events=self._pattern("events"),
            lists=self._lists(),
            secrets=self._secrets(),
            timeout=self._timeout(),
            active=self._flag("active", default=True),
            key_in_url=self._flag("key_in_url", default=False),
            allow_private=self._flag("allow_private", default=False),
            ca_file=self._ca_file(),
        )

    def _text(self, option: str) -> str:
        return self.options.get(option, "").strip()

    def _url(self) -> str:
        text = self._text("url")
        try:
            parts = urlsplit(text)
            host, _ = parts.hostname, parts.port
        except ValueError:
            raise self.wrong("url is none. Write it like https://lists.example.com/mailman-events/.") from None
        if parts.scheme not in {"http", "https"}:
            raise self.wrong("url must begin with https:// (or http://).")
        if not host or not text.isascii() or not text.isprintable() or " " in text:
            raise self.wrong("url names no host, or has blanks or other letters in it than a URL may have.")
        if parts.username is not None or parts.password is not None:
            raise self.wrong(
                "url holds a user or a password, which would be seen in logs. Put the secret into api_key."
            )
        if parts.fragment:
            raise self.wrong("url has a part behind #, which is never sent. Remove it.")
        if not self._flag("allow_private", default=False):
            if _is_local(host):
                raise self.wrong("url leads to this machine. Set `allow_private: yes` if that is meant.")
            if parts.scheme == "http":
                raise self.wrong(
                    "url is http://, so that everybody on the way reads the key. Use https://; or set `allow_private: yes` if "
                    "it stays within a network of yours."
                )
        return text

    def _api_key(self) -> str:
        key = self._text("api_key")
        if not keys.is_key(key):
            raise self.wrong(f"api_key {keys.RULE}")
        return key

    def _lists(self) -> re.Pattern[str] | None:
        text = self._text("lists")
        if "@" in text:
            raise self.wrong("lists is matched against IDs of lists, which have a dot in place of the @. Write a dot.")
        return self._pattern("lists") if text else None

    def _pattern(self, option: str) -> re.Pattern[str]:
        text = self._text(option)
        if "\n" in text:
            raise self.wrong(f"{option} is in several lines, and would match nothing. Write it into one.")
        try:
            return re.compile(text)
        except re.error as error:
            where = "" if error.pos is None else f" at character {error.pos + 1}"
            raise self.wrong(f"{option} is no regular expression: {error.msg}{where}. Correct it.") from None

    def _secrets(self) -> tuple[bytes, ...]:
        words = self._text("secret").split()
        if len(words) > _MOST_SECRETS:
            raise self.wrong("secret holds more than two. Keep the new one and the one until now.")
        return tuple(map(self._secret, words))

    def _secret(self, word: str) -> bytes:
        # Standard Webhooks: base64 behind "whsec_".
        try:
            secret = base64.b64decode(word.removeprefix("whsec_"), validate=True)
        except binascii.Error:
            secret = b""
        if len(secret) not in _SECRET_BYTES:
            raise self.wrong(
                "secret must be whsec_ and the base64 of 24 to 64 random bytes; of two, which count both, the newer one stands "
                "first. `mailman events secret` makes one."
            )
        return secret

    def _timeout(self) -> float:
        least, greatest = _TIMEOUT_SECONDS
        try:
            value = float(self._text("timeout") or _DEFAULT_TIMEOUT)
        except ValueError:
            value = 0.0
        if not least <= value <= greatest:
            raise self.wrong(f"timeout must be a number of seconds from {least:g} to {greatest:g}.")
        return value

    def _flag(self, option: str, *, default: bool) -> bool:
        word = self._text(option).lower()
        if not word:
            return default
        if word not in _YES | _NO:
            raise self.wrong(f"{option} must be yes or no.")
        return word in _YES

    def _ca_file(self) -> Path | None:
        text = self._text("ca_file")
        if not text:
            return None
        path = Path(text)
        if not path.is_absolute() or not path.is_file():
            raise self.wrong("ca_file must be the absolute path of a file with certificates (PEM) that is there.")
        try:
            ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(path)
        except ssl.SSLError:
            raise self.wrong("ca_file holds no certificates (PEM).") from None
        except OSError as error:
            raise self.wrong(
                f"ca_file can't be read ({error.strerror}). The user that runs Mailman must be able to."
            ) from None
        return path


def _is_local(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
