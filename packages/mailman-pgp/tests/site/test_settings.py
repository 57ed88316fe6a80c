"""The site's settings: read as they stand, and every mistake is a sentence."""

from __future__ import annotations

from pathlib import Path

import pytest

from mailman_pgp.site.settings import SiteSettings, load
from mailman_plugin_kit.settings import SettingsError


@pytest.fixture
def settings_file(tmp_path: Path) -> Path:
    return tmp_path / "mailman-pgp.cfg"


def test_defaults(settings_file: Path) -> None:
    """Only the key file must be named."""
    settings_file.write_text("[pgp]\nkey_file: /etc/mailman3/pgp.key\n")
    assert load(settings_file) == SiteSettings(key_file=Path("/etc/mailman3/pgp.key"))


def test_everything_given(settings_file: Path) -> None:
    """Each option takes its value from the file, and a sign of percent is nothing special."""
    settings_file.write_text(
        "[pgp]\nkey_file = /etc/100%/pgp.key\nwork_dir = /srv/work\nchunk_recipients = 10\nchunk_bytes = 11\n"
        "max_message_bytes = 2048\nreplay_window_days = 13\nworker_memory_mb = 140\nworker_seconds = 15\n"
    )
    assert load(settings_file) == SiteSettings(Path("/etc/100%/pgp.key"), Path("/srv/work"), 10, 11, 2048, 13, 140, 15)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "no section"),
        ("[pgp]\n", "names no key file"),
        ("[pgp]\nkey_file:\n", "names no key file"),
        ("[pgp]\nkey_file: site.key\n", "absolute path"),
        ("[pgp]\nkey_file: /k\nwork_dir: here\n", "absolute path"),
        ("[pgp]\nkey_file: /k\nchunk_recipient: 5\n", "Is chunk_recipients meant"),
        ("[pgp]\nkey_file: /k\nzzz: 5\n", "The options are"),
        ("[pgp]\nkey_file: /k\nchunk_recipients: many\n", "whole number from 1 to"),
        ("[pgp]\nkey_file: /k\nworker_seconds: 0\n", "whole number from 1 to"),
        ("[pgp]\nkey_file: /k\n[other]\n", r"section \[other\]"),
        ("[DEFAULT]\na: b\n[pgp]\nkey_file: /k\n", r"section \[DEFAULT\]"),
        ("key_file: /k\n", r"neither a section \[pgp\]"),
    ],
)
def test_mistakes(settings_file: Path, text: str, sentence: str) -> None:
    """Each mistake in the file has a sentence that names it."""
    settings_file.write_text(text)
    with pytest.raises(SettingsError, match=sentence):
        load(settings_file)


def test_no_file(settings_file: Path) -> None:
    """The sentence names the place where it is named."""
    with pytest.raises(SettingsError, match=r"no settings file .* \[plugin\.pgp\] of mailman\.cfg"):
        load(settings_file)
