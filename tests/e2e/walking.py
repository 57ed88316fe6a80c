"""All pages of ours, full of what can be on them, as who may see them: for a look at each."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from core_answers import CHANGE, HELD, OFFERED, OTHER_FINGERPRINT, REQUEST
from core_certificates import ANNE, FIRST, SECOND, chosen, key, member, post
from core_people import certificate, joining, waiting
from visitors import ANTS, BEES, People

from django_pgpmailman.roles import Role
from mailman_pgp.openpgp import armor
from mailman_pgp.openpgp.memberkeys import MemberKey

if TYPE_CHECKING:
    from core_server import CoreServer

_LIST = f"/pgp/lists/{ANTS}"
_OWN = f"/pgp/lists/{ANTS}/keys/member@example.com"
_LONG = "somebody.with-a-rather-long-name.and-more@department.of-something.example.com"


@dataclass(frozen=True, slots=True)
class Look:
    """A page as somebody sees it.

    :ivar name: Of the look; up to a stroke it is that of the page.
    :ivar fill: What is typed before it, by the id of the field.
    :ivar press: Which button is pressed then, as its value; empty for none.
    """

    name: str
    role: Role
    address: str
    fill: tuple[tuple[str, str], ...] = ()
    press: str = ""


def looks() -> list[Look]:
    """All of them."""
    anne = armor(MemberKey.generate("Anne <member@example.com>").certificate, "PGP PUBLIC KEY BLOCK").decode()
    of_moderators = [
        Look(f"{name}/{role.name.lower()}", role, f"{_LIST}/{name}")
        for name in ("requests", "changes", "held")
        for role in (Role.MODERATOR, Role.OWNER)
    ]
    return [
        Look("encrypted_lists", Role.SITE_ADMIN, "/pgp/"),
        Look("encrypted_lists/refused", Role.OWNER, "/pgp/"),
        Look("keys", Role.MEMBER, "/pgp/keys"),
        Look("keys/none", Role.LOGGED_IN, "/pgp/keys"),
        Look("own_key", Role.MEMBER, _OWN),
        Look("own_key/looked", Role.MEMBER, _OWN, (("certificate", anne),), "look"),
        Look("own_key/empty", Role.MEMBER, _OWN, (), "look"),
        Look("own_key/stranger", Role.LOGGED_IN, f"/pgp/lists/{ANTS}/keys/logged_in@example.com"),
        *of_moderators,
        Look("held_post", Role.MODERATOR, f"{_LIST}/held/7"),
        Look("held_post/read", Role.MODERATOR, f"{_LIST}/held/8", (), "read"),
        Look("held_post/refused", Role.SITE_ADMIN, f"{_LIST}/held/8", (), "read"),
        Look("writing", Role.LOGGED_IN, f"{_LIST}/writing"),
        Look("settings", Role.OWNER, f"{_LIST}/settings"),
        Look("settings/refused", Role.OWNER, f"{_LIST}/settings", (("replay_window_days", "99"),), "Save"),
        Look("members", Role.OWNER, f"{_LIST}/members"),
        Look("member", Role.OWNER, f"{_LIST}/members/{ANNE}"),
        Look("member/replaced", Role.OWNER, f"{_LIST}/members/{ANNE}", (("keys", key(SECOND)),), "replace"),
        Look("member/none", Role.OWNER, f"{_LIST}/members/bob@example.com"),
        Look("keyring", Role.OWNER, f"{_LIST}/keyring"),
        Look("keyring/tried", Role.OWNER, f"{_LIST}/keyring", (("keys", key(FIRST)),), "try"),
        Look("posts", Role.OWNER, f"{_LIST}/posts"),
        Look("post", Role.OWNER, f"{_LIST}/posts/post@example.com"),
        Look("list_key", Role.OWNER, f"{_LIST}/key"),
        Look("encryption", Role.OWNER, f"{_LIST}/encryption"),
        Look("encryption/plain", Role.SITE_ADMIN, "/pgp/lists/plain.example.com/encryption"),
    ]


def fill(mailman: CoreServer, people: People) -> None:
    """Let everything be there that a page can show."""
    assert people
    soon = (dt.datetime.now(dt.UTC) + dt.timedelta(days=20)).strftime("%Y-%m-%dT%H:%M:%SZ")
    mailman.expires = soon
    mailman.events = {
        "": {"well": False, "attention": ["Nothing sends events: `mailman-events` does not run."]},
        "endpoints": {"entries": [{"name": "web", "attention": ["It is behind by 7 events, since an hour ago."]}]},
    }
    mailman.mlist("plain@example.com", encrypted=False)
    mailman.waiting["requests"][ANTS] += [
        {
            **REQUEST,
            "token": "1",
            "address": _LONG,
            "waits_for": "key",
            "reason": "waits for a key",
            "certificate": None,
        },
        {**REQUEST, "token": "2", "address": ANNE, "purpose": "leave"},
    ]
    mailman.waiting["changes"][ANTS] += [
        {**CHANGE, "token": "1", "outdated": True},
        {**CHANGE, "token": "2", "suspended": True, "certificate": {**OFFERED, "user_ids": [_LONG]}},
    ]
    good = {
        "authenticated": True,
        "status": "good",
        "fingerprint": FIRST,
        "words": "signature good, by the key of Anne",
    }
    mailman.waiting["held"][ANTS] += [
        {**HELD, "number": 8, "author": _LONG, "signature": good},
        {**HELD, "number": 9, "signature": None, "kind": "owner", "reasons": []},
    ]
    mailman.content |= {
        "text": "A word without an end: " + "x" * 2000 + "\n" + "A line.\n" * 200,
        "subject": "y" * 500,
        "author_name": "Z\N{COMBINING DIAERESIS}\N{COMBINING DIAERESIS}\N{COMBINING DIAERESIS}algo",
        "unprotected": ["Date", "From", "Subject"],
        "from_html": True,
        "complete": False,
        "more_attachments": 3,
    }
    told = {"reason": "no-certificate", "words": "no certificate"}
    step = {"next_step": "Ask them for their certificate, and add it."}
    found = mailman.certificates
    found.members = [
        member(ANNE, display_name="Anne Elk", roles=["member", "owner"]),
        member(_LONG, gets_posts=False, certificate=None, **told, **step),
        *(member(f"member{number}@example.com") for number in range(60)),
    ]
    found.chosen[ANNE] = chosen(ANNE, compared="2026-03-04T05:06:07Z")
    missed = {"address": _LONG, **told, **step}
    found.posts["post@example.com"] = post("post@example.com", missed=[missed], unknown=2)
    long = "178904523400.12345.8273645192837465@department.of-something.example.com"
    found.posts[long] = post(long, delivered=5, skipped=0, failed=0)
    stands = mailman.people.stands
    stands(ANTS, "member@example.com", certificate=certificate(), question=waiting(replaces=True), change=waiting())
    stands(BEES, "member@example.com", "no-key", request=joining("moderator"), list_fingerprint=OTHER_FINGERPRINT)


def shown(page: Any, look: Look) -> None:
    """Go to where one looks."""
    page.goto(look.address)
    page.locator("main details").evaluate_all("all => all.forEach(each => { each.open = true; })")
    for name, value in look.fill:
        page.locator(f"#id_{name}").fill(value)
    if look.press:
        button = page.locator(f"main button[value='{look.press}']")
        # A form with a key is sent a little later, when the page has looked at it.
        with page.expect_navigation():
            (button if button.count() else page.locator("main button[type=submit]")).last.click()
