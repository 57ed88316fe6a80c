"""What owners and monitoring see of an encrypted list."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

import pytest
from mailman.interfaces.member import DeliveryMode, DeliveryStatus
from sqlalchemy import select

from mailman_pgp.delivery import ledger
from mailman_pgp.model.database import now
from mailman_pgp.model.tables import Dropped, ListKey, Skipped, StoredCertificate
from mailman_pgp.openpgp import grouped
from mailman_pgp.site import health

if TYPE_CHECKING:
    from conftest import CommandLine, Files, Members
    from sqlalchemy.orm import Session


@pytest.fixture
def three(encrypted: Any, members: Members, run: CommandLine, files: Files) -> Any:
    """The encrypted list with anne and bart, who have certificates, and cris, who has none."""
    for name in ("anne", "bart", "cris"):
        members.add(encrypted, f"{name}@example.com")
    for name in ("anne", "bart"):
        address = f"{name}@example.com"
        run.ok("certificate", "add", encrypted.list_id, address, files.certificate(address))
    return encrypted


def test_all_is_well(encrypted: Any, members: Members, run: CommandLine, files: Files, store: Session) -> None:
    """With a certificate for everybody the status is 0."""
    members.add(encrypted, "anne@example.com")
    run.ok("certificate", "add", encrypted.list_id, "anne@example.com", files.certificate("anne@example.com"))
    text = run.ok("status", encrypted.list_id)
    assert text.startswith("ant@example.com: all is well.\n")
    key = store.scalars(select(ListKey)).one()
    assert grouped(key.fingerprint) in text
    assert "days" in text
    assert "Nothing was refused in the last 4 weeks." in text
    assert "No post was sent yet." in text
    assert "All is well on 1 encrypted list." in run.ok("status")


def test_nobody_was_told_yet(three: Any, run: CommandLine) -> None:
    """Changes of keys of which people are still to be told are counted, until they are."""
    from mailman_pgp.runners import housekeeping  # noqa: PLC0415 - core must be initialised

    assert "2 changes of keys are told nobody yet" in run("status", three.list_id).stdout
    assert run.json("status", three.list_id, status=1)["lists"][0]["untold"] == 2
    housekeeping.tell_of_changes()
    assert "told nobody" not in run("status", three.list_id).stdout


def test_somebody_gets_nothing(three: Any, run: CommandLine) -> None:
    """Who, why, since when and how many posts; the status is 1, and the output is there all the same."""
    result = run("status", three.list_id)
    assert result.exit_code == 1
    assert result.stderr == ""
    assert result.stdout.startswith("ant@example.com: 1 of 3 members gets nothing.\n")
    assert "2 with a certificate that can be used" in result.stdout
    assert "cris@example.com  no certificate\n" in result.stdout
    assert "cris@example.com: Ask them for their certificate" in result.stdout
    ledger.skipped(three.list_id, {"cris@example.com": "no-certificate"}, posts=0)
    ledger.store().commit()
    shown = run("status", three.list_id).stdout
    assert "since " in shown
    assert "0 posts" not in shown  # it was a notice
    ledger.skipped(three.list_id, {"cris@example.com": "no-certificate"})
    ledger.skipped(three.list_id, {"cris@example.com": "no-certificate"})
    ledger.store().commit()
    assert "UTC, 2 posts, the last one" in run("status", three.list_id).stdout
    answer = run.json("status", three.list_id, status=1)
    (found,) = answer["lists"]
    assert answer["attention"] is True
    assert found["members"] == {"total": 3, "receiving": 3, "getting_nothing": 1}
    (person,) = found["unserved"]
    assert (person["address"], person["reason"], person["posts"]) == ("cris@example.com", "no-certificate", 2)
    assert person["since"].endswith("Z")


def test_reasons(three: Any, run: CommandLine, store: Session) -> None:
    """Expired certificates and digests are reasons; a delivery that was switched off is none."""
    # What was usable until a moment ago is not usable now.
    fingerprint = run.json("certificate", "show", three.list_id, "anne@example.com")["certificate"]["fingerprint"]
    row = store.get(StoredCertificate, fingerprint)
    assert row is not None
    row.usable, row.problem = False, "expired"
    three.digests_enabled = False
    three.members.get_member("bart@example.com").preferences.delivery_mode = DeliveryMode.mime_digests
    three.members.get_member("cris@example.com").preferences.delivery_status = DeliveryStatus.by_user
    store.commit()
    answer = run.json("status", three.list_id, status=1)
    reasons = {person["address"]: person["reason"] for person in answer["lists"][0]["unserved"]}
    assert reasons == {"anne@example.com": "expired", "bart@example.com": "digest-mode"}
    text = run("status", three.list_id).stdout
    assert "the certificate has expired" in text
    assert "1 with digests chosen" in text
    three.digests_enabled = True
    store.commit()
    assert "bart@example.com" not in run("status", three.list_id).stdout
    assert "1 with delivery switched off" in text


def test_owners_without_a_certificate(encrypted: Any, members: Members, run: CommandLine) -> None:
    """Owners who can't get notices are named; no member goes without posts, so the status is 0."""
    members.add(encrypted, "olga@example.com", role="owner")
    text = run.ok("status", encrypted.list_id)
    assert "Owners and moderators who get no notices:\n  olga@example.com  no certificate" in text


def test_refused_mail_is_summed(encrypted: Any, run: CommandLine, store: Session) -> None:
    """By kind and reason, of the last weeks only; no sender is named."""
    for _ in range(3):
        ledger.dropped(encrypted.list_id, kind="post", recipient="eve@example.com", reason="not-encrypted")
    ledger.dropped(encrypted.list_id, kind="command", recipient="eve@example.com", reason="answered-too-often")
    old = now() - dt.timedelta(weeks=5)
    store.add(Dropped(list_id=encrypted.list_id, at=old, kind="post", recipient="", reason="damaged"))
    store.commit()
    text = run.ok("status", encrypted.list_id)
    assert "  3  post     not encrypted                    last " in text
    assert "  1  command  not answered: too many in a day  last " in text
    assert "eve" not in text
    assert "cut off or changed" not in text
    assert "cut off or changed" in run.ok("status", encrypted.list_id, "--weeks", "6")
    assert run.json("status", "--weeks", "6")["lists"][0]["refused"][0]["number"] == 3
    assert run("status", "--weeks", "13").exit_code == 2


def test_last_posts(encrypted: Any, run: CommandLine, store: Session) -> None:
    """The chunks of a post are one line; what is not printable in a Message-ID is not printed."""
    for copies in (250, 30):
        ledger.delivered(
            encrypted.list_id,
            "<1\x1b[2J@example.com>",
            chunk=f"chunk-{copies}",
            recipients=copies,
            copies=copies,
            skipped=1,
        )
    store.commit()
    text = run.ok("status", encrypted.list_id)
    assert "280 delivered  2 skipped  0 failed  <1\ufffd[2J@example.com>" in text
    assert run.json("status")["lists"][0]["posts"][0]["delivered"] == 280


def test_served_again(three: Any, run: CommandLine, store: Session, files: Files) -> None:
    """Somebody who has a certificate now is not shown as getting nothing, whatever was recorded before."""
    ledger.skipped(three.list_id, {"cris@example.com": "no-certificate"})
    store.commit()
    run.ok("certificate", "add", three.list_id, "cris@example.com", files.certificate("cris@example.com"))
    assert store.get(Skipped, (three.list_id, "cris@example.com")) is not None
    assert "all is well" in run.ok("status", three.list_id)


def test_expired_list_key(encrypted: Any, run: CommandLine, store: Session, members: Members) -> None:
    """When the list's own key has expired nobody gets anything; shortly before there is a warning."""
    members.add(encrypted, "anne@example.com")
    key = store.scalars(select(ListKey)).one()
    key.expires = now() + dt.timedelta(days=10, minutes=1)
    store.commit()
    assert "The list key expires in 10 days" in run("status", encrypted.list_id).stdout
    key.expires = now() - dt.timedelta(days=1)
    store.commit()
    result = run("status", encrypted.list_id)
    assert result.exit_code == 1
    assert "its list key has expired, so nobody gets anything" in result.stdout
    assert run.json("status", status=1)["lists"][0]["members"]["getting_nothing"] == 1


def test_unhealthy(encrypted: Any, run: CommandLine) -> None:
    """What is wrong with the plugin is said with its mend; the status is 1."""
    health.fail("The key file is gone.", "Restore it from its backup.")
    for words in (["status"], ["status", encrypted.list_id]):
        result = run(*words)
        assert result.exit_code == 1
        assert "The key file is gone. Restore it from its backup." in result.stdout
    answer = run.json("status", status=1)
    assert answer["problems"] == [{"problem": "The key file is gone.", "mend": "Restore it from its backup."}]
    assert [found["address"] for found in answer["lists"]] == ["ant@example.com"]


def test_unhealthy_without_tables(encrypted: Any, run: CommandLine, store: Session) -> None:  # noqa: ARG001 - something is in them
    """Even with our tables missing the problems are shown."""
    health.fail("The tables are missing.", "Run `mailman-pgp check`.")
    store.connection().exec_driver_sql("ALTER TABLE pgp_list RENAME TO gone")
    store.commit()
    try:
        result = run("status")
        assert result.exit_code == 1
        assert "The tables are missing. Run `mailman-pgp check`." in result.stdout
    finally:
        store.connection().exec_driver_sql("ALTER TABLE gone RENAME TO pgp_list")
        store.commit()


def test_overview(three: Any, run: CommandLine, make_list: Any) -> None:
    """A line for each list, and where to look closer; plain lists are not named."""
    make_list("bee")
    make_list("cow")
    run.ok("enable", "bee.example.com")
    result = run("status")
    assert result.exit_code == 1
    assert "On 1 of 2 encrypted lists somebody gets nothing." in result.stdout
    assert "ant@example.com  3        1" in result.stdout
    assert "bee@example.com  0        0" in result.stdout
    assert "cow" not in result.stdout
    assert f"mailman pgp status {three.list_id}" in result.stdout


def test_no_encrypted_list(mlist: Any, run: CommandLine) -> None:
    """A site without one is fine; a plain list has no status."""
    assert "There is no encrypted list." in run.ok("status")
    assert run.json("status") == {"attention": False, "healthy": True, "problems": [], "weeks": 4, "lists": []}
    assert "is not an encrypted list" in run.refused("status", mlist.list_id)


def test_test_message(encrypted: Any, members: Members, run: CommandLine, files: Files) -> None:
    """`test` puts a test message to one member on its way, or says why nothing reaches them."""
    members.add(encrypted, "anne@example.com")
    assert "gets nothing" in run.refused("test", encrypted.list_id, "anne@example.com")
    run.ok("certificate", "add", encrypted.list_id, "anne@example.com", files.certificate("anne@example.com"))
    text = run.ok("test", encrypted.list_id, "anne@example.com")
    assert "A test message to anne@example.com is on its way." in text
    answer = run.json("test", encrypted.list_id, "anne@example.com")
    assert grouped(answer["fingerprint"]) in text
    assert answer["message_id"] not in text
