"""Who looks after a list decides on the website of a real Mailman about what waits there."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from browsing import DESK, HAND
from conversations import (
    asked,
    clear,
    confirmed,
    members,
    moderator,
    reply,
    set_policy,
    tell,
    until_says,
    until_says_in_clear,
    until_waits,
)
from test_held_posts import held, hold, posts
from test_waiting_requests import ask_by_rest

from mailman_pgp.openpgp.memberkeys import MemberKey

if TYPE_CHECKING:
    from browsing import Browser
    from people import EncryptedList, Person
    from visiting import Site, Visitor


def page(mlist: EncryptedList, kind: str) -> str:
    return f"/pgp/lists/{mlist.list_id}/{kind}"


def decide(visitor: Visitor, mlist: EncryptedList, kind: str, action: str, **more: str) -> Any:
    """Send the form of the one thing on the page; return it, as it was sent, and what the visitor sees then."""
    (thing,) = visitor.get(page(mlist, kind)).response.context["things"]
    form = {"name": thing.name, "seen": thing.seen, "action": action, **more}
    return form, visitor.post(page(mlist, kind), **form)


def in_fours(fingerprint: str) -> str:
    return " ".join(fingerprint[start : start + 4] for start in range(0, len(fingerprint), 4))


def test_a_request(site: Site, encrypted_list: EncryptedList) -> None:
    """Nobody is let in without a proof; who has proved a key is asked about, compared, and accepted once."""
    anne, mona = encrypted_list.person("Anne"), site.officer("moderator", encrypted_list)
    ask_by_rest(anne)
    until_says_in_clear(anne, "with the subject `key set`, as an attachment")
    assert "waits for a key" in mona.get(page(encrypted_list, "requests")).text
    _, refused = decide(mona, encrypted_list, "requests", "accept")
    assert (refused.status, 'class="alert alert-danger"' in refused.text) == (409, True)
    tell(anne, clear(anne, subject="key set", attached=anne.key.certificate))
    question = asked(anne)
    until_waits(encrypted_list, anne, "waits for proof")
    assert "asked again" in decide(mona, encrypted_list, "requests", "ask")[1].text
    asked(anne, 2)
    tell(anne, reply(anne, question))
    until_waits(encrypted_list, anne, "waits for a moderator")
    shown = mona.get(page(encrypted_list, "requests")).text
    assert in_fours(anne.key.fingerprint) in shown
    assert "not compared" in shown
    assert "It is recorded" in decide(mona, encrypted_list, "requests", "compare")[1].text
    assert "has compared the fingerprint" in mona.get(page(encrypted_list, "requests")).text
    event = encrypted_list.rest("events")["entries"][0]
    assert (event["act"], event["by"]) == ("compared", mona.address)
    form, accepted = decide(mona, encrypted_list, "requests", "accept")
    assert f"The request of {anne.address} is accepted." in accepted.text
    assert members(encrypted_list) == {anne.address}
    event = encrypted_list.rest("events")["entries"][0]
    assert (event["act"], event["door"], event["by"]) == ("approved", "rest", mona.address)
    again = mona.post(page(encrypted_list, "requests"), **form)
    assert (again.status, "somebody has decided about it" in again.text) == (404, True)


def test_a_request_of_another_list(site: Site, encrypted_list: EncryptedList, new_list: Any) -> None:
    """The token of another list's request decides nothing here, and it goes on waiting there."""
    other = new_list()
    set_policy(other, "confirm")
    anne, bart = encrypted_list.person("Anne"), other.person("Bart")
    ask_by_rest(anne)
    ask_by_rest(bart)
    until_waits(encrypted_list, anne, "waits for a key")
    token = until_waits(other, bart, "waits for a key")["token"]
    mona = site.officer("moderator", encrypted_list)
    (thing,) = mona.get(page(encrypted_list, "requests")).response.context["things"]
    for action in ("accept", "reject", "discard"):
        refused = mona.post(page(encrypted_list, "requests"), name=token, seen=thing.seen, action=action)
        assert refused.status == 404
        assert mona.post(page(other, "requests"), name=token, seen=thing.seen, action=action).status == 403
    assert until_waits(other, bart, "waits for a key")["token"] == token


def test_a_key_in_place_of_another(site: Site, encrypted_list: EncryptedList) -> None:
    """Both fingerprints stand there; the new key counts once it is accepted, and who comes second is told so."""
    anne, mona = encrypted_list.member("Anne"), site.officer("moderator", encrypted_list)
    new: Person = replace(anne, key=MemberKey.generate(f"Anne <{anne.address}>"))
    confirmed(new, clear(new, subject="key change", attached=new.key.certificate))
    until_says(new, "a moderator decides whether the new one counts")
    shown = mona.get(page(encrypted_list, "changes")).text
    for person in (anne, new):
        assert in_fours(person.key.fingerprint) in shown
    form, accepted = decide(mona, encrypted_list, "changes", "accept")
    assert f"The new key counts for {anne.address} from now on." in accepted.text
    counting = encrypted_list.rest(f"certificates/{anne.address}")["certificate"]["fingerprint"]
    assert counting == new.key.fingerprint
    again = mona.post(page(encrypted_list, "changes"), **form)
    assert (again.status, "somebody has decided about it" in again.text) == (404, True)


def test_a_held_post(site: Site, encrypted_list: EncryptedList) -> None:
    """No word of a held post is on the page; a moderator reads it in their mail program, and accepts it."""
    anne, bart, mona = encrypted_list.member("Anne"), encrypted_list.member("Bart"), moderator(encrypted_list)
    encrypted_list.sandbox.rest(f"lists/{encrypted_list.list_id}/config", {"admin_immed_notify": False}, "PATCH")
    hold(anne)
    anne.post("The kestrel flies", subject="At noon")
    held(encrypted_list, 1)
    browser = site.visitor(mona.address)
    shown = browser.get(page(encrypted_list, "held")).text
    assert anne.address in shown
    assert "signature good, by the key" in shown
    for word in ("kestrel", "noon"):
        assert word not in shown
    encrypted_list.wait_until_told()
    before = len(mona.mail(0))
    assert "on its way" in decide(browser, encrypted_list, "held", "copy", address=mona.address)[1].text
    assert "The kestrel flies" in mona.open(mona.mail(before + 1)[before]).as_string()
    form, accepted = decide(browser, encrypted_list, "held", "accept")
    assert f"The post of {anne.address} is accepted" in accepted.text
    (text,) = posts(bart)
    assert "The kestrel flies" in text
    anne.post("The owl sleeps")
    held(encrypted_list, 1)
    again = browser.post(page(encrypted_list, "held"), **form)
    assert again.status in {404, 409}  # a database may give the number of the first one to the second
    assert encrypted_list.rest("held")["total_size"] == 1


def test_a_held_post_that_is_shown(site: Site, encrypted_list: EncryptedList) -> None:
    """Where an owner has chosen it, a moderator reads a held post on the page and decides there; the page of Postorius has no word of it,
    and an owner who takes it back takes it back at once.  The others are told that it was chosen.
    """
    anne, bart, mona = encrypted_list.member("Anne"), encrypted_list.member("Bart"), moderator(encrypted_list)
    encrypted_list.sandbox.rest(f"lists/{encrypted_list.list_id}/config", {"admin_immed_notify": False}, "PATCH")
    owner, browser = site.officer("owner", encrypted_list), site.visitor(mona.address)
    hold(anne)
    anne.post("The kestrel <flies>", subject="At noon")
    path = held(encrypted_list, 1)[anne.address]
    encrypted_list.wait_until_told()
    before = len(mona.mail(0))

    def choose(*, shown: bool) -> None:
        form = {"initial-show_held": str(not shown), "show_held": str(shown)}
        assert 'class="alert alert-danger"' not in owner.post(page(encrypted_list, "settings"), **form).text
        assert encrypted_list.happened()["settings"]["show_held"] is shown

    choose(shown=True)
    told = mona.open(mona.mail(before + 1)[before]).as_string()
    assert "can read held posts in its web interface" in " ".join(told.split())
    (thing,) = browser.get(page(encrypted_list, "held")).response.context["things"]
    there = f"{page(encrypted_list, 'held')}/{thing.name}"
    for shown in (browser.get(page(encrypted_list, "held")), browser.get(there), owner.get(there)):
        assert "kestrel" not in shown.text
    read = browser.post(there)
    assert read.status == 200
    for words in ("The kestrel <flies>", "At noon", "Anne", "signature good, by the key"):
        assert words in read.text
    assert "kestrel &lt;flies&gt;" in read.response.content.decode()
    for visitor in (site.officer("member", encrypted_list), site.visitor(anne.address), site.visitor()):
        assert visitor.post(there).status == 403
    stock = owner.get(f"/mailman3/lists/{encrypted_list.list_id}/held_messages")
    assert (stock.status, anne.address in stock.text) == (200, True)
    of_core = encrypted_list.sandbox.rest(path)
    assert (of_core["subject"], of_core["sender"]) == ("...", anne.address)
    for word in ("kestrel", "noon"):
        assert word not in stock.text + str(of_core) + str(encrypted_list.rest("held"))
    assert f"was shown to {mona.address}" in encrypted_list.sandbox.logs()
    choose(shown=False)
    refused = browser.post(there)
    assert (refused.status, "do not have held posts shown" in refused.text) == (409, True)
    decided = browser.post(
        page(encrypted_list, "held"), name=thing.name, seen=read.response.context["thing"].seen, action="accept"
    )
    assert f"The post of {anne.address} is accepted" in decided.text
    (text,) = posts(bart)
    assert "The kestrel" in text


@pytest.mark.deep
@pytest.mark.peer
def test_in_a_browser(site: Site, browser: Browser, encrypted_list: EncryptedList) -> None:
    """The pages fit on a desk and in a hand, nothing is kept from them, axe finds nothing serious, and a button decides."""
    anne, bart = encrypted_list.member("Anne"), encrypted_list.person("Bart")
    hold(anne)
    anne.post()
    ask_by_rest(bart)
    until_waits(encrypted_list, bart, "waits for a key")
    held(encrypted_list, 1)
    mona = site.officer("moderator", encrypted_list)
    for size in (DESK, HAND):
        with browser.window(mona, size) as window:
            for kind in ("requests", "changes", "held"):
                window.goto(page(encrypted_list, kind))
                assert window.evaluate("document.documentElement.scrollWidth") <= size[0], kind
                violations = Axe().run(window).response["violations"]
                assert [each["id"] for each in violations if each["impact"] in {"serious", "critical"}] == []
    with browser.window(mona) as window:
        window.goto(f"/mailman3/lists/{encrypted_list.list_id}/")
        window.get_by_role("link", name="PGP", exact=True).click()
        window.get_by_label("Reason").fill("Another time.")
        window.get_by_role("button", name="Reject").click()
        assert f"The request of {bart.address} is rejected." in window.get_by_role("status").inner_text()
        assert window.get_by_text("No request waits.").is_visible()
    assert browser.complaints == []


def test_reason(site: Site, encrypted_list: EncryptedList) -> None:
    """The reason for a rejection reaches its author encrypted, and nobody without a key, who might read it on the way."""
    anne, bart = encrypted_list.member("Anne"), encrypted_list.person("Bart")
    hold(anne)
    anne.post()
    held(encrypted_list, 1)
    ask_by_rest(bart)
    until_waits(encrypted_list, bart, "waits for a key")
    mona = site.officer("moderator", encrypted_list)
    assert "is rejected" in decide(mona, encrypted_list, "requests", "reject", reason="A sly word")[1].text
    assert "is rejected" in decide(mona, encrypted_list, "held", "reject", reason="A sly word")[1].text
    until_says(anne, "A sly word")
    encrypted_list.sandbox.wait_until_idle()
    for person in (anne, bart):
        assert not any(b"sly" in kept.content for kept in encrypted_list.sandbox.mailbox.messages(person.address))
