"""The owners' pages of what became of posts, and the test message."""

from __future__ import annotations

from html import unescape
from typing import TYPE_CHECKING, Any

from core_certificates import ANNE, missed, post
from visitors import ANTS, People

from django_pgpmailman.roles import Role

if TYPE_CHECKING:
    from core_server import CoreServer

PAGE = f"/pgp/lists/{ANTS}/posts"


def shown(response: Any) -> str:
    return unescape(response.content.decode())


def test_posts(people: People, mailman: CoreServer) -> None:
    """Each post has its numbers, and the way to its own page, whatever signs are in its Message-ID; that is text."""
    mailman.certificates.posts["a/b?<i>@example.com"] = post("a/b?<i>@example.com", recipients=987)
    page = people.client(Role.OWNER).get(PAGE)
    assert "<i>@" not in page.content.decode()
    assert "987" in shown(page)
    link = f"{PAGE}/a/b%3F%3Ci%3E@example.com"
    assert f'href="{link}"' in page.content.decode()
    assert people.client(Role.OWNER).get(link).status_code == 200


def test_no_posts(people: People, mailman: CoreServer) -> None:
    """A list without posts says so."""
    mailman.certificates.posts.clear()
    assert "there were none in the last weeks" in shown(people.client(Role.OWNER).get(PAGE))


def test_who_did_not_get_one(people: People, mailman: CoreServer) -> None:
    """Each has the reason, what to do, since when, and the way to their certificate; the others are a number."""
    name = "post@example.com"
    mailman.certificates.posts[name] = post(name, unknown=7)
    mailman.certificates.missed[name] = [
        missed(ANNE, words="it has <expired>", next_step="Ask for `key`."),
        missed("<b>@example.com", "refused", answer="5.1.1"),
    ]
    page = people.client(Role.OWNER).get(f"{PAGE}/{name}")
    assert f'href="/pgp/lists/{ANTS}/members/{ANNE}"' in page.content.decode()
    assert "it has &lt;expired&gt;" in page.content.decode()
    assert "Ask for <code>key</code>." in page.content.decode()
    assert "(its answer: 5.1.1)" in shown(page)
    assert "<b>@" not in page.content.decode()
    assert "How many more did not get it: 7." in shown(page)
    assert f'href="{PAGE}/{name}#pgpmailman-missed"' in people.client(Role.OWNER).get(PAGE).content.decode()
    mailman.certificates.posts[name] = post(name)
    mailman.certificates.missed.clear()
    assert "Everybody has got it." in shown(people.client(Role.OWNER).get(f"{PAGE}/{name}"))


def test_many_who_did_not_get_one(people: People, mailman: CoreServer) -> None:
    """They come in pages, of one reason where that is chosen, for which the next page stays; with three requests at most."""
    name = "post@example.com"
    reasons = [
        {"reason": reason, "words": words, "next_step": "Wait.", "number": 60}
        for reason, words in (("expired", "the certificate has expired"), ("waiting", "still waiting"))
    ]
    mailman.certificates.posts[name] = post(name, reasons=reasons)
    mailman.certificates.missed[name] = [
        missed(f"{reason}{number:02}@example.com", reason) for number in range(60) for reason in ("expired", "waiting")
    ]
    mailman.requests.clear()
    page = shown(people.client(Role.OWNER).get(f"{PAGE}/{name}?reason=waiting"))
    assert len([path for _, path, _ in mailman.requests if "posts" in path]) == 2
    assert "waiting49@" in page
    assert "waiting50@" not in page
    assert "expired01@" not in page
    assert 'href="?reason=waiting&page=2"' in page
    assert "the certificate has expired (60)" in page
    assert "waiting59@" in shown(people.client(Role.OWNER).get(f"{PAGE}/{name}?reason=waiting&page=2"))
    mailman.requests.clear()
    assert "waiting59@" in shown(people.client(Role.OWNER).get(f"{PAGE}/{name}?page=999"))
    assert len([path for _, path, _ in mailman.requests if "posts" in path]) == 3
    assert "1 of 3" in shown(people.client(Role.OWNER).get(f"{PAGE}/{name}?reason=%3Cb%3E&page=x"))


def test_a_post_that_nobody_knows(people: People) -> None:
    """One that is not known, or not tried yet, is said to be so."""
    for name in ("other@example.com", ".", ".."):
        page = people.client(Role.OWNER).get(f"{PAGE}/{name}")
        assert page.status_code == 404
    page = people.client(Role.OWNER).get(f"{PAGE}/other@example.com")
    assert "Nothing is known of a post with this Message-ID." in shown(page)
    assert "load this page again" in shown(page)


def test_test_message(people: People, mailman: CoreServer) -> None:
    """It is sent in the owner's name, and leads to the page on which it is said what became of it."""
    response = people.client(Role.OWNER).post(PAGE, {"address": f" {ANNE} "}, follow=True)
    assert response.redirect_chain == [(f"{PAGE}/a/test@example.com", 302)]
    assert f"A test message to {ANNE} is on its way." in shown(response)
    sent = [fields for method, _, fields in mailman.requests if method == "POST"]
    assert sent == [{"address": ANNE, "by": "owner@example.com"}]


def test_test_message_that_would_not_come(people: People) -> None:
    """Whom nothing reaches is sent nothing, and why is said at the form; what was written stays there."""
    response = people.client(Role.OWNER).post(PAGE, {"address": '"><b>@example.com'})
    assert (response.status_code, "They have no certificate." in shown(response)) == (409, True)
    assert 'value="&quot;&gt;&lt;b&gt;@example.com"' in response.content.decode()
