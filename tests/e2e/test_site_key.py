"""The machine is lost, or the site's key is replaced and that is killed: what was held is read, and nothing is posted twice."""

from __future__ import annotations

import json
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import sqlalchemy as sa
from conversations import moderator
from people import EncryptedList
from test_held_posts import held, hold

from mailman_pgp.sandbox import Options, Sandbox, until
from mailman_pgp.sandbox.configuration import Doors, write
from mailman_pgp.site.sitekey import SiteKey

if TYPE_CHECKING:
    from collections.abc import Callable

    from conftest import StartSandbox
    from people import Person

pytestmark = pytest.mark.deep

PROGRAM = str(Path(sys.executable).parent / "mailman-pgp")
OPERATIONS = Path(__file__).parents[2] / "docs" / "operations.md"
TEXT = "The kestrel flies"


def run(*arguments: object) -> subprocess.CompletedProcess[str]:
    """``mailman-pgp ARGUMENTS…``; the caller looks at the status."""
    return subprocess.run([PROGRAM, *map(str, arguments)], check=False, capture_output=True, text=True)


def drilled() -> list[list[str]]:
    """The commands of the drill, as the manual for operators has them: first the backup, then those of its third step."""
    text = OPERATIONS.read_text(encoding="utf-8")
    _, _, chapter = text.partition("## The site's key: backup, restore, replace\n")
    first = re.search(r"^    (mailman-pgp backup .*)$", chapter, re.MULTILINE)
    _, _, drill = chapter.partition("### The drill\n")
    drill = drill.partition("\n### ")[0]
    assert first is not None
    lines = [first[1], *re.findall(r"^ +(mailman-pgp .*)$", drill, re.MULTILINE)]
    return [shlex.split(line, comments=True)[1:] for line in lines]


@pytest.fixture
def passphrase(tmp_path: Path) -> Path:
    path = tmp_path / "passphrase"
    path.write_text("correct horse battery staple\n")
    path.chmod(0o600)
    return path


def hold_a_post(running: Sandbox) -> tuple[Person, Person]:
    """A list with a held post of Anne's; Anne, and the moderator, who is told of nothing by herself."""
    made = EncryptedList.make(running)
    anne, mona = made.member("Anne"), moderator(made)
    running.rest(f"lists/{made.list_id}/config", {"admin_immed_notify": False}, "PATCH")
    hold(anne)
    anne.post(TEXT)
    held(made, 1)
    made.wait_until_told()
    return anne, mona


def read_held(running: Sandbox, mona: Person) -> str:
    """What the moderator reads of the held post, in her mail program."""
    made = mona.list
    made.sandbox = running
    (found,) = made.rest("held")["entries"]
    before = len(running.mailbox.messages(mona.address))
    assert made.rest(f"held/{found['number']}/copy", {"address": mona.address})["sent"]
    return mona.open(running.mail_for(mona.address, before + 1)[before]).as_string()


def copied_database(url: str | None, new_database: Callable[[], str | None]) -> str | None:
    """A copy of a database that nobody uses; that of SQLite lies in the var directory."""
    target = new_database()
    if url is None or target is None:
        return None
    name, source = sa.make_url(target).database, sa.make_url(url).database
    engine = sa.create_engine(sa.make_url(url).set(database="postgres"), isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(sa.text(f'DROP DATABASE "{name}"'))
        connection.execute(sa.text(f'CREATE DATABASE "{name}" TEMPLATE "{source}"'))
    engine.dispose()
    return target


def test_drill(
    start_sandbox: StartSandbox, new_database: Callable[[], str | None], passphrase: Path, tmp_path: Path
) -> None:
    """The drill of the manual, with its own commands: another machine has the data and the key, and the moderator reads the post."""
    lost = start_sandbox()
    _, mona = hold_a_post(lost)
    backup, *others = drilled()
    assert [backup[0], *(command[0] for command in others)] == ["backup", "restore", "check"]
    paths = {"/media/stick/site-key.asc": str(tmp_path / "site-key.asc")}
    asks_nothing = ["--passphrase-file", str(passphrase)]
    done = run(*(paths.get(word, word) for word in backup), "--config", lost.place.config, *asks_nothing)
    assert done.returncode == 0, done.stderr
    lost.stop()

    new = Sandbox(tmp_path / "new", Options(database_url=copied_database(lost.options.database_url, new_database)))
    new.place.make()
    shutil.copytree(lost.place.var, new.place.var)
    shutil.rmtree(lost.place.root)
    write(new.place, new.options, Doors(lmtp=1, smtp=1, rest=1, rest_password="x"))
    paths["/etc/mailman3/mailman.cfg"] = str(new.place.config)
    assert run("check", "--config", new.place.config).returncode == 2
    for command in others:
        more = asks_nothing if command[0] == "restore" else []
        done = run(*(paths.get(word, word) for word in command), *more)
        assert done.returncode <= 1, (
            done.stdout + done.stderr
        )  # the host of a test may be one of which the doctor warns
    with new:
        assert TEXT in read_held(new, mona)
        assert TEXT not in new.logs()


def test_replaced_and_killed(start_sandbox: StartSandbox) -> None:
    """Killed after each of its steps, it goes on; then the held post is read, a replay is one, and a new post reaches everybody."""
    running = start_sandbox()
    anne, mona = hold_a_post(running)
    made = anne.list
    bart = made.member("Bart")
    sent = bart.write("Seen before")
    bart.send(sent)
    anne.mail(1)
    with running.paused("out"):
        bart.post("Under way")
        until(lambda: running.queue("out"), "the post is on its way")
        running.stop()
    before = SiteKey.load(running.place.site_key)
    command = [PROGRAM, "rotate-site-key", "--config", str(running.place.config)]
    for step in range(1, 5):
        killed_after(command, step)
        assert SiteKey.load(running.place.site_key).generations[-1].key_id == before.key_id
    assert run("check", "--config", running.place.config).returncode in {1, 2}
    done = run("rotate-site-key", "--config", running.place.config, "--json")
    assert done.returncode == 0, done.stderr
    after = SiteKey.load(running.place.site_key)
    assert after.retired is None
    assert json.loads(done.stdout)["now"] == after.key_id != before.key_id

    running.start()
    assert TEXT in read_held(running, mona)
    until(lambda: any("Under way" in said for said in texts(anne)), "what was under way has come")
    anne.list.sandbox.wait_until_idle()
    bart.send(re.sub(rb"Message-ID: <[^>]*>", b"Message-ID: <again@x>", sent, count=1))
    until(lambda: refused(made).get("replayed"), "the replay is refused")
    bart.post("Afterwards")
    until(lambda: any("Afterwards" in said for said in texts(anne)), "a new post has come")
    assert sum("Seen before" in said for said in texts(anne)) == 1
    assert sum("Under way" in said for said in texts(anne)) == 1
    assert running.queue("shunt") == []


def killed_after(command: list[str], step: int) -> None:
    """Start a command, and kill it as soon as it has told of so many steps."""
    with subprocess.Popen(command, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True) as process:
        assert process.stderr is not None
        told = [process.stderr.readline() for _ in range(step)]
        process.kill()
    assert told[0].startswith(("The key file has the new site key", "Going on with the new site key")), told
    assert all(told), "It has ended before."


def texts(reader: Person) -> list[str]:
    """The posts that a person has received, opened."""
    return [message.as_string() for message in reader.read(0)]


def refused(made: EncryptedList) -> dict[str, Any]:
    """How often something was refused, by the reason."""
    return {one["reason"]: one["number"] for one in made.happened()["refused"]}
