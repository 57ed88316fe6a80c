"""What the tests of encrypted lists share."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from sqlalchemy.orm import Session

    from mailman_pgp.site.sitekey import SiteKey


@pytest.fixture(scope="session")
def _workflow_kinds(core: Any) -> list[Any]:  # noqa: ARG001 - core must be initialised
    from mailman.utilities.modules import find_components  # noqa: PLC0415 - core must be initialised

    from mailman_workflows import IWorkflow  # noqa: PLC0415

    return list(find_components("mailman_pgp.workflows", IWorkflow))


@pytest.fixture
def workflows(_workflow_kinds: list[Any], monkeypatch: pytest.MonkeyPatch) -> None:
    """Our workflows, which mailman-workflows finds where this plugin is in `mailman.cfg`."""
    from mailman_workflows import components  # noqa: PLC0415 - core must be initialised

    for kind in _workflow_kinds:
        monkeypatch.setitem(components._found, kind.name, kind())


@pytest.fixture
def chains(core: Any, monkeypatch: pytest.MonkeyPatch) -> None:  # noqa: ARG001 - core must be initialised
    """Our chains, our rule and our pipelines, which core finds where this plugin is in `mailman.cfg`."""
    from mailman.config import config  # noqa: PLC0415 - core must be initialised

    from mailman_pgp.chains.gate import Gate  # noqa: PLC0415
    from mailman_pgp.chains.refuse import Refuse  # noqa: PLC0415
    from mailman_pgp.handlers.owner_recipients import OwnerRecipients  # noqa: PLC0415
    from mailman_pgp.handlers.recipients import Recipients  # noqa: PLC0415
    from mailman_pgp.handlers.to_outgoing import ToOutgoing  # noqa: PLC0415
    from mailman_pgp.pipelines.posting import EncryptedOwnerPipeline, EncryptedPostingPipeline  # noqa: PLC0415
    from mailman_pgp.rules.problem import Problem  # noqa: PLC0415

    for found, kinds in (
        (config.chains, (Gate, Refuse)),
        (config.rules, (Problem,)),
        (config.handlers, (Recipients, OwnerRecipients, ToOutgoing)),
        (config.pipelines, (EncryptedPostingPipeline, EncryptedOwnerPipeline)),
    ):
        for kind in kinds:
            monkeypatch.setitem(found, kind.name, kind())


@pytest.fixture
def healthy(store: Session, workflows: None, tmp_path: Path) -> Iterator[SiteKey]:  # noqa: ARG001 - both must be there
    """The plugin as it is after a good start, with a site key of the test's own."""
    from mailman_pgp.site import health  # noqa: PLC0415 - after the fixtures of core
    from mailman_pgp.site.settings import SiteSettings  # noqa: PLC0415
    from mailman_pgp.site.sitekey import SiteKey  # noqa: PLC0415

    path = tmp_path / "site.key"
    key = SiteKey.create(path)
    health._state = health._State(started=True, finished=True, settings=SiteSettings(key_file=path), key=key)
    yield key
    health.forget()
