"""Keys that wait for a moderator are decided about on the command line."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from keys import forge_usable

from mailman_pgp import openpgp

if TYPE_CHECKING:
    from conftest import CommandLine, Files

ANT, ANNE = "ant.example.com", "anne@example.com"


@pytest.fixture
def waiting(encrypted: Any, run: CommandLine, files: Files) -> str:
    """Anne's key counts, and another one waits; its fingerprint."""
    from mailman_pgp.conversation import questions  # noqa: PLC0415 - core must be initialised
    from mailman_pgp.conversation.asking_moderators import ask_about_change  # noqa: PLC0415

    questions.install()
    run.ok("certificate", "add", ANT, ANNE, files.certificate(ANNE))
    certificate = openpgp.inspect(forge_usable(f"<{ANNE}>").public)
    ask_about_change(encrypted, ANNE, certificate)
    run.store.commit()
    return certificate.fingerprint


def test_none(encrypted: Any, run: CommandLine) -> None:
    """That nothing waits is said; of a token that is no more, too."""
    assert run.ok("change", "list", ANT) == "ant@example.com: 0 keys wait for a moderator.\n"
    for word in ("show", "accept", "reject", "discard"):
        assert "No key waits for a moderator" in run.refused("change", word, ANT, "0" * 40)
    assert encrypted


def test_accepted(run: CommandLine, waiting: str) -> None:
    """From the list by the fingerprint to the decision; the log has it."""
    listed = run.ok("change", "list", ANT)
    assert "1 key waits for a moderator" in listed
    assert openpgp.grouped(waiting) in listed
    (change,) = run.json("change", "list", ANT)["changes"]
    assert change["certificate"]["fingerprint"] == waiting
    shown = run.ok("change", "show", ANT, change["token"])
    assert openpgp.grouped(waiting) in shown
    assert openpgp.grouped(change["counting"]) in shown
    assert f"mailman pgp change accept {ANT} {change['token']}" in shown
    assert run.json("change", "show", ANT, change["token"])["armored"].startswith("-----BEGIN PGP PUBLIC KEY BLOCK")
    assert f"From now on this key counts for {ANNE}" in run.ok("change", "accept", ANT, change["token"])
    event = run.json("certificate", "log", ANT, ANNE)["events"][0]
    assert (event["act"], event["door"], event["fingerprint"]) == ("changed", "cli", waiting)
    assert "somebody has decided" in run.refused("change", "reject", ANT, change["token"])


@pytest.mark.parametrize("word", ["reject", "discard"])
def test_not_accepted(run: CommandLine, waiting: str, word: str) -> None:
    """Nothing counts but what did."""
    (change,) = run.json("change", "list", ANT)["changes"]
    assert run.json("change", word, ANT, change["token"])["outcome"] == f"{word}ed"
    assert run.json("certificate", "show", ANT, ANNE)["certificate"]["fingerprint"] == change["counting"] != waiting
    assert run.json("change", "list", ANT)["changes"] == []


def test_not_acceptable(run: CommandLine, waiting: str) -> None:
    """What was removed meanwhile stays so; the list and the refusal say why."""
    (change,) = run.json("change", "list", ANT)["changes"]
    run.ok("certificate", "remove", ANT, ANNE)
    assert "can't be accepted any more" in run.ok("change", "list", ANT)
    assert "can't be accepted any more" in run.ok("change", "show", ANT, change["token"])
    assert "is not the one any more that you were shown" in run.refused("change", "accept", ANT, change["token"])
    assert "No certificate is chosen" in run.refused("certificate", "show", ANT, ANNE)
    assert waiting


def test_in_place_of_a_suspended_one(encrypted: Any, run: CommandLine, waiting: str) -> None:
    """What an owner has suspended is named as that: to accept the other one ends it."""
    from mailman_pgp.conversation.asking_moderators import ask_about_change  # noqa: PLC0415 - core must be initialised

    run.ok("certificate", "suspend", ANT, ANNE)
    ask_about_change(encrypted, ANNE, openpgp.inspect(forge_usable(f"<{ANNE}>").public))
    run.store.commit()
    (change,) = (one for one in run.json("change", "list", ANT)["changes"] if not one["outdated"])
    assert change["suspended"] is True
    shown = " ".join(run.ok("change", "show", ANT, change["token"]).split())
    assert f"none: {openpgp.grouped(change['earlier'])} is suspended. To accept the other one ends that." in shown
    assert waiting
