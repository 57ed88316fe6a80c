"""Every page of ours in a real browser: in a hand and on a desk, in each language, for the eye, the keyboard, and a screen reader."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import browsing
import core_server
import pytest
import website
import website_settings
from axe_playwright_python.sync_playwright import Axe
from visiting import Visitor
from walking import fill, looks, shown

if TYPE_CHECKING:
    from collections.abc import Iterator

    from walking import Look

pytestmark = [pytest.mark.peer, pytest.mark.deep]

SMALL, DESK = (360, 740), browsing.DESK
# Postorius' menu of a person is a list that says that it is none.
_AXE = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"]}
_WITHOUT_STOCK = {"exclude": [["ul[role=navigation]"]]}
# What can be used in our part of a page; of radio buttons Tab reaches one.
_CONTROLS = "main :is(form, details) :is(button, input:not([type=hidden]), select, textarea, summary)"
_FOCUS = """() => {
    const here = document.activeElement, style = getComputedStyle(here);
    return style.outlineStyle !== "none" && parseFloat(style.outlineWidth) > 0 || style.boxShadow !== "none";
}"""


class Walk:
    """The website of a Mailman full of things, and its visitors."""

    def __init__(self, browser: browsing.Browser, people: Any) -> None:
        self.browser = browser
        self._people = people

    def pages(self, size: tuple[int, int], language: str) -> Iterator[tuple[Look, Any]]:
        """Each look, in a window of a size."""
        for look in looks():
            visitor = Visitor(self._people.client(look.role))
            with self.browser.window(visitor, size, language) as page:
                shown(page, look)
                yield look, page


@pytest.fixture
def walk(chromium: Any) -> Iterator[Walk]:
    """All pages are full."""
    website.start()
    from django.core.cache import cache  # noqa: PLC0415 - Django must be ready
    from django.db import transaction  # noqa: PLC0415
    from visitors import People  # noqa: PLC0415

    settings = website_settings.Settings()
    with core_server.core_server() as mailman, transaction.atomic():
        settings.MAILMAN_REST_API_URL = mailman.url.removesuffix("/3.1")
        settings.ALLOWED_HOSTS = ["*"]
        cache.clear()
        people = People(website.Website(mailman), mailman)  # type: ignore[arg-type]  # another Mailman
        fill(mailman, people)
        try:
            with browsing.served() as address:
                yield Walk(browsing.Browser(chromium, address), people)
        finally:
            settings.undo()
            transaction.set_rollback(True)


def test_all_pages(walk: Walk) -> None:
    """No page is left out, but those that are files."""
    from django_pgpmailman.pages import PAGES  # noqa: PLC0415 - Django must be ready

    assert walk
    named = {page.name for page in PAGES if not re.search(r"certificate|well-known", page.route)}
    assert {look.name.partition("/")[0] for look in looks()} == named


@pytest.mark.parametrize(
    ("size", "language"),
    [
        pytest.param(SMALL, "de-DE", id="small-German"),  # its words are longer
        pytest.param(DESK, "en-US", id="desk-English"),
        pytest.param(SMALL, "en-US", id="small-English", marks=pytest.mark.deep),
        pytest.param(DESK, "de-DE", id="desk-German", marks=pytest.mark.deep),
    ],
)
def test_seen_and_heard(walk: Walk, size: tuple[int, int], language: str) -> None:
    """Nothing is wider than the window; axe finds nothing against WCAG 2.1 AA; headings go down by one; the language is named."""
    wrong: list[Any] = []
    for look, page in walk.pages(size, language):
        width = page.evaluate("document.documentElement.scrollWidth")
        wrong += [(look.name, "is wide", width)] * (width > size[0])
        found = Axe().run(page, _WITHOUT_STOCK, _AXE).response["violations"]
        wrong += [(look.name, each["id"], [node["html"] for node in each["nodes"]]) for each in found]
        levels = [
            int(each.evaluate("each => each.tagName[1]"))
            for each in page.locator("main").locator("h1,h2,h3,h4,h5").all()
        ]
        before = [1, *levels]  # the menu of a list is of Postorius, and begins with 2
        wrong += [(look.name, "headings", levels)] * any(b - a > 1 for a, b in zip(before, levels, strict=False))
        wrong += [(look.name, "language")] * (page.locator("html").get_attribute("lang") != language[:2])
    assert wrong == []
    assert [said for said in walk.browser.complaints if not re.search("403|404|409|422", said)] == []


def test_by_keyboard(walk: Walk) -> None:
    """Tab comes to the skip first, then to each control of ours in its order, where the focus is seen; Enter sends each form."""
    wrong: list[Any] = []
    for look, page in walk.pages(DESK, "en-US"):
        controls = [each for each in page.locator(_CONTROLS).all() if each.is_visible()]
        page.evaluate("document.activeElement.blur(); getSelection().removeAllRanges(); scrollTo(0, 0)")
        for each in controls:
            each.evaluate("(each, name) => each.dataset.number = name", str(controls.index(each)))
        reached = []
        for count in range(400):
            page.keyboard.press("Tab")
            where = page.evaluate(
                "[document.activeElement.dataset.number, document.activeElement.getAttribute('href')]"
            )
            if not count and not look.press and where[1] != "#pgpmailman-content":
                wrong.append((look.name, "the skip is not first"))
            if where[0] is not None and where[0] not in reached:
                reached.append(where[0])
                if not page.evaluate(_FOCUS):
                    wrong.append((look.name, "no focus", page.evaluate("document.activeElement.outerHTML")))
            if page.evaluate("document.activeElement === document.body") and count:
                break
        if reached != [str(number) for number in range(len(controls))]:
            wrong.append((look.name, "not in order", reached))
        wrong += [(look.name, "not sent", sent) for sent in _not_sent(page)]
    assert wrong == []


def _not_sent(page: Any) -> list[str]:
    """The forms that are seen and that Enter, at their last button, does not send."""
    page.evaluate(
        """() => {
            document.querySelectorAll("form").forEach(form => { form.noValidate = true; });
            document.addEventListener("submit", event => { event.preventDefault(); event.target.dataset.sent = "yes"; });
        }"""
    )
    wrong = []
    for form in page.locator("main form").all():
        buttons = form.locator("button[type=submit]:visible")
        if not buttons.count():
            continue  # it is folded up
        buttons.last.focus()
        page.keyboard.press("Enter")
        if form.get_attribute("data-sent") != "yes":
            wrong.append(form.evaluate("form => form.outerHTML"))
    return wrong
