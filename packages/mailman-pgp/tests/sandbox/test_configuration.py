"""The configuration files of a sandbox."""

from __future__ import annotations

from pathlib import Path

import pytest

from mailman_pgp.sandbox.configuration import ConfigurationError, Doors, Options, sections
from mailman_pgp.sandbox.place import Place
from mailman_pgp.site.lines import REQUIRED_LINES, Expectation

PLACE = Place(Path("/srv/sandbox"))
DOORS = Doors(lmtp=1, smtp=2, rest=3, rest_password="secret")


def test_all_required_lines_are_there() -> None:
    """The plugin's lines are those that the plugin itself checks."""
    core, site = sections(PLACE, Options(), DOORS)
    assert all(line.accepts(core[line.section][line.option]) for line in REQUIRED_LINES)
    assert site == {"pgp": {"key_file": "/srv/sandbox/keys/site.key"}}


def test_key_lies_outside_of_mailmans_directory() -> None:
    """The key file is not below var_dir, as on a real site."""
    assert not PLACE.site_key.is_relative_to(PLACE.var)


def test_stock_mailman_has_none_of_our_lines() -> None:
    """Without the plugin no line names it."""
    core, site = sections(PLACE, Options(plugin=False), DOORS)
    assert "mailman_pgp" not in str(core)
    assert not site


@pytest.mark.parametrize("line", REQUIRED_LINES, ids=str)
def test_each_required_line_can_be_left_out(line: object) -> None:
    """Leaving out SECTION.OPTION leaves out this line, and no other."""
    section, option = line.section, line.option  # type: ignore[attr-defined] # parametrize erases the type
    core, _ = sections(PLACE, Options(omit=[f"{section}.{option}"]), DOORS)
    whole, _ = sections(PLACE, Options(), DOORS)
    del whole[section][option]
    assert core == whole


def test_section_can_be_left_out() -> None:
    """A section's name leaves it out; for a runner, the line with its class."""
    core, _ = sections(PLACE, Options(omit=["plugin.pgp", "runner.in"]), DOORS)
    assert "plugin.pgp" not in core
    assert "class" not in core["runner.in"]
    assert "sleep_time" in core["runner.in"]


def test_lines_can_be_set() -> None:
    """A setting goes into mailman.cfg, those of section pgp into the plugin's file."""
    core, site = sections(PLACE, Options(settings=["mta.max_recipients=5", "pgp.chunk_recipients = 3"]), DOORS)
    assert core["mta"]["max_recipients"] == "5"
    assert site["pgp"]["chunk_recipients"] == "3"


def test_runner_can_be_left_out() -> None:
    """A runner that is not wanted is configured not to start."""
    core, _ = sections(PLACE, Options(no_runners=["digest"]), DOORS)
    assert core["runner.digest"]["start"] == "no"


@pytest.mark.parametrize(
    ("url", "name"),
    [("sqlite:////srv/x.db", "SQLiteDatabase"), ("postgresql://u:p%40@h/d?host=/run", "PostgreSQLDatabase")],
)
def test_database_is_chosen_by_its_url(url: str, name: str) -> None:
    """The class fits the URL, which is taken as it is."""
    core, _ = sections(PLACE, Options(database_url=url), DOORS)
    assert core["database"]["url"] == url
    assert core["database"]["class"].endswith(name)


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (Options(sleep_time="50ms"), "no time"),
        (Options(no_runners=["inn"]), "no runner"),
        (Options(omit=["mta.nothing"]), "no line"),
        (Options(settings=["mta.max_recipients"]), "sets nothing"),
        (Options(settings=["max_recipients=5"]), "sets nothing"),
        (Options(database_url="oracle://x"), "No database"),
    ],
)
def test_mistake_is_told_in_a_sentence(options: Options, sentence: str) -> None:
    """Each option that can't be followed is refused with what to write instead."""
    with pytest.raises(ConfigurationError, match=sentence):
        sections(PLACE, options, DOORS)


def test_directory_that_mailman_would_expand_is_refused() -> None:
    """A path with a dollar or percent sign, or a blank, is refused."""
    for path in ("/srv/$x", "/srv/%x", "/srv/a b"):
        with pytest.raises(ConfigurationError, match="Choose a directory"):
            sections(Place(Path(path)), Options(), DOORS)


def test_password_is_not_shown() -> None:
    """The representation of the doors does not hold the password."""
    assert "secret" not in repr(DOORS)
    assert all(line.expectation in Expectation for line in REQUIRED_LINES)
