"""A healthy plugin in a real core, with two encrypted lists."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from outgoing import encrypt

if TYPE_CHECKING:
    from collections.abc import Callable


@pytest.fixture
def encrypted(mlist: Any, healthy: Any) -> Any:  # noqa: ARG001 - it makes a list key
    """The list ant@example.com, encrypted."""
    encrypt(mlist, [])
    return mlist


@pytest.fixture
def other(make_list: Callable[[str], Any], healthy: Any) -> Any:  # noqa: ARG001 - it makes a list key
    """Another encrypted list, bee@example.com."""
    made = make_list("bee")
    encrypt(made, [])
    return made
