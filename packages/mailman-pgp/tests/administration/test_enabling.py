"""Turning lists into encrypted ones and back, at the command line."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from mailman.config import config as core_config
from mailman.interfaces.archiver import ArchivePolicy
from mailman.interfaces.autorespond import ResponseAction
from mailman.interfaces.mailinglist import IListArchiverSet, SubscriptionPolicy
from mailman.model.mailinglist import MailingList
from mailman.testing.helpers import specialized_message_from_string
from sqlalchemy import func, select, update

from mailman_pgp.lists import core_settings, encryption, pinning
from mailman_pgp.model.tables import Base, EncryptedList, ListEvent, ListKey, StoredCertificate
from mailman_pgp.openpgp import grouped
from mailman_pgp.posts.sealed import SealedMessage
from mailman_pgp.site import health

if TYPE_CHECKING:
    from collections.abc import Callable

    from conftest import CommandLine, Files, Members
    from sqlalchemy.orm import Session

# What the lists of these tests need no change of.
UNCHANGED = (
    "archivers",
    "gateway_to_news",
    "gateway_to_mail",
    "personalize",
    "dmarc_mitigate_action",
    "dmarc_mitigate_unconditionally",
    "anonymous_list",
    "filter_content",
)


def rows(store: Session) -> int:
    """How many rows there are in all of our tables."""
    return sum(store.scalar(select(func.count()).select_from(table)) or 0 for table in Base.metadata.sorted_tables)


def deeds(store: Session) -> list[str]:
    """What is still known of a list that is a plain one again: who has turned its encryption on and off."""
    return list(store.scalars(select(ListEvent.deed).order_by(ListEvent.id)))


def test_enable(mlist: Any, run: CommandLine, store: Session) -> None:
    """The answer names the key, what of Mailman's settings was changed, and what to do next; all of it is in the database."""
    mlist.archive_policy = ArchivePolicy.public
    store.commit()
    text = run.ok("enable", "ant@example.com")
    key = store.scalars(select(ListKey)).one()
    assert text.startswith("ant@example.com is an encrypted list now.\n")
    assert grouped(key.fingerprint) in text
    assert "archive_policy: public -> private" in text
    assert "posting_pipeline: default-posting-pipeline -> pgp-posting-pipeline" in text
    assert "mailman pgp list-key export ant.example.com" in text
    assert "mailman pgp list-key revocation-certificate ant.example.com" in text
    assert "while none of them has one, mail to ant-owner@example.com is refused" in " ".join(text.split())
    assert mlist.archive_policy is ArchivePolicy.private
    assert store.get(EncryptedList, "ant.example.com") is not None


def test_enable_as_json(mlist: Any, run: CommandLine) -> None:  # noqa: ARG001 - the list must be there
    """Programs get the same as data."""
    answer = run.json("enable", "ant.example.com")
    assert answer["list"] == {"list_id": "ant.example.com", "address": "ant@example.com"}
    assert answer["encrypted"] is True
    assert len(answer["list_key"]["fingerprint"]) == 40
    assert answer["list_key"]["expires"].endswith("Z")


@pytest.mark.parametrize("policy", SubscriptionPolicy)
def test_enable_a_list_that_everybody_joins(mlist: Any, run: CommandLine, store: Session, policy: Any) -> None:
    """Where no moderator decides about who reads along, the answer says so; encryption alone keeps nobody out."""
    mlist.subscription_policy = policy
    store.commit()
    text = " ".join(run.ok("enable", "ant@example.com").split())
    warned = (
        f"Everybody who proves a key can join and read what is posted then (subscription_policy: {policy.name})" in text
    )
    assert warned is (policy in (SubscriptionPolicy.open, SubscriptionPolicy.confirm))


def test_enable_twice(encrypted: Any, run: CommandLine, store: Session) -> None:
    """An encrypted list keeps its key: the second time is refused."""
    before = rows(store)
    assert "is an encrypted list already" in run.refused("enable", encrypted.list_id)
    assert rows(store) == before


def test_enable_with_plaintext_about(mlist: Any, run: CommandLine, store: Session) -> None:
    """What holds posts in the clear is named, and nothing is changed."""
    digest = Path(mlist.data_path) / "digest.mmdf"
    digest.parent.mkdir(parents=True, exist_ok=True)
    digest.write_text("A post in the clear")
    sentence = run.refused("enable", "ant.example.com")
    assert "can't be encrypted yet" in sentence
    assert str(digest) in sentence
    assert rows(store) == 0


def enqueue(queue: str, list_id: str, message: Any = None) -> Path:
    """Put a message of a list into a queue; its file."""
    board = core_config.switchboards[queue]
    text = (
        "From: anne@example.com\nTo: ant@example.com\nMessage-ID: <1@example.com>\n\nIn the clear, to ant.example.com\n"
    )
    if message is None:
        message = specialized_message_from_string(text)
    name = board.enqueue(message, listid=list_id)
    return Path(board.queue_directory) / f"{name}.pck"


@pytest.mark.parametrize(
    ("queue", "mend"),
    [
        *(
            (name, "wait until Mailman has handled it")
            for name in ("in", "pipeline", "out", "retry", "virgin", "digest")
        ),
        *((name, "wait until Mailman has handled it") for name in ("archive", "nntp", "bounces", "command")),
        ("shunt", "`mailman unshunt`"),
        ("bad", "remove the file"),
    ],
)
def test_enable_with_plaintext_in_a_queue(mlist: Any, run: CommandLine, store: Session, queue: str, mend: str) -> None:
    """A message of the list in any queue is named, also while a runner handles it, and nothing is changed before it is gone."""
    file = enqueue(queue, mlist.list_id)
    for ending in (".bak", ".psv" if queue == "bad" else ".pck"):
        file = file.rename(file.with_suffix(ending))
        sentence = run.refused("enable", mlist.list_id)
        assert f"The queue `{queue}` holds 1 message of the list in the clear ({file})" in sentence
        assert mend in sentence
        assert rows(store) == 0
    file.unlink()
    run.ok("enable", mlist.list_id)


def test_enable_with_a_queue_file_that_can_not_be_read(mlist: Any, run: CommandLine) -> None:
    """What is damaged and may be the list's is named too."""
    file = enqueue("shunt", mlist.list_id)
    file.write_bytes(file.read_bytes()[:-10])
    assert str(file) in run.refused("enable", mlist.list_id)
    file.unlink()


def test_enable_with_other_mail_in_the_queues(mlist: Any, run: CommandLine) -> None:
    """Another list's mail is in nobody's way, though it speaks of this one; nor is what was sealed before."""
    sealed = SealedMessage()
    sealed.sealed, sealed.list_id = b"ciphertext", mlist.list_id
    files = [enqueue("shunt", "bee.example.com"), enqueue("shunt", mlist.list_id, sealed)]
    run.ok("enable", mlist.list_id)
    for file in files:
        file.unlink()


def test_enable_an_anonymous_list(mlist: Any, run: CommandLine, store: Session) -> None:
    """A list that promises not to name authors is refused, and says what to do first."""
    mlist.anonymous_list = True
    store.commit()
    sentence = run.refused("enable", "ant.example.com")
    assert "an encrypted list names the author of each post" in sentence
    assert rows(store) == 0
    assert mlist.anonymous_list is True
    mlist.anonymous_list = False
    store.commit()
    run.ok("enable", "ant.example.com")


def test_enable_when_not_healthy(mlist: Any, run: CommandLine, store: Session) -> None:  # noqa: ARG001 - as above
    """An unhealthy plugin makes no keys; the sentence says what is wrong and how to mend it."""
    health.fail("The key file is gone.", "Restore it from its backup.")
    sentence = run.refused("enable", "ant.example.com")
    assert "The key file is gone. Restore it from its backup." in sentence
    assert rows(store) == 0


def test_no_such_list(run: CommandLine) -> None:
    """A wrong name is a mistake (status 2), as a sentence or as JSON."""
    for command in ("enable", "disable", "set", "status"):
        assert "There is no mailing list 'bee@example.com'." in run.refused(command, "bee@example.com", status=2)
    answer = run.json("enable", "bee.example.com", status=2)
    assert answer["error"]["code"] == "no-such-list"
    assert "`mailman lists` shows all" in answer["error"]["sentence"]


def test_disable_asks(encrypted: Any, run: CommandLine, store: Session) -> None:
    """The question names what is destroyed for good; no is no."""
    key = store.scalars(select(ListKey)).one()
    before = rows(store)
    result = run("disable", encrypted.list_id, typed="n\n")
    assert result.exit_code == 1
    assert f"secret key {grouped(key.fingerprint)}" in result.stdout
    assert "Destroy the keys and go on? [y/N]" in result.stdout
    assert result.stderr.endswith("Nothing was changed.\n")
    assert rows(store) == before


def test_disable_without_an_answer(encrypted: Any, run: CommandLine, store: Session) -> None:
    """No answer is no."""
    before = rows(store)
    assert run("disable", encrypted.list_id).exit_code == 1
    assert rows(store) == before


def test_disable(encrypted: Any, run: CommandLine, store: Session, files: Files, members: Members) -> None:
    """After a yes no row of the list is left but who did it, and Mailman's settings are back."""
    members.add(encrypted, "anne@example.com")
    run.ok("certificate", "add", encrypted.list_id, "anne@example.com", files.certificate("anne@example.com"))
    text = run.ok("disable", encrypted.list_id, typed="y\n")
    assert "ant@example.com is a plain list now: its posts travel in the clear." in text
    assert "which certificate counts for 1 address" in text
    assert deeds(store) == ["encrypted", "plain"]
    assert rows(store) == 2


def test_disable_restores_what_enabling_has_changed(mlist: Any, run: CommandLine, store: Session) -> None:
    """Each setting of Mailman's is as it was, the archivers' switches too, whatever has been set meanwhile."""
    mlist.posting_chain = "moderation"
    mlist.posting_pipeline = "virgin"
    mlist.archive_policy = ArchivePolicy.never
    mlist.digests_enabled = True
    mlist.autorespond_postings = mlist.autorespond_owner = ResponseAction.respond_and_discard
    mlist.autorespond_requests = ResponseAction.respond_and_continue
    mlist.autoresponse_request_text = "Be patient."
    (archiver, *_) = [one for one in IListArchiverSet(mlist).archivers if one.name == "prototype"]
    archiver.is_enabled = True
    store.commit()
    before = core_settings.current(mlist)
    assert before["archivers"] != []
    run.ok("enable", "ant@example.com")
    during = core_settings.current(mlist)
    assert all(during[name] != value for name, value in before.items() if name not in UNCHANGED)
    assert during["archivers"] == []
    mlist.digests_enabled = True
    mlist.archive_policy = ArchivePolicy.public
    store.commit()
    run.ok("disable", "ant@example.com", "--yes")
    assert core_settings.current(mlist) == before


@pytest.mark.parametrize("policy", [ArchivePolicy.never, ArchivePolicy.public])
def test_encrypted_list_keeps_its_archive_private(
    encrypted: Any, run: CommandLine, store: Session, policy: ArchivePolicy
) -> None:
    """Web archives show to everybody what is not private: neither policy counts while the list is encrypted, nor after a start."""
    pinning.install()
    encrypted.archive_policy = policy
    store.commit()
    store.refresh(encrypted)
    assert encrypted.archive_policy is ArchivePolicy.private
    store.execute(update(MailingList).values(archive_policy=policy))  # as if the plugin had been missing
    store.commit()
    pinning.install()
    store.refresh(encrypted)
    assert encrypted.archive_policy is ArchivePolicy.private
    run.ok("disable", encrypted.list_id, "--yes")
    encrypted.archive_policy = policy
    store.commit()
    store.refresh(encrypted)
    assert encrypted.archive_policy is policy


def test_encrypted_list_keeps_its_pipelines(encrypted: Any, run: CommandLine, store: Session) -> None:
    """Whatever sets a stock pipeline on an encrypted list sets ours; on a plain list it is free again."""
    pinning.install()
    encrypted.posting_pipeline = "default-posting-pipeline"
    encrypted.owner_pipeline = "default-owner-pipeline"
    store.commit()
    store.refresh(encrypted)
    assert (encrypted.posting_pipeline, encrypted.owner_pipeline) == ("pgp-posting-pipeline", "pgp-owner-pipeline")
    run.ok("disable", encrypted.list_id, "--yes")
    encrypted.posting_pipeline = "virgin"
    store.commit()
    store.refresh(encrypted)
    assert encrypted.posting_pipeline == "virgin"


def test_encrypted_list_discards_nothing(encrypted: Any, store: Session) -> None:
    """Whatever automatic answers are set, they are none after which Mailman would discard a post."""
    pinning.install()
    encrypted.autorespond_postings = encrypted.autorespond_owner = ResponseAction.respond_and_discard
    encrypted.autorespond_requests = ResponseAction.none
    store.commit()
    store.refresh(encrypted)
    assert encrypted.autorespond_postings is encrypted.autorespond_owner is ResponseAction.none
    assert encrypted.autorespond_requests is ResponseAction.respond_and_discard


def test_what_was_changed_without_the_plugin_is_set_right(
    encrypted: Any, make_list: Callable[..., Any], store: Session
) -> None:
    """A start of the plugin undoes what nobody could pin before, on encrypted lists only."""
    plain = make_list("bee")
    changes = {"posting_pipeline": "virgin", "autorespond_postings": ResponseAction.respond_and_discard}
    for changed in (encrypted, plain):
        store.execute(update(MailingList.__table__).where(MailingList.id == changed.id).values(changes))
    store.commit()
    pinning.install()
    for changed in (encrypted, plain):
        store.refresh(changed)
    assert (encrypted.posting_pipeline, encrypted.autorespond_postings) == (
        "pgp-posting-pipeline",
        ResponseAction.none,
    )
    assert (plain.posting_pipeline, plain.autorespond_postings) == tuple(changes.values())


def test_disable_leaves_a_list_that_works(encrypted: Any, run: CommandLine, store: Session) -> None:
    """Also where what was there before was not kept, no plain list is left with our chains and pipelines."""
    row = store.get(EncryptedList, encrypted.list_id)
    assert row is not None
    row.restore = "{}"
    store.commit()
    run.ok("disable", encrypted.list_id, "--yes")
    names = ("posting_chain", "owner_chain", "posting_pipeline", "owner_pipeline")
    assert [getattr(encrypted, name) for name in names] == [f"default-{name.replace('_', '-')}" for name in names]


def test_disable_a_list_that_was_set_to_our_pipeline_before(mlist: Any, run: CommandLine, store: Session) -> None:
    """Nor where somebody had set a plain list to them by REST, before it was an encrypted one."""
    mlist.posting_pipeline = "pgp-posting-pipeline"
    store.commit()
    run.ok("enable", mlist.list_id)
    run.ok("disable", mlist.list_id, "--yes")
    assert mlist.posting_pipeline == "default-posting-pipeline"


def test_chain_behind_the_gate(mlist: Any, run: CommandLine) -> None:
    """Behind the gate comes the list's chain of before, or the one that it is set to since; never the gate again."""
    mlist.posting_chain = "moderation"
    run.ok("enable", "ant@example.com")
    assert mlist.posting_chain == "pgp-gate"
    assert encryption.onward_chain(mlist, "posting_chain") == "moderation"
    assert encryption.onward_chain(mlist, "owner_chain") == "default-owner-chain"
    mlist.posting_chain = "hold"
    assert encryption.onward_chain(mlist, "posting_chain") == "hold"
    mlist.posting_chain = "a chain that is gone"
    assert encryption.onward_chain(mlist, "posting_chain") == "moderation"


def test_disable_for_programs(encrypted: Any, run: CommandLine, store: Session) -> None:
    """With --json nothing is asked, so --yes is wanted."""
    assert run.json("disable", encrypted.list_id, status=2)["error"]["code"] == "confirmation"
    key = store.scalars(select(ListKey)).one()
    fingerprint = key.fingerprint
    answer = run.json("disable", encrypted.list_id, "--yes")
    assert answer["destroyed"]["list_keys"] == [fingerprint]
    assert store.get(EncryptedList, encrypted.list_id) is None


def test_disable_when_not_healthy(encrypted: Any, run: CommandLine, store: Session) -> None:
    """A site that has lost its key file can turn its lists into plain ones."""
    health.fail("The key file is gone.", "Restore it from its backup.")
    run.ok("disable", encrypted.list_id, "--yes")
    assert deeds(store) == ["encrypted", "plain"]
    assert rows(store) == 2


def test_disable_a_plain_list(mlist: Any, run: CommandLine) -> None:
    """There is nothing to disable."""
    assert "is not an encrypted list" in run.refused("disable", mlist.list_id, "--yes")


def test_a_broken_database_has_a_sentence(encrypted: Any, run: CommandLine, store: Session) -> None:
    """Without our tables there is a sentence, no traceback and no SQL."""
    connection = store.connection()
    connection.exec_driver_sql("ALTER TABLE pgp_list RENAME TO gone")
    store.commit()
    try:
        sentence = run.refused("set", encrypted.list_id)
        assert "nothing was changed" in sentence
        assert "SELECT" not in sentence
    finally:
        store.connection().exec_driver_sql("ALTER TABLE gone RENAME TO pgp_list")
        store.commit()


def test_a_kept_certificate_of_another_list_survives(
    encrypted: Any, run: CommandLine, store: Session, files: Files, make_list: Any
) -> None:
    """Disabling one list takes nothing from another."""
    make_list("bee")
    run.ok("enable", "bee.example.com")
    file = files.certificate("anne@example.com")
    for list_id in (encrypted.list_id, "bee.example.com"):
        run.ok("certificate", "add", list_id, "anne@example.com", file)
    run.ok("disable", encrypted.list_id, "--yes")
    assert store.scalar(select(func.count()).select_from(StoredCertificate)) == 1
    assert "anne@example.com" in run.ok("certificate", "list", "bee.example.com")
