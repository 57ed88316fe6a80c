"""Encrypted lists on the website of a real Mailman, beside stock Postorius and HyperKitty."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING, Any

import pytest
from peers import peer

from mailman_pgp.openpgp import inspect

if TYPE_CHECKING:
    from pathlib import Path

    from people import EncryptedList
    from visiting import Site


def in_fours(fingerprint: str) -> str:
    return " ".join(fingerprint[start : start + 4] for start in range(0, len(fingerprint), 4))


def summary(mlist: EncryptedList) -> str:
    """The stock page of a list."""
    return f"/mailman3/lists/{mlist.list_id}/"


def settings_page(mlist: EncryptedList) -> str:
    return f"/pgp/lists/{mlist.list_id}/settings"


@pytest.fixture
def plain(site: Site, encrypted_list: EncryptedList) -> str:
    """A plain list's list-id."""
    return site.sandbox.rest.create_list(f"plainweb{encrypted_list.number}@lists.example.com")


def test_stock_page_of_a_list(site: Site, encrypted_list: EncryptedList, plain: str) -> None:
    """Everybody reads on the stock page of an encrypted list that it is one, with the whole fingerprint; of a plain list nothing."""
    fingerprint = in_fours(inspect(encrypted_list.certificate).fingerprint)
    for visitor in (site.visitor(), site.visitor("stranger@example.net"), site.officer("owner", encrypted_list)):
        page = visitor.get(summary(encrypted_list))
        assert page.status == 200
        assert "This list is encrypted" in page.text
        assert fingerprint in page.text
        assert "ncrypted" not in visitor.get(f"/mailman3/lists/{plain}/").text


@pytest.mark.peer
def test_certificate(site: Site, encrypted_list: EncryptedList, tmp_path: Path) -> None:
    """The file that everybody gets is the list's certificate: gpg imports it."""
    page = site.visitor().get(f"/pgp/lists/{encrypted_list.list_id}/certificate.asc")
    (tmp_path / "list.asc").write_bytes(page.response.content)
    command = [
        peer("gpg"),
        "--homedir",
        str(tmp_path),
        "--batch",
        "--with-colons",
        "--show-keys",
        str(tmp_path / "list.asc"),
    ]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert f"fpr:::::::::{inspect(encrypted_list.certificate).fingerprint}:" in said


@pytest.mark.peer
def test_directory(site: Site, encrypted_list: EncryptedList, plain: str) -> None:
    """A mail program finds the certificate at the address that sq computes, by both methods; of a plain list none."""
    for method, host in (("direct-url", "lists.example.com"), ("url", "openpgpkey.lists.example.com")):
        found = []
        for address in (encrypted_list.address, plain.replace(".", "@", 1)):
            command = [peer("sq"), "wkd", method, address]
            url = subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
            path = url.removeprefix("https://").partition("/")[2]
            found.append(site.visitor().get(f"/{path}", host=host))
        assert [page.status for page in found] == [200, 404]
        assert found[0].response["Content-Type"] == "application/octet-stream"
        assert inspect(found[0].response.content).fingerprint == inspect(encrypted_list.certificate).fingerprint


def test_owner_changes_settings(site: Site, encrypted_list: EncryptedList) -> None:
    """An owner finds the page in the menu of their list, sees every setting of REST with its value, and changes one."""
    owner = site.officer("owner", encrypted_list)
    assert settings_page(encrypted_list) in owner.get(summary(encrypted_list)).text
    page = owner.get(settings_page(encrypted_list))
    assert page.status == 200
    described = site.sandbox.rest("plugins/pgp/settings")["settings"]
    for setting in described:
        assert f'name="{setting["name"]}"' in page.text
        assert setting["meaning"].replace("`", "") in page.text.replace("<code>", "").replace("</code>", "")
    form = _filled(page.response.context["form"])
    form.pop("footer_note")
    saved = owner.post(settings_page(encrypted_list), **form)
    assert "The settings are saved." in saved.text
    values = site.sandbox.rest(f"plugins/pgp/lists/{encrypted_list.list_id}")["settings"]
    assert values["footer_note"] is False
    assert [name for name, value in values.items() if value != _value(described, name)] == ["footer_note"]


def test_refusal_at_its_field(site: Site, encrypted_list: EncryptedList) -> None:
    """What the plugin refuses stands at the field that it is about."""
    from django.core.cache import cache  # noqa: PLC0415 - Django must be ready

    owner = site.officer("owner", encrypted_list)
    form = _filled(owner.get(settings_page(encrypted_list)).response.context["form"])
    described = [{**setting, "greatest": 10**6} for setting in site.sandbox.rest("plugins/pgp/settings")["settings"]]
    cache.set("pgpmailman:settings", described)  # as if the site allowed less since
    page = owner.post(settings_page(encrypted_list), **form | {"leave_delay_days": "500000"})
    assert page.status == 422
    (error,) = page.response.context["form"].errors["leave_delay_days"]
    assert error.startswith("leave_delay_days takes a whole number from 1 to 60")


def test_who_may(site: Site, encrypted_list: EncryptedList, new_list: Any) -> None:
    """Owners of another list, members and strangers get no owner's page, moderators read it; superusers get each, and that of the site."""
    other = new_list()
    visitors = {role: site.officer(role, encrypted_list) for role in ("owner", "moderator")}
    visitors["member"] = site.visitor(encrypted_list.member("Anne").address)
    visitors |= {"other": site.officer("owner", other), "stranger": site.visitor("stranger@example.net")}
    visitors["admin"] = site.visitor("admin@example.net", superuser=True)
    statuses = {name: visitor.get(settings_page(encrypted_list)).status for name, visitor in visitors.items()}
    assert statuses == {"owner": 200, "moderator": 200, "member": 403, "other": 403, "stranger": 403, "admin": 200}
    read = visitors["moderator"].get(settings_page(encrypted_list)).text
    assert in_fours(inspect(encrypted_list.certificate).fingerprint) in read
    assert "<form" not in read
    assert visitors["moderator"].post(settings_page(encrypted_list), footer_note="").status == 403
    assert {name: visitor.get("/pgp/").status for name, visitor in visitors.items()} == dict.fromkeys(visitors, 403) | {
        "admin": 200
    }
    # All tests share this Mailman: there may be more lists than a page has.
    admin = visitors["admin"]
    assert any(encrypted_list.address in admin.get(f"/pgp/?page={number}").text for number in range(1, 50))


def test_members_as_core_knows_them(site: Site, plain: str) -> None:
    """A member by an address, and one by a user, are members here and nowhere else."""
    from django.contrib.auth import get_user_model  # noqa: PLC0415 - Django must be ready

    from django_pgpmailman.core import client  # noqa: PLC0415
    from django_pgpmailman.permissions import is_at_least  # noqa: PLC0415
    from django_pgpmailman.roles import Role  # noqa: PLC0415

    core = client()
    here = core.get_list(plain)
    there = core.get_list(site.sandbox.rest.create_list(f"other{plain}".replace(".", "@", 1)))
    addresses = f"address@{plain}", f"user@{plain}"
    site.sandbox.rest.subscribe(plain, addresses[0])
    user = core.create_user(addresses[1], "")
    user.addresses[0].verify()
    user.preferred_address = addresses[1]
    site.sandbox.rest.subscribe(plain, user.user_id)
    for address in addresses:
        site.visitor(address)
        account = get_user_model().objects.get(email=address)
        assert is_at_least(Role.MEMBER, account, core, here)
        assert not is_at_least(Role.MODERATOR, account, core, here)
        assert not is_at_least(Role.MEMBER, account, core, there)


def _filled(form: Any) -> dict[str, str]:
    """What a browser sends of a form that nobody has touched."""
    found = {}
    for field in form:
        value = field.value()
        found[field.html_initial_name] = "" if value is None else str(value)
        if value not in {None, False}:
            found[field.html_name] = "on" if value is True else str(value)
    return found


def _value(described: list[dict[str, Any]], name: str) -> Any:
    return next(setting["default"] for setting in described if setting["name"] == name)
