"""A person's own keys: seen at each list, brought, asked about again, taken back; and of nobody else."""

from __future__ import annotations

import re
from html import unescape
from typing import TYPE_CHECKING, Any

import pytest
from core_people import LIST, NEW, OLD, certificate, joining, waiting
from core_server import RefusedError
from test_stock_pages import menu
from visitors import ANTS, BEES, People

from django_pgpmailman.roles import Role
from mailman_pgp.openpgp import armor
from mailman_pgp.openpgp.memberkeys import MemberKey

if TYPE_CHECKING:
    from core_server import CoreServer
    from website import Website

ANNE = "member@example.com"
KEYS, PAGE = "/pgp/keys", f"/pgp/lists/{ANTS}/keys/{ANNE}"
KEY = MemberKey.generate(f"Anne <{ANNE}>")
ARMORED = armor(KEY.certificate, "PGP PUBLIC KEY BLOCK").decode()
SECRET = armor(KEY.secret, "PGP PRIVATE KEY BLOCK").decode()


def in_fours(fingerprint: str) -> str:
    return " ".join(fingerprint[start : start + 4] for start in range(0, len(fingerprint), 4))


def text(response: Any) -> str:
    return unescape(response.content.decode())


def hidden(response: Any, action: str) -> dict[str, str]:
    """What a browser sends of the form that has a button of this action."""
    (form,) = (
        part for part in re.findall(r"<form.*?</form>", text(response), re.DOTALL) if f'value="{action}"' in part
    )
    return {**dict(re.findall(r'type="hidden" name="([a-z]+)" value="([^"]*)"', form)), "action": action}


def sent(mailman: CoreServer) -> list[tuple[str, dict[str, str]]]:
    """What was not only asked for, below the list."""
    return [(path.partition(f"{ANTS}/")[2], fields) for method, path, fields in mailman.requests if method != "GET"]


@pytest.fixture
def anne(people: People) -> Any:
    """Anne's browser; she is a member of ants."""
    return people.client(Role.MEMBER)


def test_all_lists(anne: Any, mailman: CoreServer, web: Website, people: People) -> None:
    """At each list, by each address: the key with its state, algorithm and end, the list's own, and what waits; in one call."""
    from allauth.account.models import EmailAddress  # noqa: PLC0415 - Django must be ready

    assert web
    for address, verified in (("anne@example.org", True), ("liar@example.org", False)):
        EmailAddress.objects.create(user=people.users[Role.MEMBER], email=address, verified=verified)
    mailman.people.stands(ANTS, ANNE, certificate=certificate(), change=waiting(replaces=True))
    mailman.people.stands(BEES, "anne@example.org", "no-certificate", question=waiting())
    mailman.people.stands(BEES, "liar@example.org", "no-certificate")
    mailman.paths()
    seen = text(anne.get(KEYS))
    assert [path.removeprefix("/3.1/") for path in mailman.paths()] == ["plugins/pgp/people"]
    for part in (in_fours(OLD), in_fours(NEW), in_fours(LIST), "Ed25519", "May 4, 2031", "your key counts", PAGE):
        assert part in seen
    assert "Send your key." in seen
    assert "Jan. 9, 2026" in seen
    assert f"/pgp/lists/{BEES}/keys/anne@example.org" in seen
    assert f"/pgp/lists/{ANTS}/certificate.asc" in seen
    assert "liar@" not in seen


def test_many_addresses(anne: Any, mailman: CoreServer, people: People) -> None:
    """However many addresses somebody has, Mailman is asked three times at most, and the page says what it has left out."""
    from allauth.account.models import EmailAddress  # noqa: PLC0415 - Django must be ready

    for number in range(70):
        address = f"a{number:02}@example.org"
        EmailAddress.objects.create(user=people.users[Role.MEMBER], email=address, verified=True)
    mailman.paths()
    seen = text(anne.get(KEYS))
    assert len(mailman.paths()) == 3
    assert "a69@example.org" in seen


@pytest.mark.parametrize(
    "address", ["ol\N{KELVIN SIGN}ga@example.com", "a b@example.com", "a(b)@example.com", "a@localhost"]
)
def test_addresses_that_mailman_takes_for_others(
    web: Website, people: People, mailman: CoreServer, address: str
) -> None:
    """An address that Mailman would fold to somebody else's, or refuse together with the others, is not named to it."""
    from django.test import Client  # noqa: PLC0415 - Django must be ready

    assert people
    client = Client()
    client.force_login(web.person(address), backend="django.contrib.auth.backends.ModelBackend")
    mailman.people.stands(ANTS, "olkga@example.com", certificate=certificate())
    mailman.paths()
    assert "None of your addresses is confirmed" in text(client.get(KEYS))
    assert client.get(f"/pgp/lists/{ANTS}/keys/{address}").status_code == 404
    assert client.get(f"/pgp/lists/{ANTS}/keys/olkga@example.com").status_code == 403
    assert mailman.paths() == []


def test_nobody_is_on_no_list(anne: Any) -> None:
    """Who is on no encrypted list reads so."""
    assert "You are on no encrypted list" in text(anne.get(KEYS))


@pytest.mark.parametrize("by_file", [True, False])
def test_brought(anne: Any, mailman: CoreServer, *, by_file: bool) -> None:
    """What is uploaded is shown beside what counts, and sent on when its person says so, in their name; a second click does nothing."""
    mailman.people.stands(ANTS, ANNE, certificate=certificate())
    mailman.people.outcome = ("asked", OLD)
    form: dict[str, Any] = {"action": "look", "certificate": ARMORED}
    if by_file:
        from django.core.files.uploadedfile import SimpleUploadedFile  # noqa: PLC0415 - Django must be ready

        form = {"action": "look", "file": SimpleUploadedFile("anne.pgp", KEY.certificate)}
    looked = anne.post(PAGE, form)
    assert sent(mailman) == []
    assert in_fours(OLD) in text(looked)
    assert in_fours(KEY.fingerprint) in text(looked)
    confirmed = hidden(looked, "send")
    done = anne.post(PAGE, confirmed)
    assert (done.status_code, done["Location"]) == (302, PAGE)
    ((path, fields),) = sent(mailman)
    assert (path, fields["address"], fields["by"]) == ("offers", ANNE, ANNE)
    assert "PUBLIC KEY BLOCK" in fields["certificate"]
    assert "then a moderator decides" in text(anne.get(PAGE))
    mailman.people.stands(ANTS, ANNE, certificate=certificate(), question=waiting())
    again = anne.post(PAGE, confirmed)
    assert (again.status_code, len(sent(mailman))) == (409, 1)
    assert "nothing was done" in text(again)


def test_stale_forms(anne: Any, mailman: CoreServer) -> None:
    """Where something else counts or waits by now, or the form was changed, nothing is done and the page shows how it is."""
    mailman.people.stands(ANTS, ANNE, certificate=certificate(), question=waiting())
    forms = [hidden(anne.get(PAGE), action) for action in ("again", "take-back")]
    forms.append(hidden(anne.post(PAGE, {"certificate": ARMORED}), "send"))
    forged = {**forms[-1], "fingerprint": NEW}
    mailman.people.stands(ANTS, ANNE, certificate=certificate(NEW), question=waiting())
    assert [anne.post(PAGE, form).status_code for form in forms] == [409] * 3
    mailman.people.stands(ANTS, ANNE, certificate=certificate(), question=waiting())
    assert anne.post(PAGE, forged).status_code == 409
    assert sent(mailman) == []


def test_again_and_taken_back(anne: Any, mailman: CoreServer) -> None:
    """The message is sent once more, and by a double click once; what was brought is taken back, once."""
    mailman.people.stands(ANTS, ANNE, "no-certificate", question=waiting())
    page = anne.get(PAGE)
    for status in (302, 409):
        assert anne.post(PAGE, hidden(page, "again")).status_code == status
    assert anne.post(PAGE, hidden(page, "take-back")).status_code == 302
    assert "It is taken back." in text(anne.get(PAGE))
    assert anne.post(PAGE, hidden(page, "take-back")).status_code == 409
    assert sent(mailman) == [(f"offers/{ANNE}/again", {"by": ANNE}), (f"offers/{ANNE}", {"by": ANNE})]


@pytest.mark.parametrize("by_file", [True, False])
@pytest.mark.parametrize("action", ["look", "send", "nonsense"])
def test_secret_key(anne: Any, mailman: CoreServer, action: str, *, by_file: bool) -> None:
    """A secret key is not sent on, at either step, nor shown again; the page says so."""
    from django.core.files.uploadedfile import SimpleUploadedFile  # noqa: PLC0415 - Django must be ready

    mailman.people.stands(ANTS, ANNE, "no-certificate")
    form: dict[str, Any] = {"certificate": SECRET, "seen": "//", "fingerprint": KEY.fingerprint, "action": action}
    if by_file and action != "send":
        form = {"file": SimpleUploadedFile("secret.pgp", KEY.secret), "action": action}
    refused = anne.post(PAGE, form)
    assert refused.status_code == 422
    assert "This is a secret key" in text(refused)
    assert SECRET.splitlines()[3] not in text(refused)
    assert sent(mailman) == []


@pytest.mark.parametrize(
    ("role", "page", "form"),
    [
        (Role.MEMBER, PAGE, {"certificate": SECRET}),
        (Role.OWNER, f"/pgp/lists/{ANTS}/keyring", {"keys": SECRET}),
        (Role.OWNER, f"/pgp/lists/{ANTS}/members/new@example.com", {"keys": SECRET, "action": "add"}),
    ],
)
def test_reports_of_errors(
    people: People, mailman: CoreServer, monkeypatch: pytest.MonkeyPatch, role: Role, page: str, form: dict[str, str]
) -> None:
    """When something goes wrong that nobody has thought of, Django's report to the administrators has no secret key in it."""
    import sys  # noqa: PLC0415 - here only

    from django.core.signals import got_request_exception  # noqa: PLC0415 - Django must be ready
    from django.views.debug import ExceptionReporter  # noqa: PLC0415

    reports = []

    def report(request: Any, **_: Any) -> None:
        reporter = ExceptionReporter(request, *sys.exc_info())
        reports.extend((reporter.get_traceback_text(), reporter.get_traceback_html()))

    def failed(_data: bytes) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr("django_pgpmailman.uploads._blocks", failed)
    monkeypatch.setattr("django_pgpmailman.uploads._SECRET_MARKS", re.compile(rb"(?!)"))
    mailman.people.stands(ANTS, ANNE, "no-certificate")
    client = people.client(role)
    client.raise_request_exception = False
    got_request_exception.connect(report)
    try:
        assert client.post(page, form).status_code == 500
    finally:
        got_request_exception.disconnect(report)
    assert len(reports) == 2
    for each in reports:
        assert "ZeroDivisionError" in each
        # Reports break what is long into lines of their own.
        assert [line for line in SECRET.splitlines()[2:-2] if line[:16] in each or line[-16:] in each] == []


def test_forged_forms(people: People, web: Website, mailman: CoreServer) -> None:
    """A form that does not come from our page is not taken."""
    web.client.force_login(people.users[Role.MEMBER], backend="django.contrib.auth.backends.ModelBackend")
    mailman.people.stands(ANTS, ANNE, question=waiting())
    for form in ({"action": "take-back", "seen": f"/{NEW}/"}, {"certificate": ARMORED}):
        assert web.client.post(PAGE, form).status_code == 403
    assert sent(mailman) == []


def test_large_uploads(anne: Any, mailman: CoreServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is longer than a key is not read, be it a file or pasted, and never lies in a file of the server."""
    from django.core.files.uploadedfile import SimpleUploadedFile, TemporaryUploadedFile  # noqa: PLC0415 - Django must be ready

    def no_file(*_: Any) -> None:
        raise AssertionError("It lies in a file.")

    monkeypatch.setattr(TemporaryUploadedFile, "__init__", no_file)
    mailman.people.stands(ANTS, ANNE, "no-certificate")
    for form in ({"file": SimpleUploadedFile("a", bytes(20 * 2**20))}, {"certificate": "a" * 20 * 2**20}):
        refused = anne.post(PAGE, form)
        assert refused.status_code == 413
        assert "longer than what can be sent" in text(refused)
        assert "script" not in refused["Content-Security-Policy"]
    assert anne.post(PAGE, {"file": SimpleUploadedFile("a", bytes(2**20))}).status_code == 422
    assert sent(mailman) == []


def test_limits_of_the_site(anne: Any, settings: Any) -> None:
    """Where the site lets less into memory, less is taken, with our sentence, and not Django's error."""
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 1000
    refused = anne.post(PAGE, {"certificate": "a" * 2000})
    assert (refused.status_code, "longer than what can be sent" in text(refused)) == (413, True)


@pytest.mark.parametrize(
    ("status", "code"), [(400, "expired"), (409, "asked-too-often"), (409, "suspended"), (404, "no-offer")]
)
def test_refusals(anne: Any, mailman: CoreServer, status: int, code: str) -> None:
    """What Mailman refuses is said above the form, with its status; HTML in it is text."""
    mailman.people.stands(ANTS, ANNE, "no-certificate", question=waiting())
    forms = [hidden(anne.get(PAGE), action) for action in ("again", "take-back")]
    forms.append(hidden(anne.post(PAGE, {"certificate": ARMORED}), "send"))

    def refuse(path: str) -> None:
        if "offers" in path:
            raise RefusedError(status, "It is <b>not</b> so.", code)

    mailman.instead = refuse
    for form in forms:
        refused = anne.post(PAGE, form)
        assert refused.status_code == status
        assert "It is &lt;b&gt;not&lt;/b&gt; so." in refused.content.decode()


def test_plugin_in_trouble(anne: Any, mailman: CoreServer) -> None:
    """While the plugin is away, the pages say so; a message that could not be sent again can be asked for again."""
    mailman.people.stands(ANTS, ANNE, "no-certificate", question=waiting())
    form = hidden(anne.get(PAGE), "again")

    def away(path: str) -> None:
        if "again" in path:
            raise RefusedError(503, "It is not healthy.", "not-healthy")

    mailman.instead = away
    assert anne.post(PAGE, form).status_code == 503
    mailman.instead = None
    assert anne.post(PAGE, form).status_code == 302
    mailman.plugin = False
    assert [anne.get(path).status_code for path in (KEYS, PAGE)] == [503, 503]


def test_lists_that_are_not_encrypted(anne: Any, mailman: CoreServer) -> None:
    """Of a plain list, and of none, the page says so, and takes nothing."""
    mailman.mlist("plain@example.com", encrypted=False)
    for name in ("plain.example.com", "none.example.com"):
        page = f"/pgp/lists/{name}/keys/{ANNE}"
        assert anne.get(page).status_code == 404
        assert anne.post(page, {"certificate": ARMORED}).status_code == 404
    assert sent(mailman) == []


def test_before_joining(anne: Any, mailman: CoreServer) -> None:
    """Who is not on the list may bring a key; no page takes more than three calls."""
    assert "not on this list" in text(anne.get(PAGE))
    looked = anne.post(PAGE, {"certificate": ARMORED})
    mailman.requests.clear()
    assert anne.post(PAGE, hidden(looked, "send")).status_code == 302
    assert len(mailman.requests) == 3
    assert [path for path, _ in sent(mailman)] == ["offers"]


def test_html(anne: Any, mailman: CoreServer) -> None:
    """What others have written is text."""
    hostile = "<img src=x>"
    mailman.people.stands(ANTS, ANNE, certificate=certificate(hostile, algorithm=hostile), question=waiting(hostile))
    mailman.people.places[ANTS, ANNE]["list_address"] = hostile
    for page in (anne.get(KEYS), anne.get(PAGE), anne.post(PAGE, {"certificate": ARMORED})):
        assert hostile not in page.content.decode()


def test_menu(people: People, anne: Any) -> None:
    """A person finds the page in their menu on Postorius' pages, and on ours, where it is marked."""
    entry = r'href="/pgp/keys" class="nav-link( active)?"( aria-current="page")?>PGP keys</a></li>\s*</ul>'
    found = re.search(entry, text(anne.get(KEYS)))
    assert found is not None
    assert found[1]
    assert re.search(entry, user_menu(people.users[Role.LOGGED_IN]))


def user_menu(user: Any) -> str:
    """The menu of a person, as Postorius' pages have it."""
    from django.template import Context, Template  # noqa: PLC0415 - Django must be ready

    class Request:
        def __init__(self) -> None:
            self.user = user

    template = Template("{% load nav_helpers %}{% user_nav 'subscriptions' 'title' %}")
    return str(template.render(Context({"request": Request()})))


@pytest.mark.parametrize(
    ("code", "changed", "sentence"),
    [
        ("no-certificate", {"request": joining("outside")}, "Your request waits for your key."),
        (
            "asked",
            {"request": joining("outside"), "question": waiting()},
            "Your request waits for your answer to the mail.",
        ),
        ("counts", {"request": joining("subscriber")}, "Your request waits for your answer to the mail."),
        ("no-certificate", {"request": {**joining("outside"), "reason": "waits for proof"}}, "The message is too old"),
        ("counts", {"request": joining("moderator")}, "Your request waits for a moderator."),
        ("counts", {}, "your key counts"),
    ],
)
def test_panel(people: People, mailman: CoreServer, code: str, changed: dict[str, Any], sentence: str) -> None:
    """On the list's page somebody who joins reads for what their request waits, until they are a member; with the way to the upload."""
    mailman.people.stands(ANTS, ANNE, code, **changed)
    mailman.people.stands(BEES, ANNE, "no-certificate")
    seen = menu(ANTS, people.users[Role.MEMBER])
    assert sentence in unescape(seen)
    assert PAGE in seen
    assert BEES not in seen


def test_panel_before_joining(people: People) -> None:
    """Somebody who is not on the list finds there where to bring a key before they join; who is not signed in does not."""
    from django.contrib.auth.models import AnonymousUser  # noqa: PLC0415 - Django must be ready

    assert f'href="{PAGE}"' in menu(ANTS, people.users[Role.MEMBER])
    assert "/keys/" not in menu(ANTS, AnonymousUser())


def test_panel_in_trouble(people: People, mailman: CoreServer) -> None:
    """Where nobody answers what is asked of a person, the list's page is as it is for others, and asks no more for a while."""

    def away(path: str) -> None:
        if path.endswith("people"):
            raise RefusedError(500, "Something went wrong.", "failed")

    mailman.instead = away
    mailman.paths()
    for _ in range(3):
        seen = menu(ANTS, people.users[Role.MEMBER])
        assert "This list is encrypted" in seen
        assert "/keys/" not in seen
    assert sum(path.endswith("people") for path in mailman.paths()) == 1


def test_texts_of_mailman(web: Website) -> None:
    """What Mailman says to people of their own keys is as translators have it."""
    from django_pgpmailman import own_texts  # noqa: PLC0415 - Django must be ready
    from mailman_pgp.conversation import offering  # noqa: PLC0415
    from mailman_pgp.overview import own  # noqa: PLC0415

    assert web
    said = [own.standing("something else"), *map(own.standing, [*own.OTHERS, *own._REASONS])]
    texts = {text for each in said for text in (each.words, each.next_step) if text}
    assert set(own_texts.STANDINGS) == texts
    outcomes = {
        (outcome.value, replaces): sentence.replace("{address}", "%(address)s")
        for (outcome, replaces), sentence in offering._SENTENCES.items()
    }
    assert outcomes == own_texts.OUTCOMES
