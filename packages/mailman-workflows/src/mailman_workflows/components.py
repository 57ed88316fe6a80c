"""The workflows of this process, by their names."""

from __future__ import annotations

from importlib.resources import files
from typing import TYPE_CHECKING

from mailman.config import config
from mailman.utilities.modules import find_components

from mailman_workflows.interfaces import IWorkflow
from mailman_workflows.request import Purpose

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mailman_workflows.workflow import Workflow

#: What a list uses that has chosen nothing.
STOCK = {Purpose.JOIN: "join", Purpose.LEAVE: "leave"}

_found: dict[str, Workflow] = {}


def find() -> None:
    """Look for the workflows of all plugins.

    :raises RuntimeError: when two have the same name.
    """
    _found.clear()
    for package in _packages():
        for kind in find_components(package, IWorkflow):
            workflow = kind()
            if workflow.name in _found:
                raise RuntimeError(f"There are two workflows called {workflow.name!r}; the second is in {package}.")
            _found[workflow.name] = workflow


def _packages() -> Iterator[str]:
    for name, section in config.plugin_configs:
        package = section["component_package"].strip() or name
        if files(package).joinpath("workflows").is_dir():
            yield f"{package}.workflows"


def forget() -> None:
    """Have no workflows at all; nobody can join or leave then."""
    _found.clear()


def every() -> list[Workflow]:
    """All of them, by name."""
    return [_found[name] for name in sorted(_found)]


def named(name: str) -> Workflow | None:
    """The workflow of this name, if there is one."""
    return _found.get(name)
