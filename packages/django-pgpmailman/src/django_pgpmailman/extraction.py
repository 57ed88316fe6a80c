"""How texts are gathered from templates for translators: ``pybabel`` calls this (`make translations`)."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

from django.utils.translation.template import templatize

if TYPE_CHECKING:
    from collections.abc import Iterator


def of_template(file: Any, _keywords: Any, _comments: Any, **_options: Any) -> Iterator[tuple[int, str, Any, Any]]:
    """The texts of a template of Django, as Babel takes them: line, function, its arguments, comments."""
    from babel.messages.extract import extract_python  # noqa: PLC0415 - is there for translators only

    # Django makes calls of gettext of the tags, and letters of all the rest; Python reads that where it is not indented.
    calls = "\n".join(line.strip() for line in templatize(file.read().decode()).splitlines())
    names = {"_": None, "gettext": None, "ngettext": (1, 2), "pgettext": ((1, "c"), 2)}
    for line, name, texts, comments in extract_python(io.BytesIO(calls.encode()), names, (), {}):
        yield line, name if name in {"ngettext", "pgettext"} else "_", texts, comments
