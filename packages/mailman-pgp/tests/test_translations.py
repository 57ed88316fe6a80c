"""Our texts in other languages: complete, fit to be sent, and chosen for their reader."""

from __future__ import annotations

import ast
import io
import string
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

import mailman_pgp
import mailman_workflows
from mailman_pgp.i18n import N_, Text, _, using
from mailman_pgp.mime import answers
from mailman_pgp.notices.templates import TEMPLATES
from mailman_pgp.notices.wrapping import wrapped
from mailman_workflows import i18n as theirs

if TYPE_CHECKING:
    from collections.abc import Iterator

    from babel.messages import Catalog

PACKAGES = {package.__name__: Path(str(package.__file__)).parent for package in (mailman_pgp, mailman_workflows)}
CATALOGUES = sorted(
    (name, path.name) for name, sources in PACKAGES.items() for path in (sources / "locale").iterdir() if path.is_dir()
)
# As long as addresses often are.
ADDRESS = "encrypted-announcements-request@lists.example.org"

in_each_language = pytest.mark.parametrize(("package", "language"), CATALOGUES)


def folder(package: str, language: str) -> Path:
    return PACKAGES[package] / "locale" / language / "LC_MESSAGES"


def catalogue(package: str, language: str) -> Catalog:
    with (folder(package, language) / f"{package}.po").open("rb") as file:
        return read_po(file, locale=language)


def messages(package: str, language: str) -> dict[str, str]:
    """Each text of a package in a language."""
    return {str(message.id): str(message.string) for message in catalogue(package, language) if message.id}


def template_ids(package: str) -> set[str]:
    with (PACKAGES[package] / "locale" / f"{package}.pot").open("rb") as file:
        return {str(message.id) for message in read_po(file) if message.id}


def marked(package: str, path: Path) -> Iterator[str]:
    """The texts in a module that are marked by the package's own `_`, `N_` or `Text`."""
    tree = ast.parse(path.read_text("utf-8"))
    imports = (node for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) and node.module == f"{package}.i18n")
    ours = {name.name for node in imports for name in node.names}
    for node in ast.walk(tree):
        if (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Name)
            and node.func.id in ours & {"_", "N_", "Text"}
        ):
            first = node.args[0]
            if isinstance(first, ast.Constant) and isinstance(first.value, str):
                yield first.value


def places(text: str) -> list[str]:
    return sorted(name for _before, name, _spec, _conversion in string.Formatter().parse(text) if name is not None)


@pytest.mark.parametrize(("package", "least"), [("mailman_pgp", 300), ("mailman_workflows", 10)])
def test_template_is_up_to_date(package: str, least: int) -> None:
    """Translators get each text of the sources, and none that is there no more; else run `make translations`."""
    found = {text for path in PACKAGES[package].rglob("*.py") for text in marked(package, path)}
    assert template_ids(package) == found
    assert len(found) > least


def test_languages() -> None:
    """Whoever is written to in a language is so by both packages."""
    spoken = [{language for name, language in CATALOGUES if name == package} for package in PACKAGES]
    assert spoken == [spoken[0]] * len(PACKAGES)


def test_templates_are_marked() -> None:
    """Each part of each notice can be translated, apart from a place that another text fills."""
    parts = {part for template in TEMPLATES.values() for part in template}
    assert parts - template_ids("mailman_pgp") == {"{last}"}


@in_each_language
def test_complete(package: str, language: str) -> None:
    """Each text has a translation with the same places in it, and none is a guess."""
    found = messages(package, language)
    assert set(found) == template_ids(package)
    assert [text for text, translated in found.items() if not translated.strip()] == []
    assert [text for text, translated in found.items() if places(text) != places(translated)] == []
    assert [text for text, translated in found.items() if text.endswith("\n") != translated.endswith("\n")] == []
    assert [str(message.id) for message in catalogue(package, language) if message.fuzzy and message.id] == []


@in_each_language
def test_compiled(package: str, language: str) -> None:
    """What Mailman reads is what the translators wrote; else run `make translations`."""
    compiled = io.BytesIO()
    write_mo(compiled, catalogue(package, language))
    there = (folder(package, language) / f"{package}.mo").read_bytes()
    assert there == compiled.getvalue()


@in_each_language
def test_lines(package: str, language: str) -> None:
    """No line is too long for a mail program, whatever addresses are put into it."""
    for text in messages(package, language).values():
        filled = wrapped(text.format_map(dict.fromkeys(places(text), ADDRESS)))
        assert [line for line in filled.splitlines() if len(line) > 78 and not line.startswith(" ")] == []


@in_each_language
def test_words_of_answer(package: str, language: str) -> None:
    """No word that is an answer stands without marks, so none can be alone on a line of a quotation without marks."""
    words = answers._YES | answers._NO | {"accept", "reject", "discard"}
    for text in messages(package, language).values():
        assert [word for word in text.split() if word.strip(answers._AROUND).casefold() in words] == []


@in_each_language
def test_commands_stay(package: str, language: str) -> None:
    """What is typed is the same in each language: commands, and the words that decide."""
    typed = {"accept", "reject", "discard", "yes", "no", "help", "join", "leave", "stay", "who", "echo"}
    typed |= {f"key {verb}" for verb in ("get", "set", "change", "refresh", "revoke", "show", "sign")}
    for text, translated in messages(package, language).items():
        assert [word for word in typed if f"`{word}`" in text and f"`{word}`" not in translated] == []


def test_texts() -> None:
    """A text is in the language of the block in which it is put into another, and nothing that is put into it is looked up."""
    name = N_("Fingerprint")
    later = Text("{door} from {by}", door=Text("By mail"), by=name)
    assert str(later) == "By mail from Fingerprint"
    with using("de"):
        assert (_(name), str(later)) == ("Fingerabdruck", "Per E-Mail von Fingerprint")
        with using("en"):
            assert _(name) == "Fingerprint"
        assert _("") == ""
        assert _("No text of ours") == "No text of ours"
        assert theirs._("goes on.") == "geht weiter."
        assert str(theirs.Text("waits for a moderator")) == "wartet auf die Moderation"
        with using(""):
            assert (_(name), theirs._("goes on.")) == ("Fingerprint", "goes on.")
    assert _(name) == "Fingerprint"
    with using("xx"):
        assert _(name) == "Fingerprint"
