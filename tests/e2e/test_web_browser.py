"""Our pages in a real browser: with the pointer, with the keyboard alone, at two widths, and for who sees otherwise."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from browsing import DESK, HAND, Browser

from mailman_pgp.openpgp import dearmor, grouped, inspect
from mailman_pgp.openpgp.memberkeys import MemberKey

if TYPE_CHECKING:
    from pathlib import Path

    from people import EncryptedList, Person
    from visiting import Site

pytestmark = pytest.mark.peer

# Postorius' menu of a person is a list that says that it is none.
_WITHOUT_STOCK = {"exclude": [["ul[role=navigation]"]]}


def stock_page(mlist: EncryptedList) -> str:
    return f"/mailman3/lists/{mlist.list_id}/"


def settings_page(mlist: EncryptedList) -> str:
    return f"/pgp/lists/{mlist.list_id}/settings"


def key_page(person: Person) -> str:
    return f"/pgp/lists/{person.list.list_id}/keys/{person.address}"


def test_stranger_gets_the_certificate(
    site: Site, browser: Browser, encrypted_list: EncryptedList, tmp_path: Path
) -> None:
    """Somebody comes to the page of a list, reads that it is encrypted, and saves its certificate."""
    with browser.window(site.visitor()) as page:
        page.goto(stock_page(encrypted_list))
        assert page.get_by_role("region", name="This list is encrypted").is_visible()
        with page.expect_download() as download:
            page.get_by_role("link", name="Certificate of the list, as a file").click()
        download.value.save_as(tmp_path / "list.asc")
        assert download.value.suggested_filename == f"{encrypted_list.list_id}.asc"
    saved = dearmor((tmp_path / "list.asc").read_bytes())
    assert inspect(saved).fingerprint == inspect(encrypted_list.certificate).fingerprint


def test_owner_changes_a_setting(site: Site, browser: Browser, encrypted_list: EncryptedList) -> None:
    """An owner goes from the page of their list to ours, changes a setting, and reads that it is saved; a refusal is at its field."""
    with browser.window(site.officer("owner", encrypted_list)) as page:
        page.goto(stock_page(encrypted_list))
        page.get_by_role("link", name="PGP", exact=True).click()
        page.get_by_label("A line on who wrote a post").uncheck()
        page.get_by_role("button", name="Save").click()
        assert page.get_by_role("status").inner_text() == "The settings are saved."
        assert not page.get_by_label("A line on who wrote a post").is_checked()
        page.get_by_label("Days before somebody leaves without a key").fill("61")
        page.get_by_role("button", name="Save").click()
        assert "Nothing was saved" in page.get_by_role("alert").inner_text()
        assert "less than or equal to 60" in page.locator("#id_leave_delay_days_help").inner_text()
    values = site.sandbox.rest(f"plugins/pgp/lists/{encrypted_list.list_id}")["settings"]
    assert (values["footer_note"], values["leave_delay_days"]) == (False, 7)
    assert [said for said in browser.complaints if "422" not in said] == []


def test_keyboard_alone(site: Site, browser: Browser, encrypted_list: EncryptedList) -> None:
    """Without a pointer and without scripts one gets into Postorius' menus on our page, to each field, and saves."""
    with browser.window(site.officer("owner", encrypted_list)) as page:
        page.goto(settings_page(encrypted_list))
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.getAttribute('href')") == "#pgpmailman-content"
        submenu = page.get_by_role("link", name="Mass subscribe")
        assert not submenu.is_visible()
        reached = _reach(page, "Mass operations")
        assert submenu.is_visible()
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.textContent").strip() == "Mass subscribe"
        assert reached < 30
        while page.evaluate("document.activeElement.name") != "footer_note":
            page.keyboard.press("Tab")
        page.keyboard.press("Space")
        while page.evaluate("document.activeElement.type") != "submit":
            page.keyboard.press("Tab")
        page.keyboard.press("Enter")
        page.get_by_text("The settings are saved.").wait_for()


def _reach(page: Any, text: str) -> int:
    """Press Tab until something with this text has the focus; how often."""
    for count in range(1, 60):
        page.keyboard.press("Tab")
        if text in page.evaluate("document.activeElement.textContent"):
            return count
    raise AssertionError(f"The keyboard does not get to {text}.")


def _pages(site: Site, mlist: EncryptedList) -> list[tuple[str, Any, str]]:
    """The main pages: a name, who visits, an address."""
    owner, admin = site.officer("owner", mlist), site.visitor("admin@example.net", superuser=True)
    start, anne = f"/pgp/lists/{mlist.list_id}", mlist.member("Anne")
    member = site.visitor(anne.address)
    of_owners = (
        "members",
        f"members/{anne.address}",
        f"members/{owner.address}",
        "keyring",
        "posts",
        "key",
        "encryption",
    )
    return [
        *((path.replace("/", "-"), owner, f"{start}/{path}") for path in of_owners),
        ("list", site.visitor(), stock_page(mlist)),
        ("settings", owner, settings_page(mlist)),
        ("lists", admin, "/pgp/"),
        ("refused", owner, "/pgp/"),
        ("keys", member, "/pgp/keys"),
        ("key", member, key_page(anne)),
    ]


def test_member_brings_another_key(site: Site, browser: Browser, encrypted_list: EncryptedList, tmp_path: Path) -> None:
    """A member finds their keys in their menu, uploads a file, sees both fingerprints side by side, and sends it."""
    anne = encrypted_list.member("Anne")
    new = MemberKey.generate(f"Anne <{anne.address}>")
    (tmp_path / "anne.pgp").write_bytes(new.certificate)
    with browser.window(site.visitor(anne.address)) as page:
        page.goto("/pgp/keys")
        page.get_by_role("link", name="PGP keys").wait_for()
        page.get_by_role("link", name="Bring or change your key").click()
        page.get_by_label("As a file").set_input_files(tmp_path / "anne.pgp")
        page.get_by_role("button", name="Look at it").click()
        page.get_by_role("heading", name="Is this your key?").wait_for()
        old, brought = (page.locator("code", has_text=grouped(one.fingerprint)) for one in (anne.key, new))
        assert old.bounding_box()["y"] == brought.bounding_box()["y"]
        found = Axe().run(page, _WITHOUT_STOCK).response["violations"]
        assert [one["id"] for one in found if one["impact"] in {"serious", "critical"}] == []
        page.get_by_role("button", name="Send it").click()
        page.get_by_text(f"An encrypted message goes to {anne.address}.").wait_for()
    assert browser.complaints == []


@pytest.mark.deep
@pytest.mark.parametrize("size", [DESK, HAND], ids=["desk", "hand"])
def test_pictures(
    site: Site, browser: Browser, encrypted_list: EncryptedList, tmp_path: Path, size: tuple[int, int]
) -> None:
    """On a desk and in a hand each page fits into the width of the window, with its styles, and nothing is kept from it."""
    for name, visitor, address in _pages(site, encrypted_list):
        with browser.window(visitor, size) as page:
            page.goto(address)
            page.screenshot(path=tmp_path / f"{name}.png", full_page=True)
            width = page.evaluate("document.documentElement.scrollWidth")
            assert width <= size[0], (name, width)
            assert (
                page.evaluate("getComputedStyle(document.querySelector('header.navbar')).backgroundColor")
                == "rgb(8, 109, 215)"
            )
    assert [said for said in browser.complaints if "403" not in said] == []


@pytest.mark.deep
def test_accessibility(site: Site, browser: Browser, encrypted_list: EncryptedList) -> None:
    """Axe finds nothing serious on our pages, nor in what we put into the stock page of a list."""
    found = []
    for name, visitor, address in _pages(site, encrypted_list):
        with browser.window(visitor) as page:
            page.goto(address)
            context = "section[aria-labelledby=pgpmailman-encrypted]" if name == "list" else _WITHOUT_STOCK
            violations = Axe().run(page, context).response["violations"]
            found += [
                (name, violation["id"], [node["html"] for node in violation["nodes"]])
                for violation in violations
                if violation["impact"] in {"serious", "critical"}
            ]
    assert found == []
