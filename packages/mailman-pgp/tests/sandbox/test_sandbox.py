"""The sandbox itself, with a stock Mailman in it."""

from __future__ import annotations

import json
import os
import signal
import smtplib
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from mailman_pgp.sandbox import (
    Behaviour,
    CommandError,
    Drop,
    Options,
    Refusal,
    RestError,
    Runners,
    Sandbox,
    SandboxError,
    Stage,
    processes,
    until,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

STOCK = Options(plugin=False)


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    with Sandbox(tmp_path_factory.mktemp("sandbox"), STOCK) as running:
        yield running


@pytest.fixture
def new_list(sandbox: Sandbox, request: pytest.FixtureRequest) -> Iterator[str]:
    """The address of a list with the members anne and bart at a domain of the test's own."""
    domain = f"{request.node.name.replace('_', '-')[:60].lower()}.example.com"
    list_id = sandbox.rest.create_list(f"ant@{domain}")
    for name in ("anne", "bart"):
        sandbox.rest.subscribe(list_id, f"{name}@{domain}")
    yield f"ant@{domain}"
    sandbox.receive()
    sandbox.wait_until_idle()


def post(sandbox: Sandbox, address: str, number: int = 1) -> None:
    """Post to a list, as its member anne."""
    anne = address.replace("ant@", "anne@")
    text = f"From: {anne}\nTo: {address}\nSubject: Post {number}\nMessage-ID: <{number}.{address}>\n\n.\nHello\n"
    sandbox.lmtp_send(anne, address, text.encode())


def below(sandbox: Sandbox) -> list[int]:
    """All processes of a sandbox, itself first."""
    pid = sandbox.pids()["sandbox"]
    return [pid, *processes.descendants(pid)]


def all_gone(pids: list[int]) -> bool:
    """Whether none of these processes lives."""
    return all(processes.state(pid) in "XZ" for pid in pids)


def test_post_reaches_the_members(sandbox: Sandbox, new_list: str) -> None:
    """What comes in by LMTP goes out by SMTP, and is kept for each member with its envelope sender."""
    post(sandbox, new_list)
    for name in ("anne", "bart"):
        (kept,) = sandbox.mail_for(new_list.replace("ant@", f"{name}@"))
        assert kept.sender == new_list.replace("ant@", "ant-bounces@")
        assert kept.message["Subject"] == "[Ant] Post 1"
        assert b"\r\n.\r\nHello\r\n" in kept.content


def test_lmtp_refuses_unknown_lists(sandbox: Sandbox) -> None:
    """Mail to a list that is not there is refused, and the client says so."""
    with pytest.raises(smtplib.SMTPRecipientsRefused, match="550"):
        sandbox.lmtp_send("anne@example.com", "nobody@example.com", b"Subject: x\n\n")


def test_rest_error_carries_the_status(sandbox: Sandbox) -> None:
    """An answer that is no success raises its status."""
    with pytest.raises(RestError) as error:
        sandbox.rest("lists/nothing.example.com")
    assert error.value.status == 404


def test_rest_wants_the_password(sandbox: Sandbox) -> None:
    """The REST interface of a sandbox is closed to who does not know its password."""
    description = sandbox.description["rest"]
    with pytest.raises(RestError) as error:
        type(sandbox.rest)(description["url"], description["user"], "wrong")("lists")
    assert error.value.status == 401


def test_command_line_works_on_the_same_mailman(sandbox: Sandbox, new_list: str) -> None:
    """The stock command line sees the lists of the sandbox."""
    result = sandbox.mailman("lists", "--quiet")
    assert result.returncode == 0, result.stderr
    assert new_list in result.stdout


def test_commands_run_without_starting_each_time(sandbox: Sandbox, new_list: str) -> None:
    """Commands by the console do what the stock command line does: output, input, errors and status."""
    assert new_list in sandbox.command("lists")
    sandbox.command("addmembers", "-", new_list, stdin="cris@example.org\n")
    assert "cris@example.org" in sandbox.command("members", new_list)
    assert "cris@example.org" in str(sandbox.rest(f"lists/{new_list}/roster/member"))
    with pytest.raises(CommandError, match="No such list") as error:
        sandbox.command("members", "nothing@example.com")
    assert error.value.result.returncode != 0


def test_killed_runner_is_started_again(sandbox: Sandbox, new_list: str) -> None:
    """A runner that is killed is replaced, more often than core's master would, and works."""
    first = sandbox.runner_pid("out")
    for _ in range(12):
        sandbox.kill("out")
    assert sandbox.runner_pid("out") != first
    post(sandbox, new_list)
    sandbox.mail_for(new_list.replace("ant@", "bart@"))


def test_killed_receiver_is_started_again(sandbox: Sandbox, new_list: str) -> None:
    """The SMTP receiver too is replaced, on the same port."""
    sandbox.kill("smtp")
    post(sandbox, new_list)
    sandbox.mail_for(new_list.replace("ant@", "bart@"))


@pytest.mark.parametrize("name", ["lmtp", "rest"])
def test_killed_server_is_started_again_on_its_port(sandbox: Sandbox, name: str) -> None:
    """A killed server comes back, and leaves no worker behind."""
    left = processes.descendants(sandbox.runner_pid(name))
    sandbox.kill(name)
    until(lambda: all_gone(left), "workers gone")
    until(lambda: sandbox.pids()[name] and _answers(sandbox), f"{name} answers")


def _answers(sandbox: Sandbox) -> bool:
    lmtp = sandbox.description["lmtp"]
    try:
        sandbox.rest("system/versions")
        smtplib.LMTP(lmtp["host"], lmtp["port"]).close()
    except OSError:
        return False
    return True


def test_runner_that_ends_by_sigterm_is_not_started_again(tmp_path: Path) -> None:
    """As with core's master, SIGTERM ends a runner for good; and a runner can be left out from the beginning."""
    options = Options(plugin=False, no_runners=["rest", "digest", "task", "archive", "bounces", "command"])
    with Sandbox(tmp_path, options) as own:
        assert not {"rest", "digest"} & own.pids().keys()
        pid = own.kill("out", signal.SIGTERM)
        until(lambda: "out" not in own.pids(), "out gone")
        assert all_gone([pid])


def test_paused_runner_leaves_mail_in_its_queue(sandbox: Sandbox, new_list: str) -> None:
    """While a runner is paused, mail waits before it; afterwards it goes on."""
    bart = new_list.replace("ant@", "bart@")
    with sandbox.paused("pipeline"):
        post(sandbox, new_list)
        until(lambda: sandbox.queue("pipeline"), "the post waits")
        assert not sandbox.mailbox.count(bart)
    sandbox.mail_for(bart)
    sandbox.wait_until_idle()
    assert not sandbox.queue("pipeline")


def test_refused_mail_is_tried_again(sandbox: Sandbox, new_list: str) -> None:
    """A temporary refusal of one member delays this member's copy, and core's next attempt succeeds."""
    bart = new_list.replace("ant@", "bart@")
    sandbox.receive(Behaviour(refuse=(Refusal(bart, Stage.RCPT, "451 4.2.0 Later", times=1),)))
    post(sandbox, new_list)
    assert len(sandbox.mail_for(bart)) == 1
    assert "451" in sandbox.logs()


def test_dropped_connection_is_tried_again(sandbox: Sandbox, new_list: str) -> None:
    """A connection that ends before the reply makes core send again: the receiver keeps both."""
    sandbox.receive(Behaviour(drop=Drop(1, answered=False, times=1)))
    post(sandbox, new_list)
    assert len(sandbox.mail_for(new_list.replace("ant@", "bart@"), 2)) == 2


def test_cpu_time_of_mailman_is_told(sandbox: Sandbox, new_list: str) -> None:
    """The CPU time grows with the work."""
    before = sandbox.cpu_seconds()
    for number in range(5):
        post(sandbox, new_list, number)
    sandbox.mail_for(new_list.replace("ant@", "bart@"), 5)
    assert sandbox.cpu_seconds() > before


def test_second_sandbox_in_the_same_directory_is_refused(sandbox: Sandbox) -> None:
    """Two sandboxes never share a directory, and the first one goes on."""
    with pytest.raises(SandboxError, match="is running in"):
        Sandbox(sandbox.place.root, STOCK).start()
    assert sandbox.rest("system/versions")


def test_mistake_in_the_options_is_told_in_a_sentence(tmp_path: Path) -> None:
    """An option that can't be followed ends the start with its sentence and without a traceback."""
    with pytest.raises(SandboxError, match="no time: write one such as") as error:
        Sandbox(tmp_path, Options(plugin=False, sleep_time="50ms")).start()
    assert "Traceback" not in str(error.value)


def test_data_survive_a_restart_and_no_process_does(tmp_path: Path) -> None:
    """Stopped, a sandbox leaves no process; started again, it has its lists and its mail."""
    own = Sandbox(tmp_path, STOCK)
    with own:
        own.rest.create_list("ant@example.com")
        own.rest.subscribe("ant.example.com", "anne@example.com")
        pids = below(own)
        assert len(pids) > 10
    assert all_gone(pids)
    assert not own.place.pids.exists()
    with own:
        assert own.rest("lists")["total_size"] == 1
        post(own, "ant@example.com")
        assert own.mail_for("anne@example.com")


def test_seen_to_run(tmp_path: Path) -> None:
    """What needs a Mailman that stands still finds it running, until it is stopped, as with `mailman stop`."""
    with Sandbox(tmp_path / "sandbox", Options()) as running:
        command = [
            str(Path(sys.executable).parent / "mailman-pgp"),
            "rotate-site-key",
            "--config",
            str(running.place.config),
        ]
        done = subprocess.run(command, check=False, capture_output=True, text=True)
        assert done.returncode == 1
        assert "Mailman is running" in done.stderr
        assert int(running.place.master_pid.read_text()) == running.pids()["sandbox"]
    assert not running.place.master_pid.exists()


@pytest.mark.parametrize("sign", [signal.SIGTERM, signal.SIGINT])
def test_command_announces_itself_and_stops_on_a_signal(tmp_path: Path, sign: signal.Signals) -> None:
    """The command prints one line of JSON when ready, and ends with status 0 on SIGTERM and on Ctrl-C."""
    program = [sys.executable, "-m", "mailman_pgp.sandbox", "--dir", str(tmp_path), "--no-plugin"]
    with subprocess.Popen(program, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        description = json.loads(process.stdout.readline())
        assert {"lmtp", "smtp", "rest", "config", "mail", "pids"} <= description.keys()
        pids = [process.pid, *processes.descendants(process.pid)]
        process.send_signal(sign)
        assert process.stdout.read() == ""
        assert process.wait() == 0
    assert all_gone(pids)


def test_killed_sandbox_leaves_no_process(tmp_path: Path) -> None:
    """Even when the sandbox itself is killed, nothing of it goes on."""
    own = Sandbox(tmp_path, STOCK)
    own.start()
    pids = below(own)
    os.kill(pids[0], signal.SIGKILL)
    until(lambda: all_gone(pids[1:]), "all processes gone")
    own.stop()


@pytest.mark.deep
def test_stock_master_runs_the_same_mailman(tmp_path: Path) -> None:
    """With the stock master mail flows, a killed runner comes back, and nothing is left at the end."""
    with Sandbox(tmp_path, STOCK, runners=Runners.MASTER) as own:
        assert {"master", "out", "lmtp", "rest"} <= own.pids().keys()
        own.rest.create_list("ant@example.com")
        own.rest.subscribe("ant.example.com", "anne@example.com")
        own.kill("out")
        post(own, "ant@example.com")
        assert own.mail_for("anne@example.com")
        pids = below(own)
    assert all_gone(pids)


@pytest.mark.deep
def test_killed_sandbox_with_the_stock_master_leaves_no_process(tmp_path: Path) -> None:
    """The master ends, with its runners, when the sandbox is killed."""
    own = Sandbox(tmp_path, Options(plugin=False, no_runners=["digest", "archive"]), runners=Runners.MASTER)
    own.start()
    pids = below(own)
    os.kill(pids[0], signal.SIGKILL)
    until(lambda: all_gone(pids[1:]), "all processes gone")
    own.stop()


@pytest.mark.deep
def test_end_of_the_master_ends_the_sandbox(tmp_path: Path) -> None:
    """A killed master takes the sandbox with it, and its runners."""
    own = Sandbox(tmp_path, STOCK, runners=Runners.MASTER)
    own.start()
    pids = below(own)
    os.kill(own.pids()["master"], signal.SIGKILL)
    until(lambda: all_gone(pids), "all processes gone")
    own.stop()


def test_knows_no_website() -> None:
    """The sandbox starts where nothing of a website is installed: it imports nothing of one."""
    program = (
        "import sys, mailman_pgp.sandbox, mailman_pgp.cli.whatnext\n"
        "print(sorted({'django', 'django_pgpmailman', 'postorius', 'mailmanclient'} & set(sys.modules)))\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
