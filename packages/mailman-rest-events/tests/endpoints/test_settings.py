"""The file with the endpoints: three lines are enough, and whatever is wrong has a sentence that names file, section and mend."""

from __future__ import annotations

import base64
import secrets
from typing import TYPE_CHECKING

import pytest
from authority import make_authority

from mailman_plugin_kit.settings import SettingsError
from mailman_rest_events.endpoints.settings import load

if TYPE_CHECKING:
    from pathlib import Path

KEY = "a-long-random-key"
SECRET = "whsec_" + base64.b64encode(secrets.token_bytes(32)).decode()
MINIMAL = f"""
[endpoint.web]
url: https://lists.example.com/mailman-events/
api_key: {KEY}
events: .*
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Where the settings are written."""
    return tmp_path / "events.cfg"


def test_three_lines_are_enough(file: Path) -> None:
    """All else has a default."""
    file.write_text(MINIMAL)
    (endpoint,) = load(file).values()
    assert (endpoint.name, endpoint.url, endpoint.api_key) == (
        "web",
        "https://lists.example.com/mailman-events/",
        KEY,
    )
    assert (endpoint.secrets, endpoint.timeout, endpoint.active, endpoint.key_in_url) == ((), 10.0, True, False)
    assert (endpoint.lists, endpoint.allow_private, endpoint.ca_file) == (None, False, None)


def test_all_options(file: Path) -> None:
    """Everything that can be said of an endpoint."""
    ca = make_authority(file.parent).file
    other = "whsec_" + base64.b64encode(secrets.token_bytes(24)).decode()
    file.write_text(
        MINIMAL
        + f"lists: ant\\..*\nsecret: {SECRET} {other}\ntimeout: 2.5\nactive: no\nkey_in_url: yes\nallow_private: on\nca_file: {ca}\n"
    )
    (endpoint,) = load(file).values()
    assert [len(secret) for secret in endpoint.secrets] == [32, 24]
    assert (endpoint.timeout, endpoint.active, endpoint.key_in_url, endpoint.allow_private) == (2.5, False, True, True)
    assert endpoint.ca_file == ca


def test_a_sign_of_percent_is_one(file: Path) -> None:
    """In a key, as anywhere."""
    file.write_text(MINIMAL.replace(KEY, "100%(of)s%%it-all-of"))
    assert load(file)["web"].api_key == "100%(of)s%%it-all-of"


def test_mark_of_an_editor(file: Path) -> None:
    """What some editors put before a text is no part of it."""
    file.write_text(MINIMAL.lstrip(), encoding="utf-8-sig")
    assert list(load(file)) == ["web"]


def test_no_endpoint(file: Path) -> None:
    """Nobody has to be told anything."""
    file.write_text("")
    assert load(file) == {}


def test_wants(file: Path) -> None:
    """Names of events and IDs of lists are matched in full; what is about no list passes the pattern of lists."""
    file.write_text(MINIMAL.replace(".*", "(List|Domain)CreatedEvent") + "lists: ant.example.com\n")
    endpoint = load(file)["web"]
    assert endpoint.wants("ListCreatedEvent", "ant.example.com")
    assert endpoint.wants("DomainCreatedEvent", None)
    for name, list_id in (
        ("ListCreatedEvents", "ant.example.com"),
        ("MyListCreatedEvent", "ant.example.com"),
        ("ListCreatedEvent", "ant.example.com.org"),
        ("ListCreatedEvent", "bee.example.com"),
    ):
        assert not endpoint.wants(name, list_id)


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        (MINIMAL + "colour: red\n", "there is no option colour"),
        (MINIMAL + "event: x\n", "Is events meant?"),
        (MINIMAL.replace("url:", "#"), "url is missing"),
        (MINIMAL.replace("api_key:", "#"), "api_key is missing"),
        (MINIMAL.replace("events:", "#"), "events is missing"),
        (MINIMAL.replace("https://", ""), "url must begin with https://"),
        (MINIMAL.replace("https://", "ftp://"), "url must begin with https://"),
        (MINIMAL.replace("https://", "http://"), "everybody on the way reads the key"),
        (MINIMAL.replace("https://lists.example.com", "http://localhost:8000"), "url leads to this machine"),
        (MINIMAL.replace("lists.example.com", "[::1]"), "url leads to this machine"),
        (MINIMAL.replace("lists.example.com", "me:secret@lists.example.com"), "a user or a password"),
        (MINIMAL.replace("lists.example.com", "lists.example.com:99999"), "url is none"),
        (MINIMAL.replace("lists.example.com", "lists example com"), "has blanks"),
        (MINIMAL.replace("-events/", "-events/#x"), "behind #"),
        (MINIMAL.replace("https://lists.example.com/mailman-events/", "https:///x"), "names no host"),
        (MINIMAL.replace(KEY, "x" * 15), "api_key must be 16 to 512"),
        (MINIMAL.replace(KEY, "x" * 513), "api_key must be 16 to 512"),
        (MINIMAL.replace(KEY, "schlüssel-für-alle"), "api_key must be 16 to 512"),
        (MINIMAL.replace(KEY, "a-key-\x7f-of-control"), "api_key must be 16 to 512"),
        (MINIMAL.replace(".*", "(List"), "events is no regular expression"),
        (MINIMAL + "lists: *\n", "lists is no regular expression"),
        (MINIMAL + "secret: whsec_c2hvcnQ=\n", "secret must be whsec_"),
        (MINIMAL + "secret: whsec_!!\n", "secret must be whsec_"),
        (MINIMAL + f"secret: {SECRET} {SECRET} {SECRET}\n", "more than two"),
        (MINIMAL + "timeout: 0.1\n", "timeout must be"),
        (MINIMAL + "timeout: nan\n", "timeout must be"),
        (MINIMAL + "timeout: long\n", "timeout must be"),
        (MINIMAL + "active: perhaps\n", "active must be yes or no"),
        (MINIMAL + "ca_file: ca.pem\n", "ca_file must be the absolute path"),
        (MINIMAL + "ca_file: /dev/null\n", "ca_file must be the absolute path"),
        (MINIMAL + f"ca_file: {__file__}\n", "ca_file holds no certificates"),
        (MINIMAL + "lists: ant@example.com\n", "lists is matched against IDs of lists"),
        (MINIMAL + "lists: ant.*|\n  bee.*\n", "lists is in several lines"),
        (MINIMAL.replace(".*", "List.*|\n  Domain.*"), "events is in several lines"),
        (MINIMAL.replace("-events/", "-events/\x01"), "has blanks"),
        (MINIMAL + MINIMAL, "is in"),
        (MINIMAL + f"api_key: {KEY}\n", "api_key is twice in [endpoint.web]"),
        (f"api_key: {KEY}\n", "is neither a section [endpoint.NAME]"),
        ("[web]\n", "The section [web]"),
        ("[DEFAULT]\n", "The section [DEFAULT]"),
        ("[endpoint.]\n", "The section [endpoint.]"),
        ("[endpoint.a b]\n", "The section [endpoint.a b]"),
    ],
)
def test_mistakes(file: Path, wrong: str, says: str) -> None:
    """Nothing is taken of a file with a mistake, and the sentence gives away no key."""
    file.write_text(wrong)
    with pytest.raises(SettingsError) as caught:
        load(file)
    assert says in str(caught.value)
    assert str(file) in str(caught.value)
    assert KEY not in str(caught.value)


def test_no_file(file: Path) -> None:
    """The sentence names the place where it is named."""
    with pytest.raises(SettingsError, match=r"no settings file .* \[plugin\.events\] of mailman\.cfg"):
        load(file)


def test_silent(file: Path) -> None:
    """The repr gives away neither key nor secret, nor the path, which may hold one."""
    file.write_text(MINIMAL + f"secret: {SECRET}\n")
    text = repr(load(file))
    assert KEY not in text
    assert "mailman-events" not in text
    assert "secret" not in text
