"""Core's doors by which lists and people go, and a way behind them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import sqlalchemy as sa

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


@pytest.fixture
def user_manager(core: Any) -> Any:  # noqa: ARG001 - core must be initialised
    from mailman.interfaces.usermanager import IUserManager  # noqa: PLC0415 - core must be initialised
    from zope.component import getUtility  # noqa: PLC0415

    return getUtility(IUserManager)


@pytest.fixture
def list_manager(core: Any) -> Any:  # noqa: ARG001 - core must be initialised
    from mailman.interfaces.listmanager import IListManager  # noqa: PLC0415 - core must be initialised
    from zope.component import getUtility  # noqa: PLC0415

    return getUtility(IListManager)


@pytest.fixture
def unseen(core: Any) -> Iterator[Callable[[str], None]]:
    """Delete behind our listeners' back, as by SQL."""

    def run(statement: str) -> None:
        core.db.store.execute(sa.text(statement))
        core.db.commit()

    return run
