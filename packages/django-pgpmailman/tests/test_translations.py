"""Our texts in other languages: complete, with the same places, compiled; and those of settings are what Mailman says."""

from __future__ import annotations

import ast
import io
import re
import tomllib
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from babel.messages.extract import extract_from_dir
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from core_answers import FINGERPRINT
from visitors import ANTS, People

import django_pgpmailman
import mailman_pgp
import mailman_workflows
from django_pgpmailman import rest_texts
from django_pgpmailman.refusal_texts import REFUSALS
from django_pgpmailman.roles import Role
from mailman_pgp.exchange.keyring_fates import Fate
from mailman_pgp.keys.journal import Act, Door
from mailman_pgp.keys.registry import ChoiceState
from mailman_pgp.lists.setting import Group
from mailman_pgp.lists.settings import SETTINGS
from mailman_pgp.openpgp import OF_SECRET_KEYS, CertificateProblem
from mailman_pgp.overview import reasons

if TYPE_CHECKING:
    from babel.messages import Catalog
    from core_server import CoreServer
    from website import Website

SOURCES = Path(str(django_pgpmailman.__file__)).parent
LANGUAGES = sorted(path.name for path in (SOURCES / "locale").iterdir() if path.is_dir())

in_each_language = pytest.mark.parametrize("language", LANGUAGES)


def catalogue(language: str) -> Catalog:
    with (SOURCES / "locale" / language / "LC_MESSAGES/django.po").open("rb") as file:
        return read_po(file, locale=language)


def template_ids() -> set[tuple[str | None, str]]:
    with (SOURCES / "locale/django.pot").open("rb") as file:
        return {(message.context, str(message.id)) for message in read_po(file) if message.id}


def places(text: str) -> list[str]:
    return sorted(re.findall(r"%\(\w+\)s|<[^>]+>|`[^`]+`", text))


def test_template_is_up_to_date(web: Website) -> None:
    """Translators get each text of the sources and templates, and none that is there no more; else run `make translations`."""
    assert web
    mappings = tomllib.loads((SOURCES.parents[1] / "pyproject.toml").read_text())["tool"]["babel"]["mappings"]
    methods = [(mapping["pattern"], mapping["method"]) for mapping in mappings]
    in_context = ((1, "c"), 2)
    keywords = {"_": None, "N_": None, "P_": in_context, "pgettext": in_context, "pgettext_lazy": in_context}
    found = {
        (context, text[0] if isinstance(text, tuple) else str(text))
        for _, _, text, _, context in extract_from_dir(SOURCES, methods, keywords=keywords)
    }
    assert template_ids() == found
    assert len(found) > 60


def test_every_text_is_found(web: Website) -> None:
    """What a template marks is gathered, in each of the forms that we use."""
    from django_pgpmailman.extraction import of_template  # noqa: PLC0415 - Django must be ready

    assert web
    source = (
        b'<p>\n  {% if x %}{% translate "One" %}{% endif %}\n\t<a title="{% translate \'Two\' %}">\n'
        b"{% blocktranslate trimmed with a=b %}Three\n  {{ a }}{% endblocktranslate %}{# No #}"
        b'{% translate "Four" as x %}{% translate "Five" context "here" as y %}'
    )
    found = [texts for _, _, texts, _ in of_template(io.BytesIO(source), (), ())]
    assert found == ["One", "Two", "Three %(a)s", "Four", ("here", "Five")]


@in_each_language
def test_complete(language: str) -> None:
    """Each text has a translation with the same places, tags and commands in it, and none is a guess."""
    found = catalogue(language)
    messages = {(message.context, str(message.id)): str(message.string) for message in found if message.id}
    assert set(messages) == template_ids()
    assert [text for text, translated in messages.items() if not translated.strip()] == []
    assert [text for (_, text), translated in messages.items() if places(text) != places(translated)] == []
    assert [str(message.id) for message in found if message.fuzzy and message.id] == []


@in_each_language
def test_compiled(language: str) -> None:
    """What Django reads is what the translators wrote; else run `make translations`."""
    compiled = io.BytesIO()
    write_mo(compiled, catalogue(language))
    assert (SOURCES / "locale" / language / "LC_MESSAGES/django.mo").read_bytes() == compiled.getvalue()


@pytest.mark.parametrize("package", ["django", "django_mailman3", "postorius", "hyperkitty", "allauth", "django_q"])
def test_nobody_elses_words(package: str) -> None:
    """No text of ours is one of another part of the website: catalogues are one, and ours would change what stands on its pages."""
    spec = find_spec(package)
    assert spec is not None
    assert spec.origin is not None
    theirs = set()
    for path in Path(spec.origin).parent.rglob("locale/*/LC_MESSAGES/*.po"):
        if path.parts[-3] in {"de", "en"}:
            theirs |= marked_in(path)
    assert len(theirs) > 10
    assert template_ids() & theirs == set()


def marked_in(path: Path) -> set[tuple[str | None, str]]:
    """The texts of a catalogue, each by itself where it has several for numbers."""
    with path.open("rb") as file:
        found = [message for message in read_po(file) if message.id]
    return {
        (message.context, str(text))
        for message in found
        for text in ([message.id] if isinstance(message.id, str) else message.id)
    }


def test_texts_of_mailman() -> None:
    """What Mailman says of its settings is as translators have it."""
    assert set(rest_texts.MEANINGS) == {setting.meaning for setting in SETTINGS.values()}
    assert set(rest_texts.LABELS) == {setting.label for setting in SETTINGS.values()}
    assert set(rest_texts.GROUPS) == set(Group)
    assert set(rest_texts.CHOICES) == {choice for setting in SETTINGS.values() for choice in setting.choices}


def test_words_of_mailman() -> None:
    """What Mailman says of certificates and people is as translators have it."""
    found = [*map(reasons.missed, [*reasons._UNSERVED, *reasons._UNDELIVERED])]
    assert set(rest_texts.REASONS) == {reason.words for reason in found}
    assert set(rest_texts.MENDS) == {reason.mend for reason in found}
    for texts, words in (
        (rest_texts.ACTS, Act),
        (rest_texts.DOORS, Door),
        (rest_texts.STATES, ChoiceState),
        (rest_texts.FATES, Fate),
    ):
        assert set(texts) == {word.value for word in words}


def _codes() -> set[str]:
    """The codes of all refusals in the sources of Mailman's plugin that come by REST; secret keys are brought by its command line alone."""
    found = {str(problem) for problem in set(CertificateProblem) - OF_SECRET_KEYS}
    for path in Path(str(mailman_pgp.__file__)).parent.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            match node:
                case ast.Call(func=ast.Name("Refusal"), args=[ast.Constant(str(code)), *_]):
                    found.add(code)
    return found


def test_refusals_of_mailman() -> None:
    """Each refusal of Mailman's has a text for readers of other languages, by its code."""
    assert _codes() == set(REFUSALS)


@pytest.mark.parametrize("language", ["en", "de"])
def test_refusal_in_the_language_of_the_reader(people: People, mailman: CoreServer, language: str) -> None:
    """Who reads another language than English gets the text of the refusal's code, and what Mailman itself says behind it."""
    mailman.obstacles = ["It has an archive."]
    path = f"/pgp/lists/{ANTS}/encryption"
    asked = {"action": "off", "confirm": FINGERPRINT}
    page = people.client(Role.OWNER).post(path, asked, headers={"accept-language": language})
    expected = {
        "en": "It has an archive.",
        "de": "Das geht zurzeit nicht, darum wurde nichts geändert. (Mailman: It has an archive.)",
    }
    assert page.context["refusal"] == expected[language]


def test_language_of_the_reader(people: People) -> None:
    """A page is in the language that its reader's browser asks for, and says so."""
    page = people.client(Role.OWNER).get(f"/pgp/lists/{ANTS}/settings", headers={"accept-language": "de"})
    text = page.content.decode()
    assert '<html lang="de"' in text
    assert "Der Schlüssel der Liste" in text
    assert "Eine Zeile in jedem Beitrag" in text


def test_what_requests_wait_for() -> None:
    """What Mailman says of why a request waits is as translators have it, apart from what names a day."""
    said = set()
    for package in (mailman_pgp, mailman_workflows):
        (template,) = Path(str(package.__file__)).parent.glob("locale/*.pot")
        with template.open("rb") as file:
            said |= {str(message.id) for message in read_po(file) if str(message.id).startswith("waits for ")}
    assert set(rest_texts.WAITS) == said
