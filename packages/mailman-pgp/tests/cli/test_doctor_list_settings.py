"""The doctor tells which of Mailman's settings of an encrypted list were changed, on the real tables of core."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from mailman.interfaces.archiver import ArchivePolicy
from mailman.interfaces.autorespond import ResponseAction
from mailman.interfaces.mailinglist import DMARCMitigateAction
from mailman.model.mailinglist import MailingList
from sqlalchemy import update

from mailman_pgp.lists import core_settings
from mailman_pgp.lists.passage import OURS
from mailman_pgp.model.database import now
from mailman_pgp.model.tables import EncryptedList
from mailman_pgp.site import doctor_list_settings
from mailman_pgp.site.doctor_findings import Severity
from mailman_workflows import Purpose
from mailman_workflows.model.tables import Choice as ListChoice

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy.orm import Session

    from mailman_pgp.site.doctor_findings import Finding


@pytest.fixture
def findings(store: Session, mlist: Any, make_list: Callable[..., Any]) -> Callable[..., list[Finding]]:
    """What the doctor says of an encrypted list with these settings, changed behind the plugin's back."""
    make_list("plain")
    store.add(EncryptedList(list_id=mlist.list_id, enabled_at=now(), restore="{}"))
    core_settings.set_needed(mlist)
    store.add(ListChoice(list_id=mlist.list_id, purpose="subscription", workflow="pgp-join"))
    store.commit()

    def examine(**changes: object) -> list[Finding]:
        if changes:
            store.execute(update(MailingList.__table__).where(MailingList.id == mlist.id).values(changes))
        return list(doctor_list_settings.examine(store.connection()))

    return examine


def test_nothing_is_said_of_what_enabling_has_set(findings: Callable[..., list[Finding]]) -> None:
    """An encrypted list as it was made, and a plain one, are fine."""
    assert findings() == []


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("posting_chain", "pgp-gate"),
        ("owner_chain", "pgp-gate"),
        ("posting_pipeline", "pgp-posting-pipeline"),
        ("owner_pipeline", "pgp-owner-pipeline"),
    ],
)
def test_plain_list_with_our_chain_or_pipeline(
    findings: Callable[..., list[Finding]], store: Session, name: str, value: str
) -> None:
    """A list that is set as an encrypted one, and is none, is named, since its mail is shunted; and so are both mends."""
    table = MailingList.__table__
    store.execute(update(table).where(table.c.list_id == "plain.example.com").values({name: value}))
    (finding,) = findings()
    assert finding.severity is Severity.WARNING
    assert finding.sentence.startswith("plain.example.com is set to a chain or a pipeline of encrypted lists")
    assert "mailman pgp enable plain.example.com" in finding.mend
    assert "default-posting-pipeline" in finding.mend


def test_chain_of_the_owners_choice_is_fine(findings: Callable[..., list[Finding]]) -> None:
    """A chain may be another one, which is then the one behind the gate."""
    assert findings(posting_chain="moderation", autoresponse_request_text="Closed.") == []


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("posting_pipeline", "default-posting-pipeline"),
        ("owner_pipeline", None),
        ("autorespond_postings", ResponseAction.respond_and_discard),
        ("autorespond_requests", ResponseAction.none),
        ("dmarc_mitigate_action", DMARCMitigateAction.discard),
        ("gateway_to_news", True),
        ("gateway_to_mail", True),
        ("anonymous_list", True),
    ],
)
def test_setting_that_is_needed_is_a_warning(
    findings: Callable[..., list[Finding]], mlist: Any, name: str, value: object
) -> None:
    """A setting that is not as an encrypted list needs it is named with its list, and so is the mend."""
    (finding,) = findings(**{name: value})
    assert finding.severity is Severity.WARNING
    assert mlist.list_id in finding.sentence
    assert name in finding.sentence
    assert "Restart Mailman" in finding.mend


@pytest.mark.parametrize("policy", [ArchivePolicy.never, ArchivePolicy.public])
def test_archive_policy_that_shows_old_posts(findings: Callable[..., list[Finding]], policy: ArchivePolicy) -> None:
    """Each policy but `private` lets a web archive show what it has."""
    (finding,) = findings(archive_policy=policy)
    assert finding.severity is Severity.WARNING
    assert "may lose mail or show old posts: archive_policy." in finding.sentence


def test_list_that_people_join_without_a_key(findings: Callable[..., list[Finding]], store: Session) -> None:
    """Another workflow than ours is told of, as what somebody may want; ours has the name by which it is looked for."""
    assert OURS[Purpose.JOIN] == doctor_list_settings.JOINS_WITH_KEY
    store.execute(update(ListChoice).values(workflow="customers"))
    (found,) = findings()
    assert found.severity is Severity.INFORMATION
    assert "People can join the encrypted list ant.example.com without a key" in found.sentence
    assert "mailman workflows set ant.example.com pgp-join" in found.mend
