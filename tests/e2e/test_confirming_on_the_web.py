"""Postorius' page for tokens, which asks nobody who they are: it lets pass what waits for its own person, at its own list."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from conversations import clear, confirmed, until_waits
from test_held_posts import held, hold

if TYPE_CHECKING:
    from collections.abc import Callable

    from people import EncryptedList
    from visiting import Page, Site

HELD: dict[str, Callable[[str, int], str]] = {
    "beside": lambda _list_id, number: f"../held/{number}",
    "from above": lambda list_id, number: f"../../{list_id}/held/{number}",
    "in our own REST": lambda list_id, number: f"../../../plugins/pgp/lists/{list_id}/held/{number}",
    "quoted": lambda _list_id, number: f"..%2fheld%2f{number}",
}


def page(list_id: str) -> str:
    return f"/mailman3/lists/{list_id}/confirm/"


def sent(site: Site, list_id: str, token: str) -> Page:
    """A stranger sends the form."""
    return site.visitor().post(page(list_id), token=token)


@pytest.mark.parametrize("way", HELD)
def test_a_held_post(site: Site, encrypted_list: EncryptedList, way: str) -> None:
    """What is no token leads to nothing else of Mailman's: a stranger accepts no post that waits for a moderator."""
    anne = encrypted_list.member("Anne")
    hold(anne)
    anne.post("The kestrel flies")
    held(encrypted_list, 1)
    (post,) = encrypted_list.rest("held")["entries"]
    token = HELD[way](encrypted_list.list_id, post["number"])
    assert site.visitor().get(f"{page(encrypted_list.list_id)}?token={token}").status == 404
    assert sent(site, encrypted_list.list_id, token).status == 404
    assert encrypted_list.rest("held")["total_size"] == 1
    officer = site.officer("moderator", encrypted_list)
    officer.post(f"/mailman3/lists/{encrypted_list.list_id}/held_messages", choices=str(post["number"]), accept="1")
    assert encrypted_list.rest("held")["total_size"] == 0


@pytest.mark.parametrize(("form", "field"), [("held_messages", "choices"), ("held_messages/moderate", "msgid")])
def test_a_held_post_of_another_list(
    site: Site, encrypted_list: EncryptedList, new_list: Callable[[], EncryptedList], form: str, field: str
) -> None:
    """Nor does a moderator of another list, by the forms for the posts that are held there."""
    anne, other = encrypted_list.member("Anne"), new_list()
    hold(anne)
    anne.post("The kestrel flies")
    held(encrypted_list, 1)
    (post,) = encrypted_list.rest("held")["entries"]
    mona = site.officer("moderator", other)
    for word in ("accept", "discard"):
        named = {field: f"../../{encrypted_list.list_id}/held/{post['number']}", word: "1"}
        assert mona.post(f"/mailman3/lists/{other.list_id}/{form}", **named).status == 404
    assert encrypted_list.rest("held")["total_size"] == 1


def test_a_moderators_token(site: Site, encrypted_list: EncryptedList) -> None:
    """What waits for a moderator waits for somebody who is signed in as one, whoever knows its token."""
    anne = encrypted_list.person("Anne")
    confirmed(anne, clear(anne, "join", attached=anne.key.certificate))
    token = until_waits(encrypted_list, anne, "waits for a moderator")["token"]
    sent(site, encrypted_list.list_id, token)
    assert encrypted_list.members() == set()
    assert until_waits(encrypted_list, anne, "waits for a moderator")["token"] == token


def test_a_plain_list(site: Site, encrypted_list: EncryptedList) -> None:
    """There it is as before for the person's own token, at its list; of another list's nothing is shown."""
    rest = encrypted_list.sandbox.rest
    here, there = (rest.create_list(f"{name}{encrypted_list.number}@example.com") for name in ("plain", "other"))
    pete = f"pete{encrypted_list.number}@example.net"
    rest("members", {"list_id": here, "subscriber": pete, "invitation": "yes", "send_welcome_message": "no"})
    (waiting,) = rest(f"lists/{here}/requests")["entries"]
    token = waiting["token"]

    def members() -> Any:
        return [each["email"] for each in rest.listed(f"lists/{here}/roster/member")]

    strange = site.visitor().get(f"{page(there)}?token={token}")
    assert (strange.status, pete in strange.text) == (404, False)
    assert sent(site, there, token).status == 404
    assert members() == []
    assert pete in site.visitor().get(f"{page(here)}?token={token}").text
    assert sent(site, here, token).status == 200
    assert members() == [pete]
    assert sent(site, here, token).status == 404
