"""A plugin's settings: the INI file that ``configuration:`` in its section of ``mailman.cfg`` names.

It is read as it stands: a sign of percent is one, and no section lends its options to all others.  Every mistake is a sentence that
names file, section and mend, and quotes no line, which may hold a key.
"""

from __future__ import annotations

import configparser
import difflib
from typing import TYPE_CHECKING

from public import public

if TYPE_CHECKING:
    from collections.abc import Collection
    from pathlib import Path


@public
class SettingsError(Exception):
    """The settings can't be used as they are written; the text says what to change, and holds nothing secret."""


@public
def read(path: Path, *, plugin: str, section: str) -> configparser.ConfigParser:
    """The sections of a file, whatever they are called; names of options are in lower case.

    :param plugin: The name of the plugin's section in ``mailman.cfg``, without ``plugin.``.
    :param section: How a section of the file is called, for sentences: ``endpoint.NAME``.
    :raises SettingsError: when there is no such file, it can't be read, or it is no INI file.
    """
    parser = configparser.ConfigParser(interpolation=None, default_section="\0")
    try:
        parser.read_string(path.read_text(encoding="utf-8-sig"))
    except FileNotFoundError:
        raise SettingsError(
            f"There is no settings file {path}. Write it, with a section [{section}], or correct `configuration:` in "
            f"[plugin.{plugin}] of mailman.cfg."
        ) from None
    except OSError as error:
        raise SettingsError(
            f"The settings file {path} can't be read ({error.strerror}). The user that runs Mailman must be able to."
        ) from None
    except UnicodeDecodeError:
        raise SettingsError(f"The settings file {path} is not UTF-8 text. Save it as UTF-8.") from None
    except configparser.DuplicateSectionError as error:
        raise SettingsError(
            f"[{error.section}] is in {path} twice (again in line {error.lineno}). Remove one of the two, or rename it."
        ) from None
    except configparser.DuplicateOptionError as error:
        raise SettingsError(
            f"{error.option} is twice in [{error.section}] of {path} (again in line {error.lineno}). Remove one of them."
        ) from None
    except configparser.Error as error:
        # The library's text quotes the line.
        where = getattr(error, "lineno", None) or next((line for line, _ in getattr(error, "errors", ())), None)
        place = f"Line {where} of {path}" if where else f"A line of {path}"
        raise SettingsError(
            f"{place} is neither a section [{section}] nor `option: value` below one. Correct it."
        ) from None
    return parser


@public
def meant(option: str, options: Collection[str]) -> str:
    """A sentence for whoever wrote an option that there is not: the one that is like it, or all there are."""
    guess = difflib.get_close_matches(option, options, n=1)
    return f"Is {guess[0]} meant?" if guess else f"The options are: {', '.join(options)}."
