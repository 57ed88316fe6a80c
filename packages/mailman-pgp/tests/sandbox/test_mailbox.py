"""What the receiver keeps, and the file that tells it how to behave."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mailman_pgp.sandbox.behaviour import Behaviour, BehaviourError, Control, Drop, Refusal, Stage
from mailman_pgp.sandbox.mailbox import Mailbox, directory_name

if TYPE_CHECKING:
    from pathlib import Path


def test_messages_come_back_in_the_order_of_their_coming(tmp_path: Path) -> None:
    """Twelve messages are read in order, each with its envelope sender and its exact bytes."""
    mailbox = Mailbox(tmp_path)
    for number in range(12):
        mailbox.keep(f"sender{number}@example.com", ["Anne@Example.com"], b"\r\n%d" % number)
    kept = mailbox.messages("anne@example.com")
    assert [message.sender for message in kept] == [f"sender{number}@example.com" for number in range(12)]
    assert [message.content for message in kept] == [b"\r\n%d" % number for number in range(12)]


def test_second_mailbox_goes_on_numbering(tmp_path: Path) -> None:
    """A receiver that is started again overwrites nothing."""
    for _ in range(2):
        Mailbox(tmp_path).keep("", ["anne@example.com"], b"\r\n")
    assert [message.path.name for message in Mailbox(tmp_path).messages("anne@example.com")] == ["1.eml", "2.eml"]


def test_each_recipient_gets_a_file(tmp_path: Path) -> None:
    """A message to several recipients is kept for each, once even when one is named twice."""
    mailbox = Mailbox(tmp_path)
    mailbox.keep("", ["anne@example.com", "bart@example.com", "ANNE@example.com"], b"\r\n")
    assert mailbox.recipients() == ["anne@example.com", "bart@example.com"]
    assert mailbox.count("anne@example.com") == 1


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(recipient=st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=30))
def test_no_address_leads_out_of_the_directory(tmp_path: Path, recipient: str) -> None:
    """Whatever an address is, it names one directory right below the mailbox."""
    name = directory_name(recipient)
    assert "/" not in name
    assert "\0" not in name
    assert (tmp_path / name).resolve().parent == tmp_path.resolve()


def test_behaviour_survives_its_file(tmp_path: Path) -> None:
    """What is written is what the receiver follows."""
    behaviour = Behaviour((Refusal("a*", Stage.DATA, "550 No", 2),), 0.5, Drop(3, answered=False, times=1), False)  # noqa: FBT003 - all fields
    behaviour.write(tmp_path / "receiver.json")
    assert Control(tmp_path / "receiver.json").behaviour == behaviour


@pytest.mark.parametrize(
    "content",
    [
        [],
        7,
        {"refuse": [{"reply": "250 Ok"}]},
        {"refuse": [{"reply": "550 a\r\nb"}]},
        {"refuse": [{"stage": "later"}]},
        {"refuse": ["anne"]},
        {"drop": {"messages": 1}},
        {"delay_seconds": "long"},
        {"unknown": 1},
    ],
)
def test_wrong_behaviour_is_an_error(content: object) -> None:
    """JSON that is no behaviour raises an error of ours."""
    if content == []:
        assert Behaviour.from_json(content) == Behaviour()
    else:
        with pytest.raises(BehaviourError):
            Behaviour.from_json(content)


def test_broken_file_changes_nothing(tmp_path: Path) -> None:
    """A file that can't be followed leaves the behaviour in force; a removed one restores the default."""
    file = tmp_path / "receiver.json"
    behaviour = Behaviour(delay_seconds=1)
    behaviour.write(file)
    control = Control(file)
    assert control.behaviour == behaviour
    file.write_text("{")
    assert control.behaviour == behaviour
    file.unlink()
    assert control.behaviour == Behaviour()
