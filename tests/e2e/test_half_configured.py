"""A line of ``mailman.cfg`` is missing, or the whole plugin: plain lists go on, encrypted lists wait, nothing sealed leaves.

Each case goes through the same day (`mistakes.go_through_the_day`).  One post is held, one lies in the queue `out`, one in
`pipeline`; then Mailman starts with the mistake, which the doctor names.  Another post, mail to the owners, a command and
posts to a plain list come in, and the moderator accepts what is held.  Then the mistake is mended, and each has each once.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from mistakes import PETE, PLAIN, Site, doctor, go_through_the_day

from mailman_pgp.sandbox import SandboxError, until
from mailman_pgp.sandbox.rest import RestError
from mailman_pgp.site.lines import REQUIRED_LINES, Expectation, RequiredLine
from mailman_pgp.site.sitekey import SiteKey

if TYPE_CHECKING:
    from collections.abc import Callable

    from conftest import StartSandbox

pytestmark = pytest.mark.deep

OUTGOING = "Put `outgoing: mailman_pgp.delivery.deliver` into the section [mta]"
FOREIGN = "put `outgoing: mailman_pgp.delivery.deliver` into the section [mta] and do without the other"
COMPONENTS = ("plugin.pgp.component_package", "plugin.workflows.component_package")


def name_of(line: RequiredLine) -> str:
    """The name of a line as the sandbox's options have it."""
    return f"{line.section}.{line.option}"


LINES = {name_of(line): line for line in REQUIRED_LINES}


@pytest.fixture
def site(start_sandbox: StartSandbox) -> Site:
    """A complete site, before somebody breaks it."""
    return Site.make(start_sandbox())


def test_without_the_plugin(site: Site) -> None:
    """Mailman as if the plugin had never been: stock runners, stock delivery, nothing of ours is loaded."""
    go_through_the_day(site, OUTGOING, plugin=False)


def test_without_our_delivery(site: Site) -> None:
    """Without `outgoing` core would deliver."""
    go_through_the_day(site, OUTGOING, omit=("mta.outgoing",))


@pytest.mark.parametrize("name", [name for name in LINES if name not in ("mta.outgoing", *COMPONENTS)])
def test_without_a_line(site: Site, name: str) -> None:
    """Each line that `mailman.cfg` needs, forgotten."""
    line = LINES[name]
    go_through_the_day(site, f"Put `{line.option}: {line.value}` into the section [{line.section}]", omit=(name,))


@pytest.mark.parametrize("name", COMPONENTS)
def test_without_a_component_package(site: Site, name: str) -> None:
    """Without such a line core itself does not start; nothing is sent, and what lay in the queues goes on afterwards."""
    site.restart(no_runners=("out",))
    site.post_into("out")
    with pytest.raises(SandboxError):
        site.restart(omit=(name,))
    assert not any(site.read().values())
    status, text = site.check()
    assert status == 2
    assert f"Put `component_package: {LINES[name].value}` into the section [{LINES[name].section}]" in text
    site.mend()
    assert set(site.read()["Anne"].values()) == {1}


@pytest.mark.parametrize(
    ("mend", "mistake"),
    [
        ("Put `class: mailman_pgp.plugin.PGPPlugin` into the section [plugin.pgp]", {"omit": ("plugin.pgp",)}),
        ("Put `enabled: yes` into the section [plugin.pgp]", {"settings": ("plugin.pgp.enabled=no",)}),
        (OUTGOING, {"settings": ("mta.outgoing=mailman.mta.deliver.deliver",)}),
        (FOREIGN, {"settings": ("mta.outgoing=elsewhere.deliver",)}),
        (FOREIGN, {"settings": ("mta.outgoing=elsewhere.deliver",), "omit": ("runner.out",)}),
        (
            "Put `class: mailman_pgp.runners.IncomingRunner` into the section [runner.in]",
            {"settings": ("runner.in.class=mailman.runners.incoming.IncomingRunner",)},
        ),
        (
            "Put `enabled: yes` into the section [plugin.pgp]",
            {
                "omit": tuple(name for name in LINES if not name.startswith("plugin.")),
                "settings": ("plugin.pgp.enabled=no",),
            },
        ),
    ],
    ids=[
        "section",
        "disabled",
        "core-delivery",
        "foreign-delivery",
        "foreign-delivery-alone",
        "core-reception",
        "disabled-core-runners",
    ],
)
def test_with_a_mistake(
    site: Site, mend: str, mistake: dict[str, tuple[str, ...]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A whole section missing, the plugin switched off, lines with somebody else's values."""
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parent), prepend=os.pathsep)
    go_through_the_day(site, mend, **mistake)


def test_with_a_delivery_that_is_not_there(site: Site) -> None:
    """With a misspelt `outgoing` core's queue `out` stands still, for plain lists too; nothing leaves, and nothing is lost."""
    site.restart(settings=("mta.outgoing=mailman_pgp.delivery.delivver",))
    before = site.all_mail()
    site.post()
    site.sandbox.lmtp_send(PETE, PLAIN, f"From: {PETE}\nTo: {PLAIN}\nSubject: x\nMessage-ID: <0@x>\n\nHello\n".encode())
    until(lambda: site.sandbox.queue("in") and site.sandbox.queue("out"), "both posts wait")
    assert site.all_mail() == before
    assert "Put `outgoing: mailman_pgp.delivery.deliver` into the section [mta]" in site.check()[1]
    site.mend()
    assert site.read()["Bart"] == site.all_posts()
    assert len(site.sandbox.mail_for(PETE)) == 1


def _none(_site: Site, _path: Path) -> None: ...


def _another(_site: Site, path: Path) -> None:
    SiteKey.create(path)


def _open_to_all(site: Site, path: Path) -> None:
    path.write_bytes(site.sandbox.place.site_key.read_bytes())
    path.chmod(0o644)


def _damaged(site: Site, path: Path) -> None:
    path.write_bytes(site.sandbox.place.site_key.read_bytes()[:40])
    path.chmod(0o600)


@pytest.mark.parametrize(
    ("spoil", "word"),
    [(_none, "no key file"), (_another, "another site"), (_open_to_all, "chmod"), (_damaged, "damaged")],
    ids=["missing", "of-another-site", "open-to-all", "damaged"],
)
def test_with_a_wrong_key_file(site: Site, spoil: Callable[[Site, Path], None], word: str) -> None:
    """A key file that is not there, of another site, readable by everybody, or cut off."""
    path = site.sandbox.place.site_key.with_name("other.key")
    spoil(site, path)
    go_through_the_day(site, word, settings=(f"pgp.key_file={path}",))


def test_without_the_line_of_the_key_file(site: Site) -> None:
    """Settings that name no key file."""
    go_through_the_day(site, "key_file", omit=("pgp.key_file",))


@pytest.mark.parametrize(
    "mistake",
    [
        pytest.param({"omit": ("plugin.workflows",)}, id="section"),
        pytest.param({"settings": ("plugin.workflows.enabled=no",)}, id="disabled", marks=pytest.mark.deep),
    ],
)
def test_without_workflows(site: Site, mistake: dict[str, tuple[str, ...]]) -> None:
    """Nobody joins or leaves an encrypted list without the plugin that looks at their key; plain lists go on."""
    cris = site.list.person("Cris")
    site.list.certify(cris)
    site.restart(**mistake)
    rest = site.sandbox.rest
    with pytest.raises(RestError, match="Nobody can join or leave"):
        site.list.subscribe(cris)
    (member,) = rest("members/find", {"list_id": site.list.list_id, "subscriber": site.anne.address, "role": "member"})[
        "entries"
    ]
    with pytest.raises(RestError, match="Nobody can join or leave"):
        rest(f"members/{member['member_id']}", method="DELETE")
    rest.subscribe(PLAIN.replace("@", "."), cris.address)
    site.mend()
    site.list.subscribe(cris)


@pytest.mark.parametrize("omit", [("plugin.pgp",), ("plugin.pgp.configuration",)], ids=["section", "configuration"])
def test_installed_half_and_never_started(start_sandbox: StartSandbox, omit: tuple[str, ...]) -> None:
    """Where the plugin never came so far as to make its tables, plain lists go on."""
    sandbox = start_sandbox(omit=omit)
    sandbox.rest.subscribe(sandbox.rest.create_list(PLAIN), PETE)
    sandbox.lmtp_send(
        PETE, PLAIN, f"From: {PETE}\nTo: {PLAIN}\nSubject: Plain\nMessage-ID: <1@plain>\n\nHello\n".encode()
    )
    assert b"Hello" in sandbox.mail_for(PETE)[0].content
    sandbox.wait_until_idle()
    assert sandbox.queue("shunt") == []


def test_doctor_names_every_line(site: Site, tmp_path: Path) -> None:
    """For each missing line the doctor ends with status 2, and says what to write, without a running Mailman."""
    site.sandbox.stop()
    complete = site.sandbox.place.config.read_text()
    for line in REQUIRED_LINES:
        broken = tmp_path / "mailman.cfg"
        kept: list[str] = []
        section = ""
        for text in complete.splitlines():
            section = text.strip("[]") if text.startswith("[") else section
            if section != line.section or not text.startswith(f"{line.option}:"):
                kept.append(text)
        broken.write_text("\n".join(kept))
        done = doctor(broken, "--json")
        assert done.returncode == 2, line
        findings = json.dumps(json.loads(done.stdout))
        value = "" if line.expectation is Expectation.ABSOLUTE_PATH else line.value
        assert f"Put `{line.option}: {value}" in findings
        assert f"[{line.section}]" in findings
