"""`mailman-pgp check`: each thing that can be wrong is found, with its mend, and adds up to the exit status."""

from __future__ import annotations

import datetime as dt
import json
import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
import sqlalchemy
from click.testing import CliRunner

from mailman_pgp.cli import main
from mailman_pgp.model.tables import EncryptedList, ListKey
from mailman_pgp.site import doctor_config, doctor_versions, lines
from mailman_pgp.site.sitekey import SiteKey

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from typing import Any

NOW = dt.datetime.now(dt.UTC).replace(tzinfo=None, microsecond=0)
root_only = pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file to another user")


def run(*arguments: str | Path) -> Any:
    return CliRunner().invoke(main, [str(argument) for argument in arguments], catch_exceptions=False)


def only(found: tuple[int, list[dict[str, str]]], severity: str) -> dict[str, str]:
    """The one finding of a report, which has this severity and decides the exit status."""
    status, findings = found
    (finding,) = findings
    assert finding["severity"] == severity
    assert status == {"information": 0, "warning": 1, "error": 2}[severity]
    assert finding["sentence"].endswith(".")
    return finding


def test_complete_site_is_fine(site: Any) -> None:
    """On a complete site there is nothing to find, and the exit status is 0."""
    assert site.check() == (0, [])


def test_text_for_people_says_that_all_is_well(site: Any) -> None:
    """The text names each area and ends with the sum."""
    result = run("check", "--config", site.config)
    assert result.exit_code == 0
    assert "key file: fine" in result.output
    assert result.output.endswith("All is well.\n")


def test_text_for_people_names_the_mend(site: Any) -> None:
    """Below each finding stands what to do about it, and the sum is at the end."""
    site.key_file.chmod(0o640)
    output = run("check", "--config", site.config).output
    assert "ERROR: The key file" in output
    assert "-> Run `chmod 0600" in output
    assert output.endswith("Found 1 error.\n")


@pytest.mark.parametrize("line", lines.REQUIRED_LINES, ids=str)
def test_each_missing_line_is_an_error(site: Any, line: lines.RequiredLine) -> None:
    """Without any one of the required lines the check fails and says which line goes where."""
    rows, section, kept = site.config.read_text().splitlines(), "", []
    for row in rows:
        section = row.strip("[]") if row.startswith("[") else section
        if not (section == line.section and row.startswith(f"{line.option}:")):
            kept.append(row)
    site.config.write_text("\n".join(kept))
    finding = only(site.check(), "error")
    assert str(line) in finding["sentence"]
    assert f"[{line.section}]" in finding["mend"]
    assert f"{line.option}: {line.value}" in finding["mend"]


def test_second_plugin_in_our_place_is_named(site: Any) -> None:
    """A plugin that also wants [runner.in] is named, since only one can have it."""
    site.replace("class: mailman_pgp.runners.IncomingRunner", "class: other_plugin.runners.Runner")
    site.add("\n[plugin.other]\nclass: other_plugin.Plugin\nenabled: yes\ncomponent_package: other_plugin\n")
    finding = only(site.check(), "error")
    assert "the plugin of the section [plugin.other]" in finding["sentence"]
    assert "Only one of the two" in finding["mend"]


def test_later_line_wins_and_is_reported(site: Any) -> None:
    """A line that a later one overrides is found by what is in force, and the two places are named."""
    site.add("\n[runner.in]\nclass: mailman.runners.incoming.IncomingRunner\n")
    status, findings = site.check()
    assert status == 2
    assert {finding["severity"] for finding in findings} == {"error", "warning"}
    assert any("and again in line" in finding["sentence"] for finding in findings)


def test_section_that_stands_twice_is_fine(site: Any) -> None:
    """Our lines may be pasted below sections of the same name: nothing is overridden."""
    site.add("\n[mta]\nsmtp_port: 2525\n")
    assert site.check() == (0, [])


@pytest.mark.parametrize("text", ["[plugin.pgp]\nenable: yes\n", "[runner.inn]\nclas: x\n", "[nonsense]\nx: y\n"])
def test_line_that_core_ignores_is_a_warning(site: Any, text: str) -> None:
    """A slip of the pen, which core passes over in silence, is told."""
    site.add(f"\n{text}")
    assert "Mailman ignores" in only(site.check(), "warning")["sentence"]


def test_percent_and_dollar_signs_are_no_interpolation(site: Any) -> None:
    """A percent sign in mailman.cfg breaks nothing here, as it breaks nothing in core."""
    site.add("\n[mailman]\nsite_owner: a%b@example.com\n")
    assert site.check() == (0, [])


def test_extended_configuration_is_followed(site: Any) -> None:
    """`[meta] extends` is followed as core follows it."""
    base = site.config.rename(site.config.parent / "base.cfg")
    site.config.write_text(f"[meta]\nextends: {base.name}\n")
    assert site.check() == (0, [])


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("[mailman\n", "not a configuration"),
        ("[mailman]\nlayout: nowhere\n", "no section [paths.nowhere]"),
        ("[mailman]\nlayout: here\n[paths.here]\nvar_dir: $data_dir\n", "can't be expanded"),
    ],
)
def test_configuration_that_core_can_not_load_is_an_error(site: Any, text: str, word: str) -> None:
    """When core would not start, the check says why."""
    site.config.write_text(text)
    status, findings = site.check()
    assert status == 2
    assert word in findings[0]["sentence"]


def test_missing_configuration_is_an_error(tmp_path: Path) -> None:
    """A file that is not there is named, with the option that names another one."""
    result = run("check", "--config", tmp_path / "none.cfg")
    assert result.exit_code == 2
    assert "--config" in result.output


def test_configuration_is_found_where_core_finds_it(site: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without --config the check takes the file that core would take."""
    monkeypatch.setenv("MAILMAN_CONFIG_FILE", str(site.config))
    assert json.loads(run("check", "--json").output)["config"] == str(site.config)


def test_nothing_is_created(bare: Path) -> None:
    """A check of a Mailman that was never started leaves no trace on the disk."""
    before = sorted(bare.parent.parent.rglob("*"))
    run("check", "--config", bare)
    assert sorted(bare.parent.parent.rglob("*")) == before


def spoil_with(text: str) -> Callable[[Any], object]:
    return lambda site: site.key_file.write_text(text)


@pytest.mark.parametrize(
    ("spoil", "word"),
    [
        (lambda site: site.key_file.unlink(), "no key file"),
        (lambda site: site.key_file.chmod(0o644), "open to others"),
        (spoil_with("junk"), "damaged"),
        (lambda site: site.settings.unlink(), "no settings file"),
        (lambda site: site.settings.write_text("[pgp]\nkey-file: /x\n"), "no option key-file"),
        (lambda site: site.settings.write_text("[pgp]\n"), "names no key file"),
    ],
    ids=["missing", "readable", "damaged", "settings-missing", "settings-typo", "settings-empty"],
)
def test_key_file_and_settings(site: Any, spoil: Callable[[Any], object], word: str) -> None:
    """A key file or settings file that Mailman could not use is an error with a mend."""
    spoil(site)
    finding = only(site.check(), "error")
    assert word in finding["sentence"]
    assert finding["mend"]


def test_key_file_below_the_var_directory_is_an_error(site: Any) -> None:
    """A key that each backup of the data holds is found, also when a link hides the place."""
    inside = site.root / "var" / "site.key"
    site.key_file.rename(inside)
    site.key_file.symlink_to(inside)
    assert "var directory" in only(site.check(), "error")["sentence"]


def test_key_file_in_a_directory_open_to_all_is_an_error(site: Any) -> None:
    """Who may write the directory may replace the key."""
    site.key_file.parent.chmod(0o777)
    assert "chmod o-w" in only(site.check(), "error")["mend"]


@root_only
def test_key_file_of_another_user_is_an_error(site: Any) -> None:
    """The key must belong to the user that runs Mailman, who is the owner of its var directory."""
    os.chown(site.root / "var", 65534, 65534)
    finding = only(site.check(), "error")
    assert "can't read it" in finding["sentence"]
    assert finding["mend"].startswith("Run `chown ")


@root_only
def test_settings_file_that_mailman_can_not_read_is_an_error(site: Any) -> None:
    """The settings file holds no secret, and Mailman must read it."""
    os.chown(site.root / "var", 65534, 65534)
    os.chown(site.key_file, 65534, 65534)
    site.settings.chmod(0o600)
    assert "chmod a+r" in only(site.check(), "error")["mend"]


def test_key_of_another_site_is_an_error(site: Any) -> None:
    """A key file that did not seal this database is found, and both keys are named."""
    site.key_file.unlink()
    other = SiteKey.create(site.key_file)
    sentence = only(site.check(), "error")["sentence"]
    assert other.key_id in sentence
    assert site.key.key_id in sentence


def test_report_holds_no_secret(site: Any) -> None:
    """Neither form of the report holds the key, or the password of the database."""
    secret = site.key_file.read_text().split()[2]
    site.add("\n[database]\nurl: postgresql://mailman:hush@127.0.0.1:1/mailman\n")
    for output in (run("check", "--config", site.config).output, str(site.check())):
        assert secret not in output
        assert "hush" not in output


def test_unreachable_database_is_an_error(site: Any) -> None:
    """A database server that does not answer is an error that names the line."""
    site.add("\n[database]\nurl: postgresql://mailman:hush@127.0.0.1:1/mailman\n")
    finding = only(site.check(), "error")
    assert "can't be reached" in finding["sentence"]
    assert "[database]" in finding["mend"]


@pytest.mark.parametrize("url", ["mysql://localhost/mailman", "nonsense", "nosuch://x/y"])
def test_other_databases_are_an_error(site: Any, url: str) -> None:
    """Only SQLite and PostgreSQL are supported, and a URL must be one."""
    site.add(f"\n[database]\nurl: {url}\n")
    only(site.check(), "error")


def test_file_that_is_no_database_is_an_error(site: Any) -> None:
    """A damaged database is an error, not a traceback."""
    site.database.write_bytes(b"no database at all" * 100)
    assert "error" in only(site.check(), "error")["sentence"]


def test_before_the_first_start_there_is_only_information(site: Any) -> None:
    """Between `init` and the first start nothing is wrong: Mailman will make its database."""
    site.database.unlink()
    assert "There is no database" in only(site.check(), "information")["sentence"]


def test_tables_are_missing_before_the_next_start(site: Any) -> None:
    """Our tables are information while Mailman stands still, and an error while it runs."""
    site.sql("DROP TABLE pgp_alembic")
    assert "next start" in only(site.check(), "information")["sentence"]
    (site.root / "var" / "master.pid").write_text(str(os.getpid()))
    assert "running" in only(site.check(), "error")["sentence"]


def test_tables_of_another_version_are_a_warning(site: Any) -> None:
    """Tables that this release did not make are named by their version."""
    site.sql("UPDATE pgp_alembic SET version_num = 'future'")
    assert "version future" in only(site.check(), "warning")["sentence"]


def test_lost_table_is_an_error(site: Any) -> None:
    """A table that the version promises and that is not there is named."""
    site.sql("DROP TABLE pgp_choice")
    assert "pgp_choice" in only(site.check(), "error")["sentence"]


def encrypted_list(site: Any, *, expires: dt.datetime | None = None, key: bool = True, sealed_by: str = "") -> None:
    statements = [sqlalchemy.insert(EncryptedList).values(list_id="team.example.com", enabled_at=NOW, restore="{}")]
    if key:
        statements.append(
            sqlalchemy.insert(ListKey).values(
                fingerprint="A" * 40,
                list_id="team.example.com",
                certificate=b"",
                secret=b"",
                revocation=b"",
                sealed_by=sealed_by or site.key.key_id,
                created=NOW,
                expires=expires,
                state="current",
            )
        )
    site.sql(*statements)


@pytest.mark.parametrize(
    ("days", "severity", "word"),
    [(-1, "error", "has expired"), (20, "warning", "expires on"), (400, None, ""), (None, None, "")],
)
def test_list_key_that_runs_out(site: Any, days: int | None, severity: str | None, word: str) -> None:
    """A list key is told while there is still time to renew it, and is an error once it has expired."""
    encrypted_list(site, expires=None if days is None else NOW + dt.timedelta(days=days))
    if severity is None:
        assert site.check() == (0, [])
    else:
        finding = only(site.check(), severity)
        assert word in finding["sentence"]
        assert "team.example.com" in finding["sentence"]


def test_list_without_a_key_is_an_error(site: Any) -> None:
    """An encrypted list that has lost its key can't be posted to."""
    encrypted_list(site, key=False)
    assert "has no key" in only(site.check(), "error")["sentence"]


def test_list_whose_key_was_revoked_is_an_error(site: Any) -> None:
    """What waits is said, and what gives the list another key."""
    encrypted_list(site, expires=NOW + dt.timedelta(days=400))
    site.sql(sqlalchemy.update(ListKey).values(revoked=True))
    finding = only(site.check(), "error")
    assert "was revoked" in finding["sentence"]
    assert "`mailman pgp list-key rotate team.example.com`" in finding["mend"]


def test_list_key_sealed_elsewhere_is_an_error(site: Any) -> None:
    """A list key from another site's database can't be opened, and the list is named."""
    encrypted_list(site, sealed_by="00c0ffee")
    assert "team.example.com" in only(site.check(), "error")["sentence"]


def test_versions() -> None:
    """Another Python, and other versions than those we were measured on, are found."""
    pins = doctor_versions.pinned()
    assert {"mailman", "pysequoia", "rpgp-py"} <= set(pins)
    assert list(doctor_versions.examine()) == []
    (old,) = doctor_versions.examine(python=(3, 13), pins={})
    assert "3.13" in old.sentence
    (other,) = doctor_versions.examine(pins={"pysequoia": "0.0.1"})
    assert "0.0.1" in other.sentence
    (absent,) = doctor_versions.examine(pins={"no-such-package": "1"})
    assert "not installed" in absent.sentence


def test_check_works_when_core_can_not_be_imported(site: Any) -> None:
    """The doctor comes when core is broken: even with a core that raises on import there is a report."""
    program = (
        "import sys\n"
        "class Broken:\n"
        "    def find_spec(self, name, path=None, target=None):\n"
        "        if name.startswith('mailman.'):\n"
        "            raise ImportError('broken')\n"
        "sys.meta_path.insert(0, Broken())\n"
        "from mailman_pgp.cli import main\n"
        "main()\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, "check", "--config", str(site.config), "--json"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2, done.stderr
    findings = json.loads(done.stdout)["findings"]
    assert any("can't be imported" in finding["sentence"] for finding in findings)


@pytest.mark.parametrize("layout", ["here", "dev", "fhs"])
def test_paths_are_those_of_core(bare: Path, layout: str) -> None:
    """The doctor expands paths and the database's URL to exactly what core makes of them."""
    bare.write_text(
        f"[mailman]\nlayout: {layout}\n[paths.here]\nvar_dir: {bare.parent.parent}/x/../var\nlog_dir: $queue_dir/logs\n"
        "[database]\nurl: sqlite:///$DATA_DIR/own.db\n"
    )
    program = (
        "import json, sys\n"
        "from mailman.config import config\n"
        "from mailman.core.initialize import initialize_1\n"
        "from mailman.utilities.string import expand\n"
        "config.create_paths = False\n"
        "initialize_1(sys.argv[1])\n"
        "print(json.dumps([config.paths, expand(config.database.url, None, config.paths), config.PID_FILE]))\n"
    )
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", program, str(bare)], capture_output=True, text=True, check=True
    )
    paths, url, pid_file = json.loads(done.stdout)
    ours = doctor_config.read(bare)
    compared = {name.upper(): value for name, value in ours.paths.items() if name.upper() in paths}
    assert {name: paths[name] for name in compared} == compared
    assert set(paths) - set(compared) == {"TEMPLATE_DIR"}
    assert ours.database_url == url
    assert ours.paths["pid_file"] == pid_file
