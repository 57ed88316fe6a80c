"""The workflows of this process, by their names."""

from __future__ import annotations

import logging
from collections import defaultdict
from importlib.resources import files
from typing import TYPE_CHECKING

from mailman.config import config
from mailman.utilities.modules import find_components

from mailman_workflows.interfaces import IWorkflow
from mailman_workflows.request import Purpose

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mailman_workflows.workflow import Workflow

log = logging.getLogger("mailman.plugins")

_OURS = "mailman_workflows.workflows"

#: What a list uses that has chosen nothing.
STOCK = {Purpose.JOIN: "join", Purpose.LEAVE: "leave"}

_found: dict[str, Workflow] = {}


def find() -> None:
    """Look for our workflows and those of all other plugins.

    What is wrong with another plugin is logged, and closes only the lists that use its workflows.  Of two with the same name
    neither is there, for the list that chose one must not get the other; ours always are.
    """
    _found.clear()
    for kind in find_components(_OURS, IWorkflow):
        ours = kind()
        _found[ours.name] = ours
    theirs: dict[str, list[Workflow]] = defaultdict(list)
    for package in _packages():
        for workflow in _in(package):
            theirs[workflow.name].append(workflow)
    for name, same in theirs.items():
        if name in _found or len(same) > 1:
            where = ", ".join(type(each).__module__ for each in same)
            log.error("The workflow %r of %s is left out: there is another one of this name", name, where)
        else:
            _found[name] = same[0]


def _packages() -> Iterator[str]:
    """The packages of other plugins that run; core looks into those that are disabled, too."""
    for name, section in config.plugin_configs:
        package = section["component_package"].strip() or name
        if name in config.plugins and package != _OURS.partition(".")[0]:
            yield package


def _in(package: str) -> list[Workflow]:
    """The workflows of a plugin: all, or none where something is wrong."""
    try:
        if not files(package).joinpath("workflows").is_dir():
            return []
        return [kind() for kind in find_components(f"{package}.workflows", IWorkflow)]
    except Exception:
        log.exception("The workflows of %s are left out", package)
        return []


def every() -> list[Workflow]:
    """All of them, by name."""
    return [_found[name] for name in sorted(_found)]


def named(name: str) -> Workflow | None:
    """The workflow of this name, if there is one."""
    return _found.get(name)
