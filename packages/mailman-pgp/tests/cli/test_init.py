"""`mailman-pgp init`: makes the key and the settings once, refuses everything else, and says what comes next."""

from __future__ import annotations

import json
import os
import re
import stat
from typing import TYPE_CHECKING, Any

import pytest
from click.testing import CliRunner

from mailman_pgp.cli import main
from mailman_pgp.site import settings
from mailman_pgp.site.sitekey import SiteKey

if TYPE_CHECKING:
    from pathlib import Path

root_only = pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file to another user")


def run(*arguments: str | Path) -> Any:
    return CliRunner().invoke(main, [str(argument) for argument in arguments], catch_exceptions=False)


def test_init_then_check_then_lines_give_a_complete_site(bare: Path) -> None:
    """Given a stock Mailman, when init has run and its lines were pasted, then the check is content."""
    made = run("init", "--config", bare)
    assert made.exit_code == 0
    assert run("check", "--config", bare).exit_code == 2
    pasted = made.output.partition("value counts):\n")[2].partition("Then run")[0]
    bare.write_text(bare.read_text() + pasted)
    checked = run("check", "--config", bare)
    assert checked.exit_code == 0, checked.output


def test_key_file_is_private_and_belongs_to_mailman(bare: Path) -> None:
    """The key file has mode 0600, its new directory 0700, and both belong to the owner of the var directory."""
    run("init", "--config", bare)
    key_file = bare.parent / "pgp" / "site.key"
    owner = (bare.parent.parent / "var").stat().st_uid
    for path, mode in ((key_file, 0o600), (key_file.parent, 0o700)):
        assert stat.S_IMODE(path.stat().st_mode) == mode
        assert path.stat().st_uid == owner


def test_output_holds_no_secret(bare: Path) -> None:
    """Neither form of the output shows the key."""
    outputs = [run("init", "--config", bare).output]
    secret = (bare.parent / "pgp" / "site.key").read_text().split()[2]
    assert secret not in outputs[0]


def test_json(bare: Path, tmp_path: Path) -> None:
    """`--json` says where everything is, and the lines."""
    made = json.loads(run("init", "--config", bare, "--key-file", tmp_path / "k", "--json").output)
    assert made["key_file"] == str(tmp_path / "k")
    assert made["key_id"] == SiteKey.load(tmp_path / "k").key_id
    assert "[runner.in]" in made["lines"]
    assert made["settings"] in made["lines"]


def test_key_is_never_overwritten(bare: Path) -> None:
    """A second init leaves the key alone and says so."""
    run("init", "--config", bare)
    key_file = bare.parent / "pgp" / "site.key"
    before = key_file.read_bytes()
    again = run("init", "--config", bare)
    assert again.exit_code != 0
    assert "left alone" in again.output
    assert key_file.read_bytes() == before


def test_link_in_the_place_of_the_key_is_refused(bare: Path, tmp_path: Path) -> None:
    """A link, though it leads nowhere yet, is not followed."""
    (tmp_path / "k").symlink_to(tmp_path / "elsewhere")
    assert run("init", "--config", bare, "--key-file", tmp_path / "k").exit_code != 0
    assert not (tmp_path / "elsewhere").exists()


def test_key_below_the_var_directory_is_refused(bare: Path) -> None:
    """The key and the data it protects are kept apart, and nothing is written."""
    place = bare.parent.parent / "var" / "site.key"
    result = run("init", "--config", bare, "--key-file", place)
    assert result.exit_code != 0
    assert "--key-file" in result.output
    assert not place.exists()
    assert not (bare.parent / "mailman-pgp.cfg").exists()


def test_existing_settings_are_kept(bare: Path, tmp_path: Path) -> None:
    """A settings file that is there decides where the key goes, and is not touched."""
    own = bare.parent / "mailman-pgp.cfg"
    own.write_text(f"[pgp]\nkey_file: {tmp_path}/own.key\nworker_seconds: 7\n")
    assert run("init", "--config", bare).exit_code == 0
    assert (tmp_path / "own.key").exists()
    assert "worker_seconds: 7" in own.read_text()


def test_settings_that_name_another_key_are_refused(bare: Path, tmp_path: Path) -> None:
    """Two places for one key are a mistake that is told before anything is written."""
    (bare.parent / "mailman-pgp.cfg").write_text(f"[pgp]\nkey_file: {tmp_path}/own.key\n")
    result = run("init", "--config", bare, "--key-file", tmp_path / "other.key")
    assert result.exit_code != 0
    assert not (tmp_path / "other.key").exists()


def test_second_key_for_a_sealed_database_is_refused(site: Any) -> None:
    """A database that another key has sealed gets no new key, since it would open nothing."""
    site.key_file.unlink()
    result = run("init", "--config", site.config)
    assert result.exit_code != 0
    assert site.key.key_id in result.output
    assert not site.key_file.exists()


def test_unknown_owner_is_refused(bare: Path) -> None:
    """An owner who does not exist is told before anything is written."""
    result = run("init", "--config", bare, "--owner", "no-such-user")
    assert result.exit_code != 0
    assert "no-such-user" in result.output
    assert not (bare.parent / "pgp").exists()


@root_only
def test_owner_gets_the_files(bare: Path) -> None:
    """`--owner` decides to whom key file and directory belong."""
    assert run("init", "--config", bare, "--owner", "nobody").exit_code == 0
    assert (bare.parent / "pgp" / "site.key").stat().st_uid == 65534
    assert (bare.parent / "pgp").stat().st_uid == 65534


def test_missing_directory_is_told(bare: Path, tmp_path: Path) -> None:
    """A place whose directories are missing gives a sentence."""
    result = run("init", "--config", bare, "--key-file", tmp_path / "a" / "b" / "k")
    assert result.exit_code != 0
    assert "can't be made" in result.output


def test_all_or_nothing(bare: Path, tmp_path: Path) -> None:
    """Where one of the two files can't be made, neither is, and the next try with another place succeeds."""
    own, nowhere = bare.parent / "mailman-pgp.cfg", tmp_path / "a" / "b" / "c"
    for option in ("--settings", "--key-file"):
        result = run("init", "--config", bare, option, nowhere)
        assert result.exit_code != 0
        assert "can't be made" in result.output
        assert not own.exists()
        assert not (bare.parent / "pgp").exists()
    assert run("init", "--config", bare).exit_code == 0


def test_missing_configuration_is_told(tmp_path: Path) -> None:
    """Without a mailman.cfg nothing is made."""
    result = run("init", "--config", tmp_path / "none.cfg")
    assert result.exit_code != 0
    assert "--config" in result.output


def test_written_settings_name_every_option_with_its_default(bare: Path) -> None:
    """The settings file explains each option, and says nothing that is not so."""
    run("init", "--config", bare)
    written = bare.parent / "mailman-pgp.cfg"
    fresh = settings.load(written)
    uncommented = re.sub(r"^#(?=[a-z_]+:)", "", written.read_text(), flags=re.MULTILINE)
    assert uncommented.count("\n#") >= len(settings.SiteSettings.__dataclass_fields__)
    written.write_text(uncommented)
    assert settings.load(written) == fresh


def test_lines_that_are_there_are_not_asked_for(bare: Path) -> None:
    """On a site whose mailman.cfg has all lines already, init asks for none."""
    lines = json.loads(run("init", "--config", bare, "--json").output)["lines"]
    bare.write_text(bare.read_text() + lines)
    (bare.parent / "pgp" / "site.key").unlink()
    assert "has all the lines" in run("init", "--config", bare).output


def test_help_imports_no_command() -> None:
    """The list of commands is shown without importing them, and an unknown one is an error."""
    assert "sandbox" in run("--help").output
    assert run("no-such-command").exit_code == 2
    assert "--dir" in run("sandbox", "--help").output
