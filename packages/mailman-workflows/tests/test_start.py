"""Whatever fails when Mailman starts, nobody gets past the workflow that a list has chosen."""

from __future__ import annotations

import sys
import textwrap
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

_WORKFLOW = """
from mailman_workflows import IWorkflow, PROCEED, Purpose, Step, Workflow
from public import public
from zope.interface import implementer

class Nothing(Step):
    name = "nothing"
    def run(self, request):
        return PROCEED

@public
@implementer(IWorkflow)
class Made(Workflow):
    name = {name!r}
    description = "For a test."
    purpose = Purpose.JOIN
    def steps(self):
        return [Nothing()] * {steps}
"""


@pytest.fixture
def restart(core: Any) -> Iterator[Callable[[], None]]:
    """Have the plugin start again in this process; it is as before after the test."""
    from mailman_workflows.plugin import WorkflowsPlugin  # noqa: PLC0415 - core must be initialised

    confirm = core.commands["confirm"]
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(core.commands, "confirm", confirm)
        yield lambda: WorkflowsPlugin().post_hook()
    WorkflowsPlugin().post_hook()


@pytest.fixture
def plugin(core: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., None]]:
    """Install another plugin, with this module among its workflows: ``plugin("name", "source")``."""
    monkeypatch.syspath_prepend(str(tmp_path))
    sections: list[str] = []

    def add(name: str, source: str, *, enabled: bool = True) -> None:
        package = tmp_path / name / "workflows"
        package.mkdir(parents=True)
        for path, text in {package.parent: "", package: ""}.items():
            (path / "__init__.py").write_text(text)
        (package / "made.py").write_text(source)
        core.push(name, textwrap.dedent(f"[plugin.{name}]\nclass: x\nenabled: {'yes' if enabled else 'no'}\n"))
        sections.append(name)
        if enabled:
            monkeypatch.setitem(core.plugins, name, object())

    yield add
    for name in reversed(sections):
        core.pop(name)
        for module in [each for each in sys.modules if each.partition(".")[0] == name]:
            del sys.modules[module]


@pytest.mark.parametrize(
    "broken", ["rest.Root", "cleanup.install", "components.find", "model.database.OwnTables.migrate"]
)
def test_nothing_starts(
    broken: str, mlist: Any, manager: Any, person: Any, restart: Callable[[], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody can join or leave, and the door says why, at whatever line the start fails."""
    token, _, _ = manager(mlist).register(person())

    def fail(*_: Any) -> None:
        raise RuntimeError("for a test")

    monkeypatch.setattr(f"mailman_workflows.{broken}", fail)
    restart()
    for door in (
        lambda: manager(mlist).register(person("bart@example.org"), pre_verified=True),
        lambda: manager(mlist).unregister(person("cris@example.org")),
        lambda: manager(mlist).confirm(token),
    ):
        with pytest.raises(Exception, match=r"could not start.*plugins\.log"):
            door()
    monkeypatch.undo()
    restart()
    assert manager(mlist).confirm(token)[2] is not None


@pytest.mark.parametrize("module", ["rest", "expected", "confirmations.command"])
def test_our_own_code_is_missing(
    module: str, mlist: Any, manager: Any, person: Any, restart: Callable[[], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also where a module of ours can't be imported: a library is missing, say."""
    import mailman_workflows  # noqa: PLC0415 - core must be initialised

    if "." not in module:
        monkeypatch.delattr(mailman_workflows, module)
    monkeypatch.setitem(sys.modules, f"mailman_workflows.{module}", None)
    restart()
    with pytest.raises(Exception, match="could not start"):
        manager(mlist).register(person(), pre_verified=True)


def test_another_plugin_is_broken(
    mlist: Any, manager: Any, person: Any, restart: Callable[[], None], plugin: Callable[..., None]
) -> None:
    """Only the lists that use its workflows are closed."""
    from mailman_workflows import Purpose, choice, components  # noqa: PLC0415 - core must be initialised

    plugin("broken", "import no_such_module")
    plugin("whole", _WORKFLOW.format(name="made", steps=1))
    restart()
    assert components.named("made") is not None
    assert components.named("customers") is not None
    assert choice.workflow_for(mlist.list_id, Purpose.JOIN).name == "join"
    assert manager(mlist).register(person())[0] is not None


def test_two_of_the_same_name(
    mlist: Any, manager: Any, person: Any, restart: Callable[[], None], plugin: Callable[..., None]
) -> None:
    """Neither of two plugins' workflows is taken for the other, and none for one of ours."""
    from mailman_workflows import Purpose, choice, components  # noqa: PLC0415 - core must be initialised
    from mailman_workflows.workflows.stock import StockJoin  # noqa: PLC0415

    for number, name in enumerate(["made", "made", "made", "join"]):
        plugin(f"plugin{number}", _WORKFLOW.format(name=name, steps=1))
    restart()
    assert components.named("made") is None
    assert isinstance(components.named("join"), StockJoin)
    assert choice.workflow_for(mlist.list_id, Purpose.JOIN).name == "join"
    assert manager(mlist).register(person())[0] is not None


def test_two_steps_of_the_same_name(restart: Callable[[], None], plugin: Callable[..., None]) -> None:
    """A workflow of which one step would hide another is no workflow."""
    from mailman_workflows import components  # noqa: PLC0415 - core must be initialised

    plugin("twice", _WORKFLOW.format(name="made", steps=2))
    restart()
    assert components.named("made") is None
    assert components.named("join") is not None


def test_a_plugin_that_is_disabled(restart: Callable[[], None], plugin: Callable[..., None]) -> None:
    """Its workflows are not there, and what is wrong with them is nobody's business."""
    from mailman_workflows import components  # noqa: PLC0415 - core must be initialised

    plugin("disabled", _WORKFLOW.format(name="made", steps=1), enabled=False)
    restart()
    assert components.named("made") is None
    assert components.named("join") is not None
