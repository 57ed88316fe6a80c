"""A list that is made with one of our styles is an encrypted one from its first moment, or there is none."""

from __future__ import annotations

import smtplib
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from people import DOMAIN, EncryptedList

from mailman_pgp.sandbox.rest import RestError

if TYPE_CHECKING:
    from collections.abc import Callable

    from conftest import StartSandbox

    from mailman_pgp.sandbox import Sandbox


def by_rest(sandbox: Sandbox, address: str, style: str) -> str:
    """Make a list as the web interface does; what is said when it is not made."""
    said = ""
    try:
        sandbox.rest.create_list(address, style)
    except RestError as error:
        said = str(error)
    assert said.startswith("400: ") or not said
    return said


def by_command(sandbox: Sandbox, address: str, style: str) -> str:
    """Make a list on the command line; what is said when it is not made."""
    done = sandbox.mailman_quickly("create", "--style-name", style, address)
    assert "Traceback" not in done.stderr
    assert bool(done.returncode) is bool(done.stderr)
    return done.stderr


ways = pytest.mark.parametrize("make", [by_rest, by_command])
styles = pytest.mark.parametrize("style", ["pgp-discussion", "pgp-announce"])


def is_not_there(sandbox: Sandbox, address: str) -> bool:
    """Whether Mailman knows no list of this address, by REST, on the command line and at its door."""
    with pytest.raises(RestError, match="404"):
        sandbox.rest(f"lists/{address}")
    text = f"From: pete@example.net\nTo: {address}\nSubject: x\nMessage-ID: <x@x>\n\nIn the clear\n"
    with pytest.raises(smtplib.SMTPRecipientsRefused):
        sandbox.lmtp_send("pete@example.net", address, text.encode())
    return address not in sandbox.command("lists")


def is_encrypted(sandbox: Sandbox, address: str) -> bool:
    """Whether `mailman pgp status` names the list, and it is set to our chain and pipeline."""
    found = sandbox.rest(f"lists/{address}/config")
    assert found["posting_pipeline"] == "pgp-posting-pipeline"
    return f"{address}: " in sandbox.mailman_quickly("pgp", "status", address).stdout


@ways
@styles
def test_an_old_archive_keeps_a_list_from_being_made(
    sandbox: Sandbox, make: Callable[..., str], style: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Where a list of the same name has left its archive, no list is made; the sentence names the archive, without which it
    goes.
    """
    number = EncryptedList.make(sandbox).number
    address = f"again{number}@{DOMAIN}"
    archive = sandbox.place.var / "archives" / "prototype" / address
    (archive / "new").mkdir(parents=True)
    (archive / "new" / "1").write_text("An old post")
    for _ in range(2):
        said = make(sandbox, address, style)
        assert f"The encrypted list {address} was not made." in said
        assert f"An archive holds posts in the clear ({archive})" in said
        assert is_not_there(sandbox, address)
    archive.rename(tmp_path_factory.mktemp("moved") / "archive")
    assert make(sandbox, address, style) == ""
    assert is_encrypted(sandbox, address)


def test_a_misspelt_style_makes_a_plain_list(sandbox: Sandbox) -> None:
    """Core does so by REST without a word, which we can't help; `mailman pgp status` says that the list is not encrypted."""
    address = f"typo{EncryptedList.make(sandbox).number}@{DOMAIN}"
    assert by_rest(sandbox, address, "pgp-discusion") == ""
    done = sandbox.mailman_quickly("pgp", "status", address)
    assert done.returncode == 1
    assert "not an encrypted list" in done.stderr
    assert by_command(sandbox, f"x{address}", "pgp-discusion") != ""


@pytest.mark.parametrize("make", [by_rest, pytest.param(by_command, marks=pytest.mark.deep)])
def test_an_incomplete_plugin_makes_no_list(start_sandbox: StartSandbox, make: Callable[..., str]) -> None:
    """While a line of ``mailman.cfg`` is missing, no list is made; the sentence names the line, with which it goes."""
    sandbox = start_sandbox(omit=("mta.outgoing",))
    sandbox.rest.create_list(f"plain@{DOMAIN}")
    address = f"secret@{DOMAIN}"
    for _ in range(2):
        said = make(sandbox, address, "pgp-discussion")
        assert f"The encrypted list {address} was not made." in said
        assert "Put `outgoing: mailman_pgp.delivery.deliver` into the section [mta]" in said
        assert is_not_there(sandbox, address)
    sandbox.stop()
    sandbox.options = replace(sandbox.options, omit=())
    sandbox.start()
    assert is_not_there(sandbox, address)
    assert make(sandbox, address, "pgp-discussion") == ""
    assert is_encrypted(sandbox, address)
