"""Owners and programs change Mailman's own settings of an encrypted list: no hole is opened, now or without the plugin."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from mistakes import CANARY, PLAIN, Site

if TYPE_CHECKING:
    from conftest import StartSandbox

ARCHIVERS = ("archiver.prototype.enable=yes", "archiver.mail_archive.enable=yes")
MAIL_ARCHIVE = "archive@mail-archive.com"  # core's default
LEAKY = {
    "posting_pipeline": "default-posting-pipeline",
    "archive_policy": "public",
    "digests_enabled": "yes",
    "digest_size_threshold": "10000",
    "gateway_to_news": "yes",
    "gateway_to_mail": "yes",
    "linked_newsgroup": "comp.kestrels",
    "personalize": "full",
    "dmarc_mitigate_action": "munge_from",
    "dmarc_mitigate_unconditionally": "yes",
    "include_rfc2369_headers": "yes",
    "anonymous_list": "yes",
    "filter_content": "yes",
    "reply_goes_to_list": "explicit_header",
    "reply_to_address": "elsewhere@example.net",
    "first_strip_reply_to": "no",
}
"""Settings that have core keep, publish or rewrite posts."""
SILENT = {
    "autorespond_postings": "respond_and_discard",
    "autorespond_owner": "respond_and_discard",
    "autorespond_requests": "none",
    "dmarc_mitigate_action": "discard",
    "dmarc_addresses": "^.*",
}
"""Settings with which core discards posts, having answered them or not, and opens commands."""
KEPT = {
    "posting_pipeline": "pgp-posting-pipeline",
    "archive_policy": "private",
    "gateway_to_news": False,
    "gateway_to_mail": False,
    "personalize": "none",
    "dmarc_mitigate_action": "no_mitigation",
    "dmarc_mitigate_unconditionally": False,
    "anonymous_list": False,
    "filter_content": False,
    "reply_goes_to_list": "point_to_list",
    "first_strip_reply_to": True,
    "autorespond_postings": "none",
    "autorespond_owner": "none",
    "autorespond_requests": "respond_and_discard",
}
"""What an encrypted list keeps, whatever it is told."""


@pytest.fixture
def site(start_sandbox: StartSandbox) -> Site:
    """A complete site, with archivers."""
    return Site.make(start_sandbox(settings=ARCHIVERS))


def change(site: Site, list_id: str, **settings: str) -> None:
    """Set a list so that core archives, collects and gates its posts."""
    site.sandbox.rest(f"lists/{list_id}/config", LEAKY | settings, "PATCH")
    archivers = site.sandbox.rest(f"lists/{list_id}/archivers")
    names = [name for name in archivers if name != "http_etag"]
    assert {"prototype", "mail-archive"} <= set(names)
    site.sandbox.rest(f"lists/{list_id}/archivers", dict.fromkeys(names, "yes"), "PATCH")


def traces(site: Site, address: str) -> set[str]:
    """Where core keeps posts of a list, besides its queues."""
    var = site.sandbox.place.var
    places = {
        "archive": [path for path in (var / "archives").rglob(f"*/{address}/**/*") if path.is_file()],
        "digest": list(var.rglob(f"lists/{address.replace('@', '.')}/digest.mmdf")),
        "news": site.sandbox.queue("nntp"),
        "mail-archive": [
            kept for kept in site.sandbox.mailbox.messages(MAIL_ARCHIVE) if address.encode() in kept.content
        ],
    }
    return {name for name, found in places.items() if found}


def config_of(site: Site) -> dict[str, Any]:
    """The encrypted list's settings, as REST shows them."""
    found: dict[str, Any] = site.sandbox.rest(f"lists/{site.list.list_id}/config")
    return found


@pytest.mark.deep
def test_settings_have_no_effect_on_an_encrypted_list(site: Site) -> None:
    """Nothing is archived, collected, gated or discarded; the plain list with the same settings shows what would have been."""
    change(site, site.list.list_id, **SILENT)
    site.post()
    site.write_to_owners()
    site.anne.mail()
    site.sandbox.wait_until_idle()
    assert site.read()["Bart"] == site.all_posts()
    assert sum(site.read()["Olga"].values()) == site.sent + 1
    assert traces(site, site.list.address) == set()
    assert CANARY.encode() not in site.all_mail()

    found = config_of(site)
    assert {name: found[name] for name in KEPT} == KEPT
    status, text = site.check()
    assert status < 2
    assert "does not have the settings that it needs" not in text

    change(site, PLAIN.replace("@", "."))
    site.post_plainly()
    site.sandbox.wait_until_idle()
    assert traces(site, PLAIN) == {"archive", "digest", "news", "mail-archive"}


@pytest.mark.deep
def test_settings_changed_while_the_plugin_is_missing(site: Site) -> None:
    """What Mailman is told then reaches posts that were sealed before, and yet no placeholder leaves or is archived; the
    doctor names it, the next complete start sets it right, and everybody has each post once.
    """
    missing = {"plugin": False, "settings": site.whole.settings}
    site.restart(no_runners=("pipeline",))
    site.post_into("pipeline")
    site.restart(**missing, no_runners=("pipeline",))
    change(site, site.list.list_id)
    assert config_of(site)["posting_pipeline"] == "default-posting-pipeline"
    assert (
        f"{site.list.list_id} does not have the settings that it needs, and may lose mail or show old posts: posting_pipeline,"
        in site.check()[1]
    )
    before = site.mail()
    site.restart(**missing)
    site.post()
    site.post_plainly()
    site.post_plainly()
    assert len(site.sandbox.queue("shunt")) == site.sent
    assert site.mail() == before
    assert traces(site, site.list.address) == set()

    site.mend()
    found = config_of(site)
    assert {name: found[name] for name in KEPT} == KEPT
    assert traces(site, site.list.address) == set()
