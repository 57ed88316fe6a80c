"""Reports of errors, which Django logs and mails to the administrators, have nothing in them that is not for these."""

from __future__ import annotations

import functools
import traceback
from typing import TYPE_CHECKING, ParamSpec, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

_P = ParamSpec("_P")
_T = TypeVar("_T")


class UnexpectedError(Exception):
    """Something went wrong that nobody has thought of; it says what and where, and nothing of what was at hand."""


def without_variables(*known: type[Exception]) -> Callable[[Callable[_P, _T]], Callable[_P, _T]]:
    """Raise what is not `known` anew, when its frames are gone, and with them the variables in them and the error's own text.

    Django's `sensitive_variables` covers what is called below it, but does not find out what generators are called by: a report would
    have their variables.
    """
    passed: tuple[type[Exception], ...] = (*known, UnexpectedError)

    def made(function: Callable[_P, _T]) -> Callable[_P, _T]:
        @functools.wraps(function)
        def called(*args: _P.args, **kwargs: _P.kwargs) -> _T:
            try:
                return function(*args, **kwargs)
            except passed:
                raise
            except Exception as error:  # noqa: BLE001 - it is what nobody has thought of
                frames = reversed(traceback.extract_tb(error.__traceback__))
                what = f"{type(error).__name__} in {' < '.join(f'{frame.name}:{frame.lineno}' for frame in frames)}"
            # Not before the other one is gone.
            raise UnexpectedError(what)

        return called

    return made
