"""Who visits the website in tests: one person for each role on the list ants, and on no other."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from core_certificates import ANNE, chosen, post

from django_pgpmailman.roles import Role

if TYPE_CHECKING:
    from core_server import CoreServer
    from website import Website

ANTS = "ants.example.com"
BEES = "bees.example.com"


def _address(role: Role) -> str:
    return f"{role.name.lower()}@example.com"


class People:
    """Everybody, with the list ants, on which they are something, and bees, of which others are everything."""

    def __init__(self, web: Website, mailman: CoreServer) -> None:
        on_list = (Role.MEMBER, Role.MODERATOR, Role.OWNER)
        mailman.mlist("ants@example.com", **{role.name.lower(): [_address(role)] for role in on_list})
        mailman.mlist("bees@example.com", **{role.name.lower(): [f"other-{_address(role)}"] for role in on_list})
        mailman.certificates.chosen[ANNE] = chosen(ANNE)
        mailman.certificates.posts["post@example.com"] = post("post@example.com")
        self._web = web
        self.users: dict[Role, Any] = {}
        for role in Role:
            if role is not Role.EVERYBODY:
                self.users[role] = web.person(_address(role))
        self.users[Role.SITE_ADMIN].is_superuser = True
        self.users[Role.SITE_ADMIN].save()

    def client(self, role: Role) -> Any:
        """The browser of the person who has just this role; csrf is not looked at."""
        from django.test import Client  # noqa: PLC0415 - Django must be ready

        client = Client()
        if role is not Role.EVERYBODY:
            client.force_login(self.users[role], backend="django.contrib.auth.backends.ModelBackend")
        return client
