"""A website with stock Postorius and HyperKitty and our apps beside them, in memory."""

from __future__ import annotations

import base64
import json
import secrets
import time
import warnings
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING, Any

from django_pgpmailman.sandbox import project
from mailman_rest_events.sending import signing

if TYPE_CHECKING:
    from website_core import Core


def written(raw: bytes) -> str:
    """A secret as people write it."""
    return "whsec_" + base64.b64encode(raw).decode()


RAW = secrets.token_bytes(32)
SECRET = written(RAW)
ADDRESS = f"/{project.EVENTS_PATH}"

SETTINGS: dict[str, Any] = {
    **project.SETTINGS,
    "ALLOWED_HOSTS": ["testserver"],
    "CACHES": {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}},
    # One for all connections of this process: where a browser's library has a loop, Django has a connection of its own.
    "DATABASES": {
        "default": {"ENGINE": "django.db.backends.sqlite3", "NAME": "file:website?mode=memory&cache=shared"},
    },
    "MAILMAN_EVENTS": {"secrets": [SECRET]},
    "MAILMAN_REST_API_PASS": "restpass",
    "MAILMAN_REST_API_URL": "http://127.0.0.1:9",
    "MAILMAN_REST_API_USER": "restadmin",
    "PASSWORD_HASHERS": ["django.contrib.auth.hashers.MD5PasswordHasher"],
    "SECRET_KEY": "only for tests",
}


@cache
def start() -> None:
    """Have Django ready in this process, with all tables."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import django  # noqa: PLC0415 - once it is wanted
        from django.conf import settings  # noqa: PLC0415
        from django.core.management import call_command  # noqa: PLC0415
        from django.test.utils import setup_test_environment  # noqa: PLC0415

        settings.configure(**SETTINGS)
        django.setup()
        setup_test_environment()
        call_command("migrate", run_syncdb=True, verbosity=0)


def body(event_id: str, name: str, data: dict[str, Any] | None = None, sequence: int = 1) -> bytes:
    """What is sent of an event."""
    time_of_it = "2027-01-15T08:00:00.000Z"
    content = {"name": name, "event": data or {}, "id": event_id, "time": time_of_it, "sequence": sequence}
    return json.dumps(content).encode()


def signed(event_id: str, content: bytes, *, raw: bytes = RAW, at: float | None = None) -> dict[str, str]:
    """The headers by which it is believed."""
    return signing.headers([raw], event_id, int(time.time() if at is None else at), content)


@dataclass(slots=True)
class Website:
    """The website as Mailman and people meet it.

    :ivar receivers: Signals and their receivers, which are taken away after the test.
    """

    core: Core
    receivers: list[tuple[Any, Any]] = field(default_factory=list)
    _count: int = 0

    @property
    def client(self) -> Any:
        """Somebody's browser, or Mailman."""
        from django.test import Client  # noqa: PLC0415 - Django must be ready

        return Client(enforce_csrf_checks=True, raise_request_exception=True)

    def person(self, email: str, *others: str, verified: bool = True) -> Any:
        """An account that has proven its addresses, or not."""
        from allauth.account.models import EmailAddress  # noqa: PLC0415 - Django must be ready
        from django.contrib.auth import get_user_model  # noqa: PLC0415

        user = get_user_model().objects.create_user(email, email, "password")
        for address in (email, *others):
            EmailAddress.objects.create(user=user, email=address, verified=verified)
        return user

    def page(self, user: Any, path: str) -> Any:
        """A page as an account sees it."""
        client = self.client
        client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
        return client.get(path)

    def post(self, content: bytes, headers: dict[str, str], **more: Any) -> Any:
        """What comes back to a request."""
        return self.client.post(ADDRESS, content, content_type="application/json", headers=headers, **more)

    def send(self, name: str, *, event_id: str = "", **data: Any) -> int:
        """Send an event as Mailman does; the status that comes back."""
        self._count += 1
        event_id = event_id or f"evt_{self._count}"
        content = body(event_id, name, data)
        return int(self.post(content, signed(event_id, content)).status_code)

    def listen(self, signal: Any, receiver: Any) -> None:
        """Let a receiver listen for the time of the test."""
        signal.connect(receiver)
        self.receivers.append((signal, receiver))
