"""Pages of Postorius with us: what they show more, and that they are as they were when anything of ours fails."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest
from core_answers import FINGERPRINT
from core_server import RefusedError
from visitors import ANTS, BEES, People

from django_pgpmailman.roles import Role

if TYPE_CHECKING:
    from collections.abc import Callable

    from core_server import CoreServer
    from website import Website

GROUPS = "0123 4567 89AB CDEF 0123 4567 89AB CDEF 0123 4567"


def menu(list_id: str, user: Any, current: str = "list_summary") -> str:
    """The menu of a list, as Postorius' pages have it."""
    from django.template import Context, Template  # noqa: PLC0415 - Django must be ready

    from django_pgpmailman.core import client  # noqa: PLC0415

    class Request:
        def __init__(self) -> None:
            self.user = user

    template = Template("{% load nav_helpers %}{% list_nav current %}")
    context = {"list": client().get_list(list_id), "request": Request(), "current": current}
    return str(template.render(Context(context)))


def test_panel(people: People, mailman: CoreServer) -> None:
    """Everybody reads on the page of an encrypted list that it is one, its key, and how to join."""
    mailman.expires = "2031-05-04T00:00:00Z"
    from django.contrib.auth.models import AnonymousUser  # noqa: PLC0415 - Django must be ready

    for user in (AnonymousUser(), people.users[Role.LOGGED_IN]):
        shown = menu(ANTS, user)
        assert "This list is encrypted" in shown
        assert GROUPS in shown
        assert "May 4, 2031" in shown
        assert f"/pgp/lists/{ANTS}/certificate.asc" in shown
        assert "ants-request@example.com" in shown
    assert "This list is encrypted" not in menu(ANTS, people.users[Role.OWNER], "list_settings")


def test_panel_of_a_key_that_has_ended(people: People, mailman: CoreServer) -> None:
    """Who visits a list whose key has expired is sent to its owners."""
    mailman.expires = "2020-05-04T00:00:00Z"
    shown = menu(ANTS, people.users[Role.MEMBER])
    assert ">expired<" in shown
    assert "Write to the owners of the list" in shown
    assert f'/pgp/lists/{ANTS}/key"' not in shown


def test_plain_list(people: People, mailman: CoreServer) -> None:
    """A plain list is shown as without us; but its owners find the page on which they can encrypt it."""
    mailman.mlist("plain@example.com", encrypted=False, owner=["owner@example.com"])
    for current in ("list_summary", "list_settings"):
        for role in (Role.LOGGED_IN, Role.MEMBER, Role.MODERATOR):
            assert "pgp" not in menu("plain.example.com", people.users[role], current).lower()
        shown = menu("plain.example.com", people.users[Role.SITE_ADMIN], current)
        assert shown.lower().count("pgp") == len(["/pgp/", "PGP"])
        assert 'href="/pgp/lists/plain.example.com/encryption"' in shown


def test_entry(people: People) -> None:
    """Owners find our page in the menu of their list, as its last entry; nobody else does."""
    entry = f'href="/pgp/lists/{ANTS}/settings"'
    owner = people.users[Role.OWNER]
    owner.is_list_owner = True  # as the page of Postorius says
    assert re.search(rf"{entry}[^<]*>PGP</a></li>\s*</ul>\s*<h2>", menu(ANTS, owner))
    assert entry in menu(ANTS, people.users[Role.SITE_ADMIN])
    for role in (Role.LOGGED_IN, Role.MEMBER, Role.MODERATOR):
        assert entry not in menu(ANTS, people.users[role])


def _raises(error: Exception) -> Callable[[str], None]:
    def instead(path: str) -> None:
        if "plugins" in path:
            raise error

    return instead


TROUBLE = {
    "500": RefusedError(500, "Something went wrong.", "failed"),
    "503": RefusedError(503, "It is not healthy.", "not-healthy"),
    "404": RefusedError(404, "Not Found"),
    "409": RefusedError(409, "Of tomorrow.", "of-tomorrow"),
    "401": RefusedError(401, "Unauthorized"),
    "hung up": ConnectionResetError(),
}


@pytest.mark.parametrize("name", TROUBLE)
def test_trouble(people: People, mailman: CoreServer, name: str) -> None:
    """While the plugin is in trouble, a page of Postorius is as without us; and Mailman is asked once, and not for each page."""
    admin = people.users[Role.SITE_ADMIN]
    mailman.instead = _raises(TROUBLE[name])
    mailman.paths()
    shown = [menu(ANTS, admin) for _ in range(3)]
    assert not any("pgp" in each.lower() for each in shown)
    assert "Header filters" in shown[0]
    assert sum("plugins" in path for path in mailman.paths()) == 1


def test_answer_of_another_form(people: People, mailman: CoreServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same where the plugin answers something else than we know."""
    monkeypatch.setattr(type(mailman), "_pgp", lambda *_: {"of": "tomorrow"})
    assert "pgp" not in menu(ANTS, people.users[Role.SITE_ADMIN]).lower()


def test_cache_that_is_away(people: People, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same where the cache is away."""

    def away(*_: Any) -> Any:
        raise ConnectionRefusedError

    monkeypatch.setattr("django.core.cache.backends.locmem.LocMemCache.get", away)
    assert "pgp" not in menu(ANTS, people.users[Role.SITE_ADMIN]).lower()


def test_late(people: People, mailman: CoreServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """A plugin that does not answer holds up one page for a short while, and the following ones not at all."""
    import threading  # noqa: PLC0415 - here only

    released = threading.Event()

    def late(path: str) -> None:
        if "plugins" in path:
            released.wait(60)

    monkeypatch.setattr("django_pgpmailman.knowledge._LIMIT_SECONDS", 0.2)
    mailman.instead = late
    try:
        assert all("pgp" not in menu(ANTS, people.users[Role.SITE_ADMIN]).lower() for _ in range(3))
    finally:
        released.set()
    assert sum("plugins" in path for path in mailman.paths()) == 1


def test_away(people: People, mailman: CoreServer) -> None:
    """That Mailman does not answer about one list is known of all of them: it is not waited for once more for each."""
    from django_pgpmailman.knowledge import NoEncryption, encryption_of, forget  # noqa: PLC0415 - Django must be ready

    mailman.instead = _raises(ConnectionResetError())
    mailman.paths()
    found = [encryption_of(name) for name in (ANTS, BEES, "other.example.com")]
    assert found == [NoEncryption.UNKNOWN] * 3
    assert len(mailman.paths()) == 1
    forget(ANTS)
    assert encryption_of(ANTS) is NoEncryption.UNKNOWN
    assert people


def test_what_one_person_sends_silences_nobody(people: People, mailman: CoreServer) -> None:
    """Where Mailman refuses to say how one person stands, or takes too long, it is asked about others, and about lists, as before."""
    from django_pgpmailman.knowledge import Encryption, encryption_of, own_places  # noqa: PLC0415 - Django must be ready

    troubles = {Role.MEMBER: RefusedError(409, "Of tomorrow.", "of-tomorrow"), Role.MODERATOR: ConnectionResetError()}
    for role, trouble in troubles.items():
        mailman.instead = _raises(trouble)
        assert own_places(people.users[role], ANTS) is None
        mailman.instead = None
        mailman.paths()
        assert own_places(people.users[role], ANTS) is None
        assert mailman.paths() == []  # it is remembered of this one
        assert isinstance(encryption_of(ANTS), Encryption)
        assert own_places(people.users[Role.OWNER], ANTS) is not None


def test_slow(people: People, mailman: CoreServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """A page that asks for several things, each of which comes late, waits for all of them no longer than for one."""
    from time import monotonic, sleep  # noqa: PLC0415 - here only

    from django_pgpmailman.knowledge import encryption_of, own_places  # noqa: PLC0415 - Django must be ready

    class Request:
        """A request."""

    def slow(path: str) -> None:
        if "plugins" in path:
            sleep(0.3)

    monkeypatch.setattr("django_pgpmailman.knowledge._LIMIT_SECONDS", 0.4)
    mailman.instead = slow
    request, begun = Request(), monotonic()
    for list_id in (ANTS, BEES):
        encryption_of(list_id, request)
        own_places(people.users[Role.MEMBER], list_id, request)
    assert monotonic() - begun < 0.6


def test_remembered_until_it_changes(people: People, mailman: CoreServer) -> None:
    """Whether a list is encrypted is asked for once, until somebody says that the list has changed."""
    from django_mailman3.signals import mailinglist_modified  # noqa: PLC0415 - Django must be ready

    user = people.users[Role.LOGGED_IN]
    mailman.paths()
    assert all(FINGERPRINT[:4] in menu(ANTS, user) for _ in range(3))
    assert sum("certificate" in path for path in mailman.paths()) == 1
    del mailman.encrypted[ANTS]
    assert "encrypted" in menu(ANTS, user)
    mailinglist_modified.send_robust(sender=None, list_id=ANTS)
    assert "encrypted" not in menu(ANTS, user)


def test_forgotten_while_it_is_asked_for(people: People, mailman: CoreServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """An answer on its way when the list changes, and is forgotten, is an old one, and not remembered; the next one is."""
    from django_pgpmailman.knowledge import Encryption, NoEncryption, encryption_of, forget  # noqa: PLC0415 - as above

    real = type(mailman)._pgp

    def overtaken(server: CoreServer, *asked: Any) -> Any:
        answer = real(server, *asked)
        if server.encrypted.pop(ANTS, None) is not None:
            forget(ANTS)
        return answer

    monkeypatch.setattr(type(mailman), "_pgp", overtaken)
    assert isinstance(encryption_of(ANTS), Encryption)
    mailman.paths()
    assert [encryption_of(ANTS) for _ in range(3)] == [NoEncryption.PLAIN] * 3
    assert sum("certificate" in path for path in mailman.paths()) == 1
    assert people


def test_events(people: People, web: Website, mailman: CoreServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """An event of Mailman's makes it forgotten, where events come in."""
    user = people.users[Role.LOGGED_IN]
    assert "encrypted" in menu(ANTS, user)
    del mailman.encrypted[ANTS]
    monkeypatch.setattr("mailman_rest_events.django.refreshing.asking.mailing_list", lambda _list_id: object())
    monkeypatch.setattr("hyperkitty.signals.import_list_from_mailman", lambda _list_id: None)
    assert web.send("ListSettingsChangedEvent", list_id=ANTS) == 204
    assert "encrypted" not in menu(ANTS, user)


def test_menu_without_a_place(people: People, tmp_path: Any, settings: Any) -> None:
    """A menu of another form, that of a later Postorius, gets our entry behind it."""
    from django.conf import settings as present  # noqa: PLC0415 - Django must be ready

    (tmp_path / "postorius/menu").mkdir(parents=True)
    (tmp_path / "postorius/menu/list_nav.html").write_text("<nav>Another menu</nav>")
    engine = dict(present.TEMPLATES[0])
    engine["APP_DIRS"] = False
    engine["OPTIONS"] = {
        **engine["OPTIONS"],
        "loaders": [
            "django.template.loaders.app_directories.Loader",
            ("django.template.loaders.filesystem.Loader", [tmp_path]),
        ],
    }
    settings.TEMPLATES = [engine]
    settings.INSTALLED_APPS = [name for name in present.INSTALLED_APPS if name != "postorius"]
    from django.template import Context, engines  # noqa: PLC0415

    template = engines["django"].engine.get_template("postorius/menu/list_nav.html")
    from django_pgpmailman.core import client  # noqa: PLC0415

    context = {"list": client().get_list(ANTS), "user": people.users[Role.SITE_ADMIN], "current": "list_settings"}
    shown = str(template.render(Context(context)))
    assert shown.startswith("<nav>Another menu</nav>")
    assert re.search(r">PGP</a></li>\s*</ul>\s*$", shown)


def test_another_app_before_us(people: People, settings: Any, tmp_path: Any) -> None:
    """Another app that puts an entry into the same menu in the same way may stand before us."""
    from django.conf import settings as present  # noqa: PLC0415 - Django must be ready
    from django.template import Context, engines  # noqa: PLC0415

    from django_pgpmailman.core import client  # noqa: PLC0415

    (tmp_path / "postorius/menu").mkdir(parents=True)
    ours = '{% load pgpmailman %}{% menu_with_entry "postorius/menu/list_nav.html" %}'
    (tmp_path / "postorius/menu/list_nav.html").write_text(f"<p>Theirs</p>{ours}")
    settings.TEMPLATES = [{**present.TEMPLATES[0], "DIRS": [tmp_path]}]
    template = engines["django"].engine.get_template("postorius/menu/list_nav.html")
    context = {"list": client().get_list(ANTS), "user": people.users[Role.SITE_ADMIN], "current": "list_settings"}
    shown = str(template.render(Context(context)))
    assert shown.count("<p>Theirs</p>") == 1
    assert "Header filters" in shown
