"""The page looks at a key before it is sent: in a real browser, by the requests that it makes."""

from __future__ import annotations

import contextlib
import subprocess
from typing import TYPE_CHECKING, Any

import browsing
import pytest
from axe_playwright_python.sync_playwright import Axe
from peers import peer
from visiting import Visitor
from visitors import ANTS, People

from django_pgpmailman import key_check
from django_pgpmailman.roles import Role
from mailman_pgp.openpgp import armor, grouped
from mailman_pgp.openpgp.memberkeys import KeyKind, MemberKey

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from core_server import CoreServer

pytestmark = pytest.mark.peer

PUBLIC, PRIVATE, MESSAGE = "PGP PUBLIC KEY BLOCK", "PGP PRIVATE KEY BLOCK", "PGP MESSAGE"
ANNE = "member@example.com"
KEYRING, OWN = f"/pgp/lists/{ANTS}/keyring", f"/pgp/lists/{ANTS}/keys/{ANNE}"
MEMBER = f"/pgp/lists/{ANTS}/members/new@example.com"
KEY, OTHER = (MemberKey.generate(f"{name} <{name}@example.com>") for name in ("anne", "bart"))
ARMORED = armor(KEY.certificate, PUBLIC).decode()
SECRET = armor(KEY.secret, PRIVATE)
NOT_SENT = "This is a secret key, and it was not sent."
#: What somebody may take for their public key.
SECRETS = {
    "armored": SECRET,
    "binary": KEY.secret,
    "version 6": MemberKey.generate("Anne <anne@example.com>", KeyKind.V6).secret,
    "post-quantum": MemberKey.generate("Anne <anne@example.com>", KeyKind.POST_QUANTUM).secret,
    "of a version that is not there yet": b"\xc5\x02\x09\x00",
    "old form of packets": b"\x95\x00\x03\x04\x00\x00",
    "in parts": b"\xc5\xe9" + b"\x04" + bytes(511) + b"\x00",
    "subkeys alone": b"\xc7\x02\x04\x00",
    "in a keyring": OTHER.certificate + KEY.secret,
    "in an armored keyring": armor(OTHER.certificate, PUBLIC) + SECRET,
    "as a public one": armor(KEY.secret, PUBLIC),
    "as a message": armor(KEY.secret, MESSAGE),
    "quoted in a mail": b"> Hello\n"
    + b"".join(b"> " + line + b"\n" for line in armor(KEY.secret, MESSAGE).splitlines()),
    "with comments": armor(KEY.secret, MESSAGE).replace(b"-----\n\n", b"-----\r\nComment: a\r\n\r\n", 1),
    "a part": armor(KEY.secret, MESSAGE)[:150],
    "the middle": b"\n".join(armor(KEY.secret, MESSAGE).splitlines()[2:-2]),
    "UTF-16": SECRET.decode().encode("utf-16"),
    "of SSH": b"-----BEGIN OPENSSH PRIVATE KEY-----\nAAAA\n-----END OPENSSH PRIVATE KEY-----\n",
    "of TLS": b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n",
    "of gpg's folder": b"Key: (protected-private-key (ecc (curve Ed25519)(flags eddsa)))\n",
    "of gpg's old folder": b"(21:protected-private-key(3:rsa(1:n1:a)(1:e1:b)))",
}


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    """A real browser."""
    with browsing.chromium() as running:
        yield running


@pytest.fixture
def openpgp() -> None:
    """OpenPGP.js, as npm has brought it."""
    if not key_check.is_whole():
        peer("npm")
        pytest.fail("OpenPGP.js is not there, and npm is: make setup")


class Window:
    """Somebody in front of one of our pages.

    :ivar page: As playwright has it.
    :ivar forms: What was sent of forms.
    """

    def __init__(self, page: Any, browser: browsing.Browser) -> None:
        self.page = page
        self.browser = browser
        self.forms: list[bytes] = []
        page.on("request", self._note)

    def _note(self, request: Any) -> None:
        if request.method != "GET":
            self.forms.append(request.post_data_buffer or b"")

    def choose(self, content: bytes, name: str = "key.asc") -> None:
        """Choose a file."""
        self.page.locator("input[type=file]").set_input_files(
            {"name": name, "mimeType": "application/octet-stream", "buffer": content}
        )

    def send(self) -> None:
        """Press the button."""
        self.page.locator("form:has(input[type=file]) button[type=submit]").click()

    @property
    def said(self) -> Any:
        """What is said of a refused key."""
        return self.page.locator("[data-pgpmailman-said] .alert")

    @property
    def found(self) -> Any:
        """What is shown of a key."""
        return self.page.locator("[data-pgpmailman-found]")

    def chosen(self) -> list[str]:
        """What is in the fields."""
        return list(self.page.eval_on_selector_all("input[type=file], textarea", "all => all.map(one => one.value)"))


@pytest.fixture
def opened(chromium: Any, people: People, mailman: CoreServer, settings: Any) -> Callable[..., Any]:
    """Open one of our pages."""
    settings.ALLOWED_HOSTS = ["*"]
    mailman.people.stands(ANTS, ANNE, "no-certificate")
    mailman.certificates.chosen.clear()

    @contextlib.contextmanager
    def opened(path: str = KEYRING, *, role: Role | None = None, handler: Any = None) -> Iterator[Window]:
        role = role or (Role.MEMBER if path == OWN else Role.OWNER)
        with browsing.served(*([handler] if handler else [])) as address:
            browser = browsing.Browser(chromium, address)
            with browser.window(Visitor(people.client(role))) as page:
                page.goto(path)
                yield Window(page, browser)

    return opened


def uploads(mailman: CoreServer) -> list[dict[str, str]]:
    """What reached Mailman."""
    return [fields for method, _, fields in mailman.requests if method != "GET"]


@pytest.mark.deep
def test_secret_keys_are_not_sent(opened: Callable[..., Any], mailman: CoreServer) -> None:
    """In whatever dress a secret key is chosen, or pasted, no request is made; the fields are empty, and a sentence says what to do."""
    with opened() as window:
        for name, content in SECRETS.items():
            window.choose(content)
            window.send()
            window.said.wait_for()
            assert NOT_SENT in window.said.inner_text(), name
            assert window.chosen() == ["", ""], name
            assert window.page.evaluate("document.activeElement.type") == "file", name
            window.send()  # and once more, as people do
            assert NOT_SENT in window.said.inner_text(), name
            window.choose(ARMORED.encode())
            window.said.wait_for(state="detached")
            window.choose(b"")
        for name in ("armored", "as a message", "the middle", "quoted in a mail"):
            window.page.locator("textarea").fill(SECRETS[name].decode())
            window.send()
            window.said.wait_for()
            assert window.chosen() == ["", ""], name
            window.page.reload()
        assert window.forms == []
        assert uploads(mailman) == []
        assert window.browser.complaints == []


@pytest.mark.parametrize("path", [OWN, MEMBER, KEYRING])
def test_each_form(opened: Callable[..., Any], mailman: CoreServer, path: str) -> None:
    """Each form that takes a key refuses a secret one before a button is pressed; where somebody pastes one, too."""
    with opened(path) as window:
        assert window.page.locator("[data-pgpmailman-said]").get_attribute("aria-live") == "assertive"
        window.choose(KEY.secret)
        window.said.wait_for()
        window.page.reload()
        window.page.locator("textarea").evaluate(
            """(field, text) => {
                field.focus();
                document.execCommand("insertText", false, text);
                field.dispatchEvent(new ClipboardEvent("paste", {bubbles: true}));
            }""",
            SECRET.decode(),
        )
        window.said.wait_for()
        assert window.chosen() == ["", ""]
        assert window.page.evaluate("document.activeElement.tagName") == "TEXTAREA"
        assert window.forms == []
    assert uploads(mailman) == []


@pytest.mark.deep
def test_keys_of_gpg(opened: Callable[..., Any], tmp_path: Path) -> None:
    """What gpg exports as a secret key is not sent, with a passphrase and without; what it exports as a public one is."""
    gpg = peer("gpg")
    with opened() as window:
        for passphrase in ("", "a passphrase"):
            home = tmp_path / (passphrase or "none").replace(" ", "-")
            home.mkdir(mode=0o700)
            common = [gpg, "--homedir", str(home), "--batch", "--pinentry-mode", "loopback", "--passphrase", passphrase]

            def run(*arguments: str, common: list[str] = common) -> bytes:
                return subprocess.run([*common, *arguments], check=True, capture_output=True).stdout

            run("--quick-generate-key", "anne@example.com", "rsa2048", "default", "never")
            for form in ((), ("--armor",)):
                for kind in ("--export-secret-keys", "--export-secret-subkeys"):
                    window.choose(run(*form, kind))
                    window.said.wait_for()
                    assert window.chosen() == ["", ""]
                    window.page.reload()
            secrets = sorted((home / "private-keys-v1.d").iterdir())
            assert secrets
            for file in secrets:
                window.choose(file.read_bytes(), file.name)
                window.said.wait_for()
                window.page.reload()
            subprocess.run(["gpgconf", "--homedir", str(home), "--kill", "all"], check=True)
        assert window.forms == []
        window.choose(run("--export"))
        with window.page.expect_navigation():
            window.send()
        assert len(window.forms) == 1


@pytest.mark.usefixtures("openpgp")
def test_certificates_are_shown_and_sent(opened: Callable[..., Any], mailman: CoreServer) -> None:
    """Of a certificate the fingerprint and the user IDs are shown, which do nothing; then it goes to the website, once."""
    evil = "<img src=x onerror=alert(1)> \u202eevil <anne@example.com>"
    with opened(OWN) as window:
        named = MemberKey.generate("Anne (private-key) <anne@example.com>")  # it is a public one all the same
        for key in (KEY, MemberKey.generate(evil), MemberKey.generate("Anne", KeyKind.V6), named):
            for content in (key.certificate, armor(key.certificate, PUBLIC)):
                window.choose(content)
                window.found.get_by_text(grouped(key.fingerprint)).wait_for()
        window.choose(MemberKey.generate(evil).certificate)
        window.found.get_by_text("<img src=x onerror=alert(1)> \ufffdevil").wait_for()
        assert window.page.locator("[data-pgpmailman-found] img").count() == 0
        assert [one["id"] for one in Axe().run(window.page).response["violations"] if one["impact"] == "critical"] == []
        window.choose(KEY.certificate)
        window.found.get_by_text(grouped(KEY.fingerprint)).wait_for()
        window.page.get_by_role("button", name="Look at it").dblclick()
        window.page.get_by_role("heading", name="Is this your key?").wait_for()
        assert window.page.locator("code", has_text=grouped(KEY.fingerprint)).count() == 1
        assert len(window.forms) == 1
        window.page.get_by_role("button", name="Send it").click()
        window.page.get_by_role("status").wait_for()
        assert window.browser.complaints == []
    assert len(uploads(mailman)) == 1


@pytest.mark.usefixtures("openpgp")
def test_second_click_while_the_website_is_slow(opened: Callable[..., Any]) -> None:
    """Who clicks again while the first click's answer is still to come sends nothing more."""
    with opened() as window:
        window.page.route("**/*", lambda route: None if route.request.method == "POST" else route.continue_())
        window.choose(KEY.certificate)
        # In one go: who is asked anything while it waits for a page does not answer.
        window.page.locator("form:has(input[type=file]) button[type=submit]").evaluate(
            "one => { for (const after of [0, 700]) setTimeout(() => one.click(), after) }"
        )
        window.page.wait_for_timeout(1500)  # nothing is to happen that could be waited for
        assert len(window.forms) == 1


@pytest.mark.usefixtures("openpgp")
def test_keyrings(opened: Callable[..., Any]) -> None:
    """Of many certificates the first are shown, and how many more there are; one that can't be read stands for itself."""
    unknown = b"\xc6\x06\x09\x00\x00\x00\x00\x00"
    with opened() as window:
        window.choose(unknown + KEY.certificate * 12)
        window.found.get_by_text("and more keys: 3").wait_for()
        assert window.page.locator("[data-pgpmailman-found] code", has_text=grouped(KEY.fingerprint)).count() == 9
        assert "of a kind that your browser does not read" in window.found.inner_text()
        violations = Axe().run(window.page, {"exclude": [["ul[role=navigation]"]]}).response["violations"]
        assert [one["id"] for one in violations if one["impact"] in {"serious", "critical"}] == []
        window.choose(KEY.secret)
        window.said.wait_for()
        assert window.found.inner_text() == ""
        violations = Axe().run(window.page, {"exclude": [["ul[role=navigation]"]]}).response["violations"]
        assert [one["id"] for one in violations if one["impact"] in {"serious", "critical"}] == []
        assert window.browser.complaints == []


def test_long_files(opened: Callable[..., Any], tmp_path: Path) -> None:
    """What is longer than the website takes is not even read."""
    long = tmp_path / "long"
    with long.open("wb") as file:
        file.write(KEY.secret)
        file.truncate(100 * 2**20)
    with opened() as window:
        window.page.evaluate("() => { Blob.prototype.arrayBuffer = () => { throw new Error('It is read.'); }; }")
        window.page.locator("input[type=file]").set_input_files(long)
        window.said.get_by_text("longer than 2 MiB").wait_for()
        assert window.chosen() == ["", ""]
        assert window.forms == []


@pytest.mark.deep
def test_nonsense(opened: Callable[..., Any]) -> None:
    """What is no key is for the website to judge; what is made to take long does not."""
    begin = b"-----BEGIN PGP PUBLIC KEY BLOCK-----\n"
    with opened(OWN) as window:
        for content in (
            begin * 50_000,
            b"\xc6\x00" * 2**19,
            begin + b" " * 2**20 + b"\n:" * 2**18,
            b"(" * 2**20,
            b"A" * 2**20 + b"%",
            bytes(100),
        ):
            count = len(window.forms)
            window.choose(content)
            window.send()
            window.page.get_by_role("alert").wait_for()
            assert len(window.forms) == count + 1
            window.page.goto(OWN)
        for content in (b"xylophone " * 50, b"lorem ipsum dolor sit amet", b"\xff\xfeH\0i\0"):
            window.choose(content)
            window.send()
            window.page.get_by_role("alert").wait_for()
            window.page.goto(OWN)


@pytest.mark.parametrize("pattern", ["**/openpgp.js", "**/key_check.js"])
def test_without_a_script(opened: Callable[..., Any], mailman: CoreServer, pattern: str) -> None:
    """Where OpenPGP.js does not come, secret keys stay; where nothing comes, the website refuses them; certificates go through."""
    with opened(OWN) as window:
        window.page.route(pattern, lambda route: route.abort())
        window.page.reload()
        window.choose(KEY.secret)
        window.send()
        if "openpgp" in pattern:
            window.said.wait_for()
            assert window.forms == []
        else:
            window.page.get_by_role("alert").get_by_text("This is a secret key").wait_for()
        window.choose(KEY.certificate)
        window.send()
        window.page.get_by_role("heading", name="Is this your key?").wait_for()
    assert uploads(mailman) == []


@pytest.mark.usefixtures("openpgp")
def test_another_file_meanwhile(opened: Callable[..., Any]) -> None:
    """What is chosen while the page still looks at something else is not sent for it; and OpenPGP.js that does not come holds nobody up."""
    with opened(OWN) as window:
        window.page.route("**/openpgp.js", lambda _route: None)
        window.page.clock.install()
        window.page.reload()
        window.choose(KEY.certificate)
        window.send()
        window.choose(KEY.secret)
        window.said.wait_for()
        window.choose(OTHER.certificate)
        window.said.wait_for(state="detached")
        window.page.clock.fast_forward(10_000)
        window.page.evaluate("new Promise((resolve) => requestAnimationFrame(resolve))")
        assert window.forms == []
        window.send()
        window.page.clock.fast_forward(10_000)
        window.page.locator("code", has_text=grouped(OTHER.fingerprint)).wait_for()
        assert len(window.forms) == 1


def test_without_javascript(opened: Callable[..., Any], people: People, mailman: CoreServer) -> None:
    """Who lets no scripts run gets along as before, and the website refuses what is secret."""
    with opened(OWN) as window:
        context = window.browser.chromium.new_context(java_script_enabled=False, base_url=window.browser.address)
        cookie = people.client(Role.MEMBER).cookies["sessionid"].value
        context.add_cookies([{"name": "sessionid", "value": cookie, "url": window.browser.address}])
        page = context.new_page()
        page.goto(OWN)
        for content, sentence in ((SECRET, "This is a secret key"), (ARMORED.encode(), "Is this your key?")):
            page.locator("input[type=file]").set_input_files(
                {"name": "a", "mimeType": "application/octet-stream", "buffer": content}
            )
            page.get_by_role("button", name="Look at it").click()
            page.get_by_text(sentence).wait_for()
        context.close()
    assert uploads(mailman) == []


def test_before_collectstatic(people: People, settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the scripts are not collected yet, as after an update, the pages are there without them."""

    def missing(name: str) -> str:
        raise ValueError(f"Missing staticfiles manifest entry for '{name}'")

    settings.USE_THOUSAND_SEPARATOR = True
    client = people.client(Role.OWNER)
    assert 'data-most="2097152"' in client.get(KEYRING).content.decode()
    monkeypatch.setattr("django_pgpmailman.key_check.static", missing)
    response = client.get(KEYRING)
    assert response.status_code == 200
    assert b"<script" not in response.content
    assert "script" not in response["Content-Security-Policy"]


@pytest.mark.usefixtures("openpgp")
def test_names_with_hashes(opened: Callable[..., Any], settings: Any, tmp_path: Path) -> None:
    """Where static files are served under names with hashes, and no other, the check is as whole."""
    from django.contrib.staticfiles.handlers import StaticFilesHandler  # noqa: PLC0415 - Django must be ready
    from django.core.management import call_command  # noqa: PLC0415
    from django.views.static import serve  # noqa: PLC0415

    class Collected(StaticFilesHandler):  # type: ignore[misc]  # Django is untyped
        def serve(self, request: Any) -> Any:
            return serve(request, self.file_path(request.path), document_root=str(tmp_path))

    settings.STATIC_ROOT = str(tmp_path)
    settings.STORAGES = {
        "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
        "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.ManifestStaticFilesStorage"},
    }
    # HyperKitty itself can't be served so: a style of its jQuery names pictures that are not there.
    call_command("collectstatic", interactive=False, verbosity=0, ignore_patterns=["hyperkitty"])
    for name in ("key_check.js", "openpgp/openpgp.js"):
        (tmp_path / "django_pgpmailman" / name).unlink()
    with opened(OWN, handler=Collected) as window:
        window.choose(KEY.certificate)
        window.found.get_by_text(grouped(KEY.fingerprint)).wait_for()
        window.choose(KEY.secret)
        window.said.wait_for()
        assert window.forms == []
        assert window.browser.complaints == []
