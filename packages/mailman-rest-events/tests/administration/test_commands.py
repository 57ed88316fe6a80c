"""What `mailman events` says, and its exit status."""

from __future__ import annotations

import base64
import json
import re
import subprocess
import sys
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from receivers import answer, receiver
from standing import ANT

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import TypeAlias

    from click.testing import Result
    from standing import Outbox

    Run: TypeAlias = Callable[..., Result]


def refused(result: Result) -> str:
    """The sentence of a command that was refused."""
    assert (result.exit_code, type(result.exception)) == (1, SystemExit), result.output
    assert result.output.startswith("Error: ")
    assert result.output.rstrip().endswith(".")
    return result.output


@pytest.mark.usefixtures("sender")
def test_status(run: Run, outbox: Outbox) -> None:
    """0 while all is well; 1, with who is behind, by how much and why, when it is not."""
    outbox.put()
    result = run("status")
    assert (result.exit_code, "All is well." in result.output) == (0, True)
    outbox.course("web", failures=1, problem="It answered 503.")
    outbox.store.commit()
    result = run("status")
    assert (result.exit_code, "Nobody is behind by more than a minute." in result.output) == (0, True)
    outbox.put(2, ago=7200)
    result = run("status")
    assert result.exit_code == 1
    assert "web: It is behind by 3 events and 2 hours. It answered 503." in result.output
    assert re.search(r"^web +failing +3 +0 +0 +2 hours", result.output, re.MULTILINE)
    assert re.search(r"^other +well +0 +0 +0 +-", result.output, re.MULTILINE)


@pytest.mark.usefixtures("sender")
def test_status_for_programs(run: Run, outbox: Outbox) -> None:
    """The same in JSON, with the same exit status."""
    result = run("status", "--json")
    assert result.exit_code == 0
    found = json.loads(result.output)
    assert (found["started"], found["well"], found["attention"]) == (True, True, [])
    outbox.put(2, state="parked")
    result = run("status", "--json")
    assert result.exit_code == 1
    web, other = json.loads(result.output)["endpoints"]
    assert (web["name"], web["parked"], len(web["attention"])) == ("web", 2, 1)
    assert (web["oldest"], web["state"], other["attention"]) == (None, "well", [])


def test_status_without_a_sender(run: Run, outbox: Outbox) -> None:  # noqa: ARG001 - there are endpoints
    """It is said that nothing is sent."""
    result = run("status")
    assert result.exit_code == 1
    assert "Nothing sends events: mailman.cfg has no section [runner.events]" in result.output


def test_not_started(run: Run, outbox: Outbox, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each command says why; but a secret can be made at any time."""
    from mailman_rest_events import site  # noqa: PLC0415

    (uid,) = outbox.put()
    monkeypatch.setattr(site, "_endpoints", None)
    monkeypatch.setattr(site, "_problem", "In [endpoint.web] of /etc/events.cfg: url is missing.")
    for arguments in (["status"], ["ping", "web"], ["replay", uid], ["skip", "--endpoint", "web", "--all"]):
        assert refused(run(*arguments)) == "Error: In [endpoint.web] of /etc/events.cfg: url is missing.\n"
    result = run("status", "--json")
    assert result.exit_code == 1
    found = json.loads(result.output)
    assert (found["started"], found["well"]) == (False, False)
    assert found["attention"] == ["In [endpoint.web] of /etc/events.cfg: url is missing."]
    assert run("secret").exit_code == 0


def test_list(run: Run, outbox: Outbox) -> None:
    """The latest first, in pages, filtered by all that is given."""
    first = outbox.put(3, name="ListCreatedEvent", state="delivered", ago=50)
    second = outbox.put(2, "web", "other", name="SubscriptionEvent", list_id=None)
    shown = run("list").output
    assert [shown.index(uid) for uid in (second[0], first[0])] == sorted(
        shown.index(uid) for uid in (second[0], first[0])
    )
    assert "1 to 5 of 5 events; times are UTC." in shown
    assert re.search(rf"{second[0]}  SubscriptionEvent +- +web waiting, other waiting", shown)
    assert "3 to 4 of 5 events" in run("list", "--count", "2", "--page", "2").output
    assert "There are no more: 5 events in all." in run("list", "--count", "2", "--page", "4").output

    def found(*arguments: str) -> set[str]:
        return {each["id"] for each in json.loads(run("list", "--json", *arguments).output)["entries"]}

    assert found() == {*first, *second}
    assert found("--endpoint", "other") == set(second)
    assert found("--state", "delivered") == set(first)
    assert found("--name", "SubscriptionEvent") == set(second)
    assert found("--list", ANT) == found("--list", "Ant@example.com") == set(first)
    assert found("--list", ANT, "--state", "waiting") == set()
    assert "There are none." in run("list", "--name", "Nothing").output
    assert "There is no endpoint 'nobody'" in refused(run("list", "--endpoint", "nobody"))


def test_show(run: Run, outbox: Outbox, endpoints: dict[str, Any]) -> None:
    """All deliveries, each with the body as the endpoint gets it."""
    (uid,) = outbox.put(1, "web", "other", state="delivered")
    with receiver() as peer:
        endpoints["web"] = replace(endpoints["web"], url=peer.url)
        run("replay", uid, "--endpoint", "web")
        assert "web: waiting" in run("show", uid).output
        sent(endpoints["web"], peer)
    shown = run("show", uid).output
    body = peer.requests[0][1].decode()
    assert body in shown
    assert json.loads(body)["sequence"] == 2
    assert "other: delivered" in shown
    as_json = json.loads(run("show", uid, "--json").output)
    assert as_json["deliveries"][0]["body"] == body
    assert as_json["data"] == {"of": uid}
    assert "a-long-random-key" not in shown
    for spec in ("evt_1", "b\udcff\0"):
        assert "There is no event" in refused(run("show", spec))


def sent(endpoint: Any, peer: Any) -> None:
    """Have a sender send what waits."""
    from mailman_rest_events.sending.dispatch import Dispatch  # noqa: PLC0415 - core must be initialised

    dispatch = Dispatch({endpoint.name: endpoint})
    for _ in range(1000):
        dispatch.turn(0.05)
        if peer.requests:
            break
    dispatch.stop()


def test_replay_and_skip(run: Run, outbox: Outbox) -> None:
    """By IDs, by numbers, by a state, or all of an endpoint."""
    uids = outbox.put(10, state="delivered")
    outbox.course("web", stopped="It answered 410.")
    outbox.store.commit()
    result = run("replay", uids[0], uids[1])
    assert result.output == "To be sent again: 2 deliveries.\nweb was stopped, and is started again.\n"
    assert outbox.states() == {"waiting": 2, "delivered": 8}
    assert "1 delivery." in run("replay", "--endpoint", "web", "--sequence", "3").output
    assert "2 deliveries." in run("replay", "--endpoint", "web", "--sequence", "4-5").output
    assert "3 deliveries." in run("replay", "--endpoint", "web", "--sequence", "8-").output
    assert "8 deliveries." in run("skip", "--state", "waiting").output
    assert "10 deliveries." in run("replay", "--endpoint", "web", "--all").output
    assert outbox.states() == {"waiting": 10}


@pytest.mark.parametrize("deed", ["replay", "skip"])
def test_refused(deed: str, run: Run, outbox: Outbox) -> None:
    """With a sentence, and nothing is changed."""
    outbox.put(state="aside")
    assert "Say which" in refused(run(deed))
    assert "There is no event 'evt_1'" in refused(run(deed, "evt_1"))
    assert "--sequence takes two numbers" in refused(run(deed, "--endpoint", "web", "--sequence", "x"))
    assert "--sequence takes two numbers" in refused(run(deed, "--endpoint", "web", "--sequence", "9" * 30))
    assert "Nothing there to" in refused(run(deed, "--endpoint", "other", "--all"))
    assert run(deed, "--state", "nonsense").exit_code == 2
    assert outbox.states() == {"aside": 1}


def test_ping(run: Run, outbox: Outbox, endpoints: dict[str, Any]) -> None:
    """The sentence, the time, and the exit status."""
    outbox.course("web", stopped="It answered 410.")
    outbox.store.commit()
    with receiver() as peer:
        endpoints["web"] = replace(endpoints["web"], url=peer.url)
        result = run("ping", "web")
    assert result.exit_code == 0
    assert re.fullmatch(
        r"web took it, after \d+\.\d\d seconds\.\nweb was stopped, and is started again\.\n", result.output
    )
    outbox.store.rollback()
    assert outbox.course("web").stopped == ""
    with receiver(answer("401 No")) as peer:
        endpoints["web"] = replace(endpoints["web"], url=peer.url)
        assert "It answered 401: it does not accept the api_key" in refused(run("ping", "web"))
    assert "There is no endpoint 'nobody'" in refused(run("ping", "nobody"))


def test_tail(run: Run, outbox: Outbox) -> None:
    """The latest at the end, one line each; what waits is not among them."""
    from mailman_plugin_kit.database import now  # noqa: PLC0415 - core must be initialised

    uids = outbox.put(5, "web", "other", state="delivered", done=now())
    outbox.put()
    (last,) = outbox.put(1, state="parked", done=now(), problem="It answered 400.")
    lines = run("tail", "-n", "3").output.splitlines()
    assert len(lines) == 3
    assert re.fullmatch(rf"\S+ \S+  web  #6  parked  Happening  {ANT}  {last}  It answered 400\.", lines[-1])
    assert [uids[4] in line for line in lines] == [True, True, False]
    assert len(run("tail", "--endpoint", "other").output.splitlines()) == 5
    assert "There is no endpoint" in refused(run("tail", "--endpoint", "nobody"))


def test_tail_follows(outbox: Outbox, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is done later follows, once; also what was replayed, and what another process wrote down late."""
    import datetime as dt  # noqa: PLC0415

    from mailman_plugin_kit.database import now  # noqa: PLC0415 - core must be initialised
    from mailman_rest_events.administration import tailing  # noqa: PLC0415

    monkeypatch.setattr(tailing, "_SECONDS", 0.0)
    old = outbox.put(2, state="delivered", done=now())
    lines = tailing.followed(None, 1)
    assert next(lines).event == old[1]
    new = outbox.put(2, state="delivered", done=now())
    late = outbox.put(1, "other", state="delivered", done=now() - dt.timedelta(seconds=5))
    assert {next(lines).event for _ in range(3)} == {*new, *late}
    (row,) = outbox.deliveries(old[0])
    row.done = now()
    outbox.store.commit()
    assert next(lines).event == old[0]


def test_tail_ends(run: Run, outbox: Outbox, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ctrl-C is how it is left, and no mistake."""
    from mailman_plugin_kit.database import now  # noqa: PLC0415 - core must be initialised
    from mailman_rest_events.administration import tailing  # noqa: PLC0415

    def interrupted(_seconds: float) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(tailing.time, "sleep", interrupted)
    outbox.put(2, state="delivered", done=now())
    result = run("tail", "-f")
    assert (result.exit_code, len(result.output.splitlines())) == (0, 2)


def test_secret(run: Run) -> None:
    """A fresh one each time, as a section takes it."""
    found = [run("secret").output.strip() for _ in range(2)]
    assert found[0] != found[1]
    for each in found:
        assert len(base64.b64decode(each.removeprefix("whsec_"), validate=True)) == 32


def test_texts_of_others(run: Run, outbox: Outbox, endpoints: dict[str, Any]) -> None:
    """Whatever a list or an event is called, nothing of it steers the terminal."""
    from mailman_plugin_kit.database import now  # noqa: PLC0415 - core must be initialised

    evil = "\x1b[2Jant\u202e\n.example.com"
    endpoints.clear()
    (uid,) = outbox.put(1, "w\x1beb", name=evil, list_id=evil, state="parked", done=now(), problem=evil)
    for arguments in (["list"], ["show", uid], ["tail"], ["status"], ["list", "--json"], ["show", uid, "--json"]):
        result = run(*arguments)
        assert not {"\x1b", "\u202e"} & set(result.output), arguments
        assert type(result.exception) in {type(None), SystemExit}
    assert len(run("tail").output.splitlines()) == 1


def test_busy_database(run: Run, outbox: Outbox, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is said so, without a traceback and without what was asked of it."""
    from sqlalchemy.exc import OperationalError  # noqa: PLC0415

    from mailman_rest_events.administration import deeds  # noqa: PLC0415 - core must be initialised

    def fail(*_arguments: object) -> None:
        raise OperationalError("canary", {}, Exception("canary"))

    (uid,) = outbox.put(state="parked")
    monkeypatch.setattr(deeds, "start_again", fail)
    shown = refused(run("replay", uid))
    assert "The database failed (OperationalError), and nothing was changed." in shown
    assert "canary" not in shown
    assert outbox.states() == {"parked": 1}


def test_found_by_core(core: Any) -> None:
    """As `mailman events`; and whoever looks for e-mail commands alone loads nothing of it."""
    from mailman.interfaces.command import ICLISubCommand  # noqa: PLC0415 - core must be initialised
    from mailman.utilities.modules import add_components  # noqa: PLC0415

    assert "events" in core.plugins
    found: dict[str, Any] = {}
    add_components("commands", ICLISubCommand, found)
    assert {"status", "list", "show", "replay", "skip", "ping", "tail", "secret"} == set(
        found["events"].command.commands
    )
    script = "import sys, mailman_rest_events.commands.cli_events; sys.exit('click' in sys.modules)"
    assert subprocess.run([sys.executable, "-W", "ignore", "-c", script], check=False).returncode == 0
