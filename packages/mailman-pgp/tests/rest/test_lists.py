"""Lists are turned on and off, seen and set."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from mailman_pgp import openpgp
from mailman_pgp.posts.policy import POLICIES, Action

if TYPE_CHECKING:
    from collections.abc import Callable

    from conftest import Door, MakeCertificate, Members

    from mailman_pgp.posts.policy import Policy

ANNE, BART, OLGA = "anne@example.com", "bart@example.com", "olga@example.com"


@pytest.mark.usefixtures("mlist")
def test_turned_on(door: Door) -> None:
    """It is shown with its key and its settings, and is found by its list-id and its address."""
    made = door.good("POST", "/lists", {"list_id": "ant@example.com"})
    assert made.status_code == 201
    assert made.headers["location"].endswith("/3.1/plugins/pgp/lists/ant.example.com")
    shown = door.get("/lists/Ant.example.com")
    assert shown == door.get("/lists/ant@example.com") == made.json
    assert shown["list_id"] == "ant.example.com"
    assert shown["settings"]["footer_note"] is True
    assert shown["encrypted_since"].endswith("Z")
    assert shown["links"]["events"] == f"{shown['self_link']}/events"
    (entry,) = door.get("/lists")["entries"]
    assert entry["list_key"] == shown["list_key"]


def test_who_decides_about_joining(door: Door, encrypted: str) -> None:
    """Whoever looks at a list sees whether everybody with a key gets in."""
    from mailman.interfaces.mailinglist import SubscriptionPolicy  # noqa: PLC0415 - core must be initialised

    assert door.get(encrypted)["moderated"] is False
    door.mlist().subscription_policy = SubscriptionPolicy.confirm_then_moderate
    door.store.commit()
    assert door.get(encrypted)["moderated"] is True


def test_turned_on_twice(door: Door, encrypted: str) -> None:
    """The second time is refused."""
    assert "is an encrypted list already" in door.refused(409, "POST", "/lists", {"list_id": "ant.example.com"})
    assert door.get(encrypted)


def test_obstacles(mlist: Any, door: Door, rows: Callable[[], dict[str, int]]) -> None:
    """Each thing in the way is said with its mend, and the list stays as it was."""
    mlist.anonymous_list = True
    door.store.commit()
    before = rows()
    sentence = door.refused(409, "POST", "/lists", {"list_id": mlist.list_id})
    assert "set `anonymous_list` to no first" in sentence
    assert rows() == before
    assert door.mlist().posting_pipeline == "default-posting-pipeline"


def test_settings(door: Door, encrypted: str) -> None:
    """Each is described, so that a form can be made of it; all that are given are changed, or none."""
    described = {setting["name"]: setting for setting in door.get("/settings")["settings"]}
    assert described["footer_note"]["type"] == "yes-no"
    window = described["replay_window_days"]
    assert (window["least"], window["default"]) == (1, None)
    assert window["greatest"] == window["of_site"]
    assert all(setting["meaning"].endswith(".") for setting in described.values())

    changed = door.good("PATCH", encrypted, {"footer_note": "no", "replay_window_days": "3"}).json
    assert door.get(encrypted)["settings"] == changed["settings"]
    assert changed["settings"].items() >= {"footer_note": False, "replay_window_days": 3}.items()
    refused = door.refused(400, "PATCH", encrypted, {"replay_window_days": "0"})
    assert refused.startswith("replay_window_days takes a whole number from 1 to")
    assert "takes yes or no" in door.refused(400, "PATCH", encrypted, {"replay_window_days": "4", "footer_note": "7"})
    assert "takes a whole number" in door.refused(400, "PATCH", encrypted, json={"replay_window_days": True})
    assert door.get(encrypted)["settings"] == changed["settings"]
    assert (
        door.good("PATCH", encrypted, {"replay_window_days": "default"}).json["settings"]["replay_window_days"] is None
    )


@pytest.mark.parametrize("policy", POLICIES, ids=lambda policy: policy.setting)
def test_policies(door: Door, encrypted: str, policy: Policy) -> None:
    """What becomes of posts is chosen by REST, too: each action that a setting has, and no other."""
    described = {setting["name"]: setting for setting in door.get("/settings")["settings"]}[policy.setting]
    assert (described["default"], described["choices"]) == (policy.default, [*policy.choices])
    for action in policy.choices:
        assert door.good("PATCH", encrypted, {policy.setting: action}).json["settings"][policy.setting] == action
    for word in {*Action, "keep"} - {*policy.choices}:
        assert f"{policy.setting} takes " in door.refused(400, "PATCH", encrypted, {policy.setting: word})


def test_turned_off(door: Door, encrypted: str, rows: Callable[[], dict[str, int]]) -> None:
    """Only whoever names the list's key means it."""
    before = rows()
    fingerprint = door.get(encrypted)["list_key"]["fingerprint"]
    other = ("0" if fingerprint[0] != "0" else "1") + fingerprint[1:]
    assert "confirm" in door.refused(400, "DELETE", encrypted)
    assert "takes a whole fingerprint" in door.refused(400, "DELETE", f"{encrypted}?confirm=yes")
    assert "stays encrypted" in door.refused(409, "DELETE", f"{encrypted}?confirm={other}")
    assert rows() == before
    grouped = openpgp.grouped(fingerprint).replace(" ", "+")
    assert door.good("DELETE", f"{encrypted}?confirm={grouped}").status_code == 204
    assert door("GET", encrypted).status_code == 404


@pytest.mark.parametrize(("by", "said"), [("olga@example.com", "olga@example.com (rest)"), ("", "rest")])
@pytest.mark.usefixtures("mlist")
def test_who_did_it(door: Door, caplog: pytest.LogCaptureFixture, by: str, said: str) -> None:
    """Mailman's log has who has turned encryption on, changed settings, and turned it off; where nobody is named, the door."""
    caplog.set_level("INFO")
    named = {"by": by} if by else {}
    path = "/lists/ant.example.com"
    door.good("POST", "/lists", {"list_id": "ant.example.com", **named})
    door.good("PATCH", path, {"footer_note": "no", **named})
    door.good("PATCH", path, {"footer_note": "no", **named})
    fingerprint = door.get(path)["list_key"]["fingerprint"]
    door.good("DELETE", path, {"confirm": fingerprint, **named})
    found = [record.getMessage() for record in caplog.records if record.getMessage().endswith(f", by {said}")]
    assert found == [
        f"ant@example.com: {what}, by {said}"
        for what in (
            f"encryption was turned on ({fingerprint})",
            "settings were changed (footer_note=no)",
            f"encryption was turned off ({fingerprint})",
        )
    ]


def test_certificate(door: Door, encrypted: str) -> None:
    """It comes as JSON, and as a file that mail programs import."""
    shown = door.get(f"{encrypted}/certificate")
    file = door.good("GET", f"{encrypted}/certificate.asc")
    assert file.headers["content-type"] == "application/pgp-keys"
    assert "ant.example.com.asc" in file.headers["content-disposition"]
    assert file.text == shown["armored"]
    certificate = openpgp.read_certificate(file.content)
    assert certificate.fingerprint == shown["fingerprint"] == door.get(encrypted)["list_key"]["fingerprint"]
    assert "PRIVATE" not in file.text


def test_who_gets_nothing(members: Members, door: Door, encrypted: str, make: MakeCertificate) -> None:
    """Members, then owners, each with the reason and the next step; page by page."""
    for address, role in [(ANNE, "member"), (BART, "member"), (OLGA, "owner")]:
        members.add(door.mlist(), address, role=role)
    found = door.get(f"{encrypted}/unserved")
    assert [(person["address"], person["role"]) for person in found["entries"]] == [
        (ANNE, "member"),
        (BART, "member"),
        (OLGA, "administrator"),
    ]
    assert {person["reason"] for person in found["entries"]} == {"no-certificate"}
    assert found["entries"][0]["next_step"] == "Ask them for their certificate, and add it."
    second = door.get(f"{encrypted}/unserved?page=2&count=1")
    assert (second["start"], second["total_size"]) == (1, 3)
    assert [person["address"] for person in second["entries"]] == [BART]
    assert "entries" not in door.get(f"{encrypted}/unserved?page=9&count=1")

    door.good("POST", f"{encrypted}/certificates", {"address": ANNE, "certificate": make()[1]})
    assert [person["address"] for person in door.get(f"{encrypted}/unserved")["entries"]] == [BART, OLGA]
    assert door.get(encrypted)["members"] == {"total": 2, "receiving": 2, "getting_nothing": 1}
