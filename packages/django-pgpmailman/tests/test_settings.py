"""The page of a list's owners: its key, and its settings, as REST describes them."""

from __future__ import annotations

import re
from html import unescape
from typing import TYPE_CHECKING, Any

import pytest
from visitors import ANTS, People

from django_pgpmailman.roles import Role
from mailman_pgp.posts.policy import POLICIES, Action

if TYPE_CHECKING:
    from core_server import CoreServer

PAGE = f"/pgp/lists/{ANTS}/settings"
GROUPS = "0123 4567 89AB CDEF 0123 4567 89AB CDEF 0123 4567"


def shown(response: Any) -> str:
    return unescape(response.content.decode())


def filled(people: People, **changed: str | None) -> dict[str, str]:
    """What a browser sends of the form, with these fields changed; None for a box without its mark."""
    page = people.client(Role.OWNER).get(PAGE)
    found = {}
    for field in page.context["form"]:
        found[field.html_initial_name] = re.search(rf'name="{field.html_initial_name}" value="([^"]*)"', shown(page))
        found[field.html_initial_name] = (
            unescape(found[field.html_initial_name][1]) if found[field.html_initial_name] else ""
        )
        if field.value() not in {None, False}:
            found[field.html_name] = "on" if field.value() is True else str(field.value())
    for name, value in changed.items():
        if value is None:
            found.pop(name, None)
        else:
            found[name] = value
    return found


def patched(mailman: CoreServer) -> list[dict[str, str]]:
    """What was changed, in the owner's name."""
    found = [dict(fields) for method, _, fields in mailman.requests if method == "PATCH"]
    assert {fields.pop("by") for fields in found} <= {"owner@example.com"}
    return found


def test_every_setting(people: People) -> None:
    """Each setting has a field of its type, what it does, and its default; one of a kind that we don't know, too; HTML is text."""
    page = people.client(Role.OWNER).get(PAGE)
    text = page.content.decode()
    assert re.search(r'<input type="checkbox" name="footer_note"[^>]* checked>', text)
    assert re.search(r'<input type="number" name="replay_window_days"[^>]* min="1" max="30"', text)
    assert re.search(r'<select name="key_sign_by"', text)
    assert '<option value="owners" selected>' in text
    assert re.search(r'<input type="text" name="of_tomorrow" value="&lt;b&gt;"', text)
    assert "A setting &lt;that&gt; nobody knows." in text
    assert "Default: empty, which means what the site says: 30." in shown(page)
    for field in page.context["form"]:
        assert f'aria-describedby="id_{field.name}_help"' in text
        assert f'id="id_{field.name}_help"' in text
        assert f'for="id_{field.name}"' in text


def test_key(people: People, mailman: CoreServer) -> None:
    """Owners see the key with its fingerprint, how long it is good, and get the certificate; the secret key is offered nowhere."""
    mailman.expires = "2031-05-04T00:00:00Z"
    text = shown(people.client(Role.OWNER).get(PAGE))
    assert GROUPS in text
    assert "May 4, 2031" in text
    assert "/certificate.asc" in text
    assert "secret" not in text.lower()


def test_only_what_was_changed(people: People, mailman: CoreServer) -> None:
    """What the person has changed is sent and nothing else; so what somebody else has changed meanwhile stays."""
    form = filled(people, footer_note=None, replay_window_days="7")
    mailman.encrypted[ANTS]["key_sign_by"] = "members"
    response = people.client(Role.OWNER).post(PAGE, form)
    assert response["Location"] == PAGE
    assert patched(mailman) == [{"footer_note": "no", "replay_window_days": "7"}]
    assert mailman.encrypted[ANTS]["key_sign_by"] == "members"


def test_nothing_changed(people: People, mailman: CoreServer) -> None:
    """A form that changes nothing is not sent on, and the page says so."""
    client = people.client(Role.OWNER)
    assert client.post(PAGE, filled(people)).status_code == 302
    assert patched(mailman) == []
    assert "Nothing was changed." in shown(client.get(PAGE))


def test_back_to_the_default(people: People, mailman: CoreServer) -> None:
    """An emptied number goes back to what counts without it."""
    mailman.encrypted[ANTS]["replay_window_days"] = 5
    people.client(Role.OWNER).post(PAGE, filled(people, replay_window_days=""))
    assert patched(mailman) == [{"replay_window_days": "default"}]


def test_refusals(people: People, mailman: CoreServer) -> None:
    """What Mailman refuses is said at its field, what we refuse too, and what belongs to none above; what was entered stays."""
    client = people.client(Role.OWNER)
    refused = client.post(PAGE, filled(people, replay_window_days="13"))
    assert refused.status_code == 422
    assert refused.context["form"].errors == {
        "replay_window_days": ["replay_window_days takes another number than 13, or `default`."]
    }
    assert 'value="13"' in refused.content.decode()
    assert "Nothing was saved" in shown(refused)
    mailman.requests.clear()
    assert "less than or equal to 30" in shown(client.post(PAGE, filled(people, replay_window_days="31")))
    assert "valid choice" in shown(client.post(PAGE, filled(people, key_sign_by="everybody")))
    assert patched(mailman) == []
    above = client.post(PAGE, filled(people, of_tomorrow="trouble"))
    assert above.context["form"].non_field_errors() == ["There is trouble."]


@pytest.mark.parametrize("word", [*Action, "forward", ""])
def test_what_becomes_of_posts(people: People, mailman: CoreServer, word: str) -> None:
    """For each reason there is a choice of Mailman's actions, as Mailman describes it; each is sent, and no other word is."""
    client, of_all = people.client(Role.OWNER), {policy.setting: policy for policy in POLICIES}
    for name, policy in of_all.items():
        mailman.settings.append({**mailman.settings[2], "name": name, "meaning": policy.meaning, "group": "posts"})
        mailman.settings[-1] |= {"default": policy.default, "choices": list(policy.choices)}
        mailman.encrypted[ANTS][name] = policy.default
    page = client.get(PAGE)
    for name, policy in of_all.items():
        assert [value for value, _ in page.context["form"].fields[name].choices] == list(policy.choices)
        assert policy.meaning in shown(page)
    refused = {name for name, policy in of_all.items() if word and word not in policy.choices}
    if refused:
        response = client.post(PAGE, filled(people, **dict.fromkeys(refused, word)))
        assert (response.status_code, set(response.context["form"].errors)) == (422, refused)
        assert patched(mailman) == []
    taken = {name for name in of_all if name not in refused and of_all[name].default != word}
    client.post(PAGE, filled(people, **dict.fromkeys(taken, word)))
    # Nothing is what counts without a choice.
    assert patched(mailman) == ([dict.fromkeys(taken, word or "default")] if taken else [])


def test_a_form_of_nonsense(people: People, mailman: CoreServer) -> None:
    """Fields that there are not, and zero bytes, do nothing."""
    client = people.client(Role.OWNER)
    client.post(PAGE, {**filled(people), "list_id": "bees.example.com", "by": "olga@example.com"})
    assert patched(mailman) == []
    assert client.post(PAGE, filled(people, of_tomorrow="a\0b")).status_code == 422
    assert patched(mailman) == []


def test_plain_list(people: People, mailman: CoreServer) -> None:
    """Of a plain list the page says that it is one."""
    mailman.mlist("plain@example.com", encrypted=False, owner=["owner@example.com"])
    response = people.client(Role.OWNER).get("/pgp/lists/plain.example.com/settings")
    assert (response.status_code, "This list is not encrypted." in shown(response)) == (404, True)


def test_cost(people: People, mailman: CoreServer) -> None:
    """The page asks Mailman for three things, and Postorius' menu on it for two more; what settings there are is remembered."""
    client = people.client(Role.OWNER)
    client.get(PAGE)
    mailman.paths()
    client.get(PAGE)
    found = [path.removeprefix("/3.1/") for path in mailman.paths()]
    counts = [path for path in found if path.endswith("count")]
    assert len(counts) == 2
    assert [path for path in found if path not in counts and "certificate" not in path] == [
        f"lists/{ANTS}",
        f"lists/{ANTS}/roster/owner",
        f"plugins/pgp/lists/{ANTS}",
    ]


def test_moderators_read(people: People, mailman: CoreServer) -> None:
    """A moderator reads the key, its state and each setting in words, and has no form; one that they send is refused, and changes nothing."""
    client = people.client(Role.MODERATOR)
    page = client.get(PAGE)
    assert page.status_code == 200
    text = shown(page)
    for part in (GROUPS, ">good<", "Footer note: yes", "Replay window days: empty, which means what the site says: 30"):
        assert part in text
    assert "Of tomorrow: &lt;b&gt;" in page.content.decode()
    for part in ("<form", "<input", "<select", "<button"):
        assert part not in text
    assert "/requests" in text
    assert "/members" not in text
    refused = client.post(PAGE, {"initial-footer_note": "True"})
    assert refused.status_code == 403
    assert "This page is for owners of the list." in shown(refused)
    assert patched(mailman) == []
