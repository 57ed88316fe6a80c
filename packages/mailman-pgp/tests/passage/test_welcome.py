"""What a new member of an encrypted list is sent: a text that is true there, unless somebody has written another."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from told import told

from mailman_pgp.openpgp import Profile, grouped

if TYPE_CHECKING:
    from collections.abc import Iterator

    from conftest import Ants

ANNE = "anne@example.org"
ALL = {"pre_verified": True, "pre_confirmed": True, "pre_approved": True}


@pytest.fixture(autouse=True)
def _installed(core: Any) -> Iterator[None]:  # noqa: ARG001 - core must be initialised
    """Core's texts are looked up as in a started process."""
    from mailman.interfaces.template import ITemplateLoader  # noqa: PLC0415 - core must be initialised
    from zope.component import getGlobalSiteManager, getUtility  # noqa: PLC0415

    from mailman_pgp.notices import welcome  # noqa: PLC0415

    before = getUtility(ITemplateLoader)
    welcome.install()
    yield
    getGlobalSiteManager().registerUtility(before, ITemplateLoader)


def joins(ants: Ants, address: str = ANNE) -> str:
    """Somebody joins; the text of their welcome."""
    ants.mlist.send_welcome_message = True
    ants.add_key(address)
    ants.mail()
    ants.ask(address, **ALL)
    (welcome,) = [one for one in told() if one.recipient == address and not one.template]
    assert any("Ant" in value for value in welcome.headers)
    return " ".join(welcome.text.split())


def test_what_is_true_there(ants: Ants) -> None:
    """How to post, the fingerprint of the list's key, and commands that there are; nothing of a password that one may forget."""
    from mailman_pgp.keys import vault  # noqa: PLC0415 - core must be initialised

    text = joins(ants)
    assert f"write to {ants.mlist.posting_address}, encrypted to the list's key" in text
    assert grouped(vault.certificate(ants.mlist.list_id).fingerprint) in text
    assert f"Commands go to {ants.mlist.request_address}, encrypted and signed" in text
    for word in ("will need your password", "options", "web UI"):
        assert word not in text


def test_what_program_is_needed(ants: Ants) -> None:
    """A list that not every program can write to says so."""
    from mailman_pgp.exchange import list_keys  # noqa: PLC0415 - core must be initialised

    list_keys.succeed(ants.mlist, None, 30, profile=Profile.POST_QUANTUM)
    assert "To write to this list you need a program that knows post-quantum keys" in joins(ants)


def test_in_their_language(ants: Ants) -> None:
    """In the member's own language, as far as we speak it."""
    from mailman.interfaces.languages import ILanguageManager  # noqa: PLC0415 - core must be initialised
    from mailman.interfaces.usermanager import IUserManager  # noqa: PLC0415
    from zope.component import getUtility  # noqa: PLC0415

    user = getUtility(IUserManager).make_user(ANNE)
    user.preferences.preferred_language = getUtility(ILanguageManager).get("de")
    text = joins(ants)
    assert "Willkommen auf der verschlüsselten Mailingliste Ant." in text
    assert "Passwort benötigen" not in text


def test_a_name_with_a_dollar(ants: Ants) -> None:
    """What is put into it is no place of core's."""
    ants.mlist.display_name = "Ant $user_email ${user_email}"
    assert "mailing list Ant $user_email ${user_email}." in joins(ants)


@pytest.mark.parametrize("context", ["ant.example.com", "example.com", None])
def test_their_own_text(ants: Ants, tmp_path: Path, context: str | None) -> None:
    """A text that was set for the list, its domain or the site is sent."""
    from mailman.interfaces.template import ITemplateManager  # noqa: PLC0415 - core must be initialised
    from zope.component import getUtility  # noqa: PLC0415

    path = tmp_path / "welcome.txt"
    path.write_text("Hello $user_email, we are the ants.")
    getUtility(ITemplateManager).set("list:user:notice:welcome", context, path.as_uri())
    assert joins(ants) == f"Hello {ANNE}, we are the ants."


@pytest.mark.parametrize("folder", ["lists/ant.example.com", "domains/example.com", "site"])
def test_their_own_file(ants: Ants, folder: str) -> None:
    """So is one in Mailman's directory of templates."""
    from mailman.config import config  # noqa: PLC0415 - core must be initialised

    path = Path(config.TEMPLATE_DIR, folder, "en", "list:user:notice:welcome.txt")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("We are the ants.")
    try:
        assert joins(ants) == "We are the ants."
    finally:
        path.unlink()


def test_plain_list(plain_ants: Ants) -> None:
    """A plain list sends core's text."""
    plain_ants.mlist.send_welcome_message = True
    plain_ants.ask(**ALL)
    (welcome,) = [one for one in told() if one.recipient == ANNE]
    assert "web UI" in welcome.text
