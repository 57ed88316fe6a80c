"""Settings are described once, as data; each wrong value has a sentence, and changes nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from mailman_pgp.lists import in_force, settings
from mailman_pgp.lists.setting import Kind, SettingError
from mailman_pgp.lists.settings import SETTINGS
from mailman_pgp.model.tables import EncryptedList
from mailman_pgp.site import health

if TYPE_CHECKING:
    from conftest import CommandLine
    from sqlalchemy.orm import Session

TAKES = "(yes or no|a whole number from 1 to 30|`moderator` or `delay`)"
NO_SETTINGS = {"list_id", "enabled_at", "restore"}


def test_each_column_is_described() -> None:
    """Every setting in the table has a description of its type and default, and nothing else has."""
    columns = {column.name: column for column in EncryptedList.__table__.columns if column.name not in NO_SETTINGS}
    assert set(SETTINGS) == set(columns)
    types = {Kind.YES_NO: bool, Kind.NUMBER: int, Kind.CHOICE: str}
    for name, described in SETTINGS.items():
        assert columns[name].type.python_type is types[described.kind]
        default = columns[name].default
        assert described.default == (default.arg if default is not None else None)


@pytest.mark.parametrize("word", ["yes", "YES", "true", "on", "1"])
def test_words_for_yes(word: str) -> None:
    """Yes may be written in the usual ways."""
    assert settings.setting("footer_note").parse(word) is True


@pytest.mark.parametrize(
    ("name", "word"),
    [
        ("footer_note", "maybe"),
        ("footer_note", ""),
        ("replay_window_days", "0"),
        ("replay_window_days", "-3"),
        ("replay_window_days", "3.5"),
        ("replay_window_days", "²"),
        ("replay_window_days", "9" * 5000),
        ("replay_window_days", "31"),  # longer than the site remembers signatures
        ("lost_key_leave", "never"),
        ("lost_key_leave", ""),
    ],
)
@pytest.mark.usefixtures("healthy")
def test_wrong_words_have_a_sentence(name: str, word: str) -> None:
    """What a setting does not take is refused with what it takes."""
    with pytest.raises(SettingError, match=f"^{name} takes {TAKES}, or `default`"):
        settings.setting(name).parse(word)


@pytest.mark.parametrize(
    ("name", "value"),
    [("footer_note", 1), ("footer_note", None), ("replay_window_days", True), ("lost_key_leave", True)],
)
def test_wrong_types_are_refused(name: str, value: object) -> None:
    """A number is no yes, and yes is no number of days."""
    with pytest.raises(SettingError):
        settings.setting(name).check(value)


@pytest.mark.usefixtures("healthy")
def test_shown_values_parse() -> None:
    """What is shown can be typed in again."""
    for described in SETTINGS.values():
        others = {Kind.YES_NO: [True], Kind.NUMBER: [7], Kind.CHOICE: described.choices}
        for value in (described.default, *others[described.kind]):
            assert described.parse(described.show(value)) == value


def test_all_or_nothing() -> None:
    """One wrong value keeps the right ones from being set."""
    row = EncryptedList(list_id="ant.example.com", footer_note=True, replay_window_days=None)
    with pytest.raises(SettingError):
        settings.change(row, {"footer_note": False, "replay_window_days": 0})
    assert row.footer_note is True


def test_replay_window(encrypted: Any, store: Session) -> None:
    """A list's window is its own, but never longer than the site remembers signatures."""
    row = store.get(EncryptedList, encrypted.list_id)
    assert row is not None
    for of_list, days in ((None, 30), (7, 7), (400, 30)):
        row.replay_window_days = of_list
        assert in_force.replay_window(encrypted.list_id).days == days


def test_set_and_show(encrypted: Any, run: CommandLine) -> None:
    """What is set is shown afterwards, by its list-id or its address, and `default` takes it back."""
    words = (
        "footer_note=no",
        "replay_window_days=7",
        "lost_key_leave=Delay",
        "leave_delay_days=60",
        "key_sign_by=nobody",
        "keep_signature=yes",
        "legacy_display=on",
    )
    assert "footer_note = no" in run.ok("set", encrypted.list_id, *words)
    shown = run.json("set", "ANT@example.com")
    assert {name: shown["settings"][name]["value"] for name in (word.partition("=")[0] for word in words)} == {
        "footer_note": False,
        "replay_window_days": 7,
        "lost_key_leave": "delay",
        "leave_delay_days": 60,
        "key_sign_by": "nobody",
        "keep_signature": True,
        "legacy_display": True,
    }
    text = run.ok("set", encrypted.list_id)
    assert "footer_note = no\n  A line in each post" in text
    assert "takes  a whole number from 1 to 30; default: as the site's settings say, 30" in text
    assert run.json("set", encrypted.list_id, "replay_window_days=default")["changed"] == ["replay_window_days"]
    assert "nothing to change" in run.ok("set", encrypted.list_id, "footer_note=no")


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (
            ["colour=red"],
            "There is no setting 'colour'. The settings are: footer_note, keep_signature, legacy_display, ",
        ),
        (["footer_note"], "Write footer_note=VALUE, where VALUE is yes or no, or `default`."),
        (["footer_note=no", "footer_note=yes"], "footer_note is set twice; set it once."),
        (["footer_note=no", "replay_window_days=x"], "replay_window_days takes a whole number from 1 to 30"),
    ],
)
def test_mistakes(encrypted: Any, run: CommandLine, words: list[str], sentence: str) -> None:
    """A mistake ends with status 2 and a sentence, and nothing is changed."""
    assert sentence in run.refused("set", encrypted.list_id, *words, status=2)
    assert run.json("set", encrypted.list_id)["settings"]["footer_note"]["value"] is True


@pytest.mark.usefixtures("mlist")
def test_only_encrypted_lists_have_settings(run: CommandLine) -> None:
    """A plain list has none; the answer says how it becomes an encrypted one."""
    assert "`mailman pgp enable ant.example.com` makes it one" in run.refused("set", "ant.example.com")


def test_without_site_settings(encrypted: Any, run: CommandLine) -> None:
    """An unhealthy plugin still shows and changes settings; it does not know what the site says."""
    health.forget()
    assert run.json("set", encrypted.list_id, "footer_note=no")["settings"]["replay_window_days"]["of_site"] is None
