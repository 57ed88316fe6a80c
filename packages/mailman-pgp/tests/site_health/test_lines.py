"""The required lines of ``mailman.cfg``: each one missing or wrong is found."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from mailman_pgp.site import doctor_config, lines

if TYPE_CHECKING:
    from pathlib import Path

LINES = [pytest.param(line, id=f"{line.section}-{line.option}") for line in lines.REQUIRED_LINES]


def loaded(tmp_path: Path, text: str) -> doctor_config.CoreConfiguration:
    path = tmp_path / "mailman.cfg"
    path.write_text(text)
    return doctor_config.read(path)


def without(line: lines.RequiredLine) -> str:
    """The proposed configuration, less one line."""
    blocks = lines.as_configuration().split("\n\n")
    kept = []
    for block in blocks:
        rows = block.splitlines()
        if rows[0] == f"[{line.section}]":
            rows = [row for row in rows if not row.startswith(f"{line.option}:")]
        kept.append("\n".join(rows))
    return "\n\n".join(kept) + "\n"


def test_proposed_lines_suffice(tmp_path: Path) -> None:
    """What `as_configuration` proposes, read as core reads it, violates nothing."""
    config = loaded(tmp_path, lines.as_configuration("/etc/x/mailman-pgp.cfg"))
    values = lines.values_in_force(config)
    assert lines.violated(values) == ()
    assert values["plugin.pgp", "configuration"] == "/etc/x/mailman-pgp.cfg"


@pytest.mark.parametrize("line", LINES)
def test_missing_line_is_found(tmp_path: Path, line: lines.RequiredLine) -> None:
    """Each line alone is found when it is missing, with what core uses instead."""
    found = lines.violated(lines.values_in_force(loaded(tmp_path, without(line))))
    assert [entry for entry, _ in found] == [line]


@pytest.mark.parametrize("line", LINES)
def test_wrong_line_is_found(tmp_path: Path, line: lines.RequiredLine) -> None:
    """Each line alone is found when a later line of the file overrides it."""
    text = f"{lines.as_configuration()}\n[{line.section}]\n{line.option}: no.such.Thing\n"
    assert lines.violated(lines.values_in_force(loaded(tmp_path, text))) == ((line, "no.such.Thing"),)


def test_empty_configuration_violates_every_line(tmp_path: Path) -> None:
    """A mailman.cfg without our lines violates all of them; core's defaults are reported as what stands instead."""
    found = dict(lines.violated(lines.values_in_force(loaded(tmp_path, ""))))
    assert set(found) == set(lines.REQUIRED_LINES)
    by_name = {(line.section, line.option): value for line, value in found.items()}
    assert by_name["mta", "outgoing"] == "mailman.mta.deliver.deliver"
    assert by_name["plugin.pgp", "class"] is None


@pytest.mark.parametrize("word", ["yes", "True", "1", "on", "enabled"])
def test_enabled_takes_what_core_takes_for_true(tmp_path: Path, word: str) -> None:
    """`enabled` may be any word that core takes for true."""
    text = lines.as_configuration().replace("enabled: yes", f"enabled: {word}")
    assert lines.violated(lines.values_in_force(loaded(tmp_path, text))) == ()


def test_relative_settings_file_is_refused(tmp_path: Path) -> None:
    """`configuration` must be absolute: the current directory of a runner is nobody's promise."""
    config = loaded(tmp_path, lines.as_configuration("mailman-pgp.cfg"))
    ((line, found),) = lines.violated(lines.values_in_force(config))
    assert (line.option, found) == ("configuration", "mailman-pgp.cfg")
