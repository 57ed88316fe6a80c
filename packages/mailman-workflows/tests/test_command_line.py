"""What `mailman workflows` says."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from click.testing import CliRunner

if TYPE_CHECKING:
    from collections.abc import Callable

    from click.testing import Result
    from sqlalchemy.orm import Session


@pytest.fixture
def run(core: Any) -> Callable[..., Result]:  # noqa: ARG001 - core must be initialised
    """Run it: ``run("resume", "ant@example.com")``."""
    from mailman_workflows.administration import workflows  # noqa: PLC0415 - core must be initialised

    return lambda *arguments: CliRunner().invoke(workflows, arguments)


@pytest.fixture
def weather() -> dict[str, Any]:
    """The error that each person's request meets when it is resumed."""
    return {}


@pytest.fixture
def outside(mlist: Any, install: Callable[[Any], Any], weather: dict[str, Any], store: Session) -> Any:
    """Have the list use a workflow that waits for the weather."""
    from mailman_workflows import PROCEED, Party, Step, Wait, choice  # noqa: PLC0415 - core must be initialised
    from mailman_workflows.steps.membership import Join  # noqa: PLC0415
    from mailman_workflows.workflows.stock import StockJoin  # noqa: PLC0415

    class Weather(Step):
        name = "weather"

        def run(self, _request: Any) -> Any:
            return Wait(Party.OUTSIDE, "waits for the weather")

        def resumed(self, request: Any) -> Any:
            if request.email in weather:
                raise weather[request.email]
            return PROCEED

    class Made(StockJoin):
        name = "made"

        def steps(self) -> Any:
            return Weather(), Join()

    made = install(Made)
    choice.choose(mlist.list_id, "made")
    store.commit()
    return made


@pytest.mark.usefixtures("outside")
def test_resume_all(
    mlist: Any,
    manager: Any,
    person: Any,
    run: Callable[..., Result],
    weather: dict[str, Any],
    store: Session,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """One request that fails, can't be read, is refused or has to wait keeps none of the others; the exit code tells of failures.

    No token stands in a log.
    """
    from mailman_workflows import NotYetError, RefusedError  # noqa: PLC0415 - core must be initialised
    from mailman_workflows.model.tables import SavedRequest  # noqa: PLC0415

    people = [f"{name}@example.org" for name in ("anne", "bart", "cris", "dirk")]
    damaged = [manager(mlist).register(person(f"{name}@example.org"))[0] for name in ("eve", "fred")]
    for token, column in zip(damaged, ("data", "agenda"), strict=True):
        setattr(store.get(SavedRequest, token), column, '{"email": 1}')
    tokens = {email: manager(mlist).register(person(email))[0] for email in people}
    store.commit()
    anne, bart, cris, dirk = people
    weather[anne] = RuntimeError("a secret of the step's")
    weather[bart] = NotYetError(mlist, bart, "It rains.")
    weather[cris] = RefusedError(mlist, cris, "Not you.")
    result = run("resume", mlist.fqdn_listname)
    assert result.exit_code == 1
    assert isinstance(result.exception, SystemExit)
    assert f"{tokens[anne]}: The step 'weather' of the workflow 'made' failed" in result.output
    assert "a secret" not in result.output
    for token in damaged:
        assert f"{token}: What is kept of this request can't be read. Discard it" in result.output
        manager(mlist).discard(token)
    for name in ("eve", "fred"):
        assert f"ant.example.com: the request of {name}@example.org can't be read" in caplog.text
    assert not any(token in caplog.text for token in (*damaged, *tokens.values()))
    assert f"{tokens[bart]}: It rains." in result.output
    assert f"{tokens[cris]}: Not you." in result.output
    assert [member.address.email for member in mlist.members.members] == [dirk]
    weather.clear()
    assert run("resume", mlist.fqdn_listname).exit_code == 0
    assert {member.address.email for member in mlist.members.members} == {anne, bart, dirk}


@pytest.mark.usefixtures("outside")
def test_missing_workflow(
    mlist: Any, manager: Any, person: Any, run: Callable[..., Result], monkeypatch: pytest.MonkeyPatch, store: Session
) -> None:
    """Each command that meets it says what to do."""
    from mailman_workflows import components  # noqa: PLC0415 - core must be initialised

    manager(mlist).register(person())
    store.commit()
    monkeypatch.delitem(components._found, "made")
    shown = run("show", mlist.fqdn_listname)
    assert "made  (not installed: nobody can join)" in shown.output
    resumed = run("resume", mlist.fqdn_listname)
    assert (resumed.exit_code, isinstance(resumed.exception, SystemExit)) == (1, True)
    assert "uses the workflow 'made', which is not installed here" in resumed.output


def test_not_started(mlist: Any, run: Callable[..., Result], monkeypatch: pytest.MonkeyPatch) -> None:
    """Nor where the plugin could not start."""
    from mailman_workflows import components  # noqa: PLC0415 - core must be initialised

    monkeypatch.setattr(components, "_found", {})
    for arguments in (["list"], ["show", mlist.fqdn_listname], ["set", mlist.fqdn_listname, "join"]):
        result = run(*arguments)
        assert result.exit_code == 1
        assert "could not start" in result.output


def test_doors_of_core(mlist: Any, outside: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> None:
    """Core's own commands print the sentence, too, and no traceback."""
    from mailman.commands.cli_addmembers import addmembers  # noqa: PLC0415 - core must be initialised

    from mailman_workflows import components  # noqa: PLC0415

    monkeypatch.delitem(components._found, outside.name)
    file = tmp_path / "people"
    file.write_text("anne@example.org\n")
    result = CliRunner().invoke(addmembers, [str(file), mlist.fqdn_listname])
    assert result.exit_code == 1
    assert "Error: The list ant.example.com uses the workflow 'made'" in result.output


@pytest.mark.parametrize("name", ["addmembers", "syncmembers"])
def test_whoever_is_added_may_have_to_wait(
    name: str,
    mlist: Any,
    outside: Any,  # noqa: ARG001 - the list's workflow
    run: Callable[..., Result],
    store: Session,
    tmp_path: Any,
) -> None:
    """Core's commands, which take everybody for a member, go on with the next; how mail is to be delivered is kept."""
    from mailman.commands import cli_addmembers, cli_syncmembers  # noqa: PLC0415 - core must be initialised
    from mailman.interfaces.member import DeliveryStatus  # noqa: PLC0415

    people = ["anne@example.org", "bart@example.org"]
    file = tmp_path / "people"
    file.write_text("\n".join(people))
    command = {"addmembers": cli_addmembers.addmembers, "syncmembers": cli_syncmembers.syncmembers}[name]
    result = CliRunner().invoke(command, ["--delivery", "disabled", str(file), mlist.fqdn_listname])
    assert (result.exit_code, result.exception) == (0, None)
    store.rollback()
    assert list(mlist.members.members) == []
    assert run("resume", mlist.fqdn_listname).exit_code == 0
    found = {member.address.email: member.delivery_status for member in mlist.members.members}
    assert found == dict.fromkeys(people, DeliveryStatus.by_moderator)


def test_names_of_lists(mlist: Any, run: Callable[..., Result]) -> None:
    """A list that does not exist is told from one that does."""
    assert run("show", "ANT.example.com").exit_code == 0
    assert "There is no mailing list 'bee@example.com'" in run("show", "bee@example.com").output
    assert mlist.list_id in run("show", "--json", mlist.fqdn_listname).output


def test_no_such_list(run: Callable[..., Result]) -> None:
    """It is said in a sentence, also of what is no text at all."""
    for spec in ("bee@example.com", "b\udcff", "b\udcff@example.com", ""):
        result = run("show", spec)
        assert (result.exit_code, type(result.exception)) == (1, SystemExit)
        assert "There is no mailing list" in result.output
