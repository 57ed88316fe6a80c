"""Settings are read as they stand, and every mistake is a sentence."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from mailman_plugin_kit.settings import SettingsError, meant, read

if TYPE_CHECKING:
    import configparser
    from pathlib import Path


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "plugin.cfg"


def found(path: Path) -> configparser.ConfigParser:
    return read(path, plugin="shop", section="shop.NAME")


def test_as_it_stands(file: Path) -> None:
    """A sign of percent is one, and a section DEFAULT is one like all others."""
    file.write_text("[shop.a]\nKey: 100%(of)s%%it\n[DEFAULT]\ncolour: red\n")
    assert {name: dict(found(file)[name]) for name in found(file).sections()} == {
        "shop.a": {"key": "100%(of)s%%it"},
        "DEFAULT": {"colour": "red"},
    }


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("[a]\n[a]\n", r"\[a\] is in .* twice \(again in line 2\)"),
        ("[a]\nx: canary\nx: canary\n", r"x is twice in \[a\] of .* \(again in line 3\)"),
        ("x: canary\n", r"Line 1 of .* is neither a section \[shop\.NAME\] nor"),
        ("[a]\ncanary\n", r"Line 2 of .* is neither"),
    ],
    ids=["section", "option", "above", "word"],
)
def test_mistakes(file: Path, text: str, sentence: str) -> None:
    """The sentence says where it is, and quotes nothing."""
    file.write_text(text)
    with pytest.raises(SettingsError, match=sentence) as caught:
        found(file)
    assert str(file) in str(caught.value)
    assert "canary" not in str(caught.value)


def test_unreadable(file: Path, tmp_path: Path) -> None:
    """A file that is missing, a directory, or no text."""
    with pytest.raises(SettingsError, match=r"no settings file .* \[plugin\.shop\] of mailman\.cfg"):
        found(file)
    with pytest.raises(SettingsError, match="can't be read"):
        found(tmp_path)
    file.write_bytes(b"\xff\xfe[a]")
    with pytest.raises(SettingsError, match="UTF-8"):
        found(file)


def test_meant() -> None:
    """What is like it, or all there are."""
    assert meant("colours", ["colour", "size"]) == "Is colour meant?"
    assert meant("zzz", ["colour", "size"]) == "The options are: colour, size."
