"""Through the real `mailman` script, whose transaction surrounds each command."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from keys import forge_usable

from mailman_pgp import openpgp
from mailman_pgp.sandbox import Options, Sandbox

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    with Sandbox(tmp_path_factory.mktemp("sandbox"), Options()) as running:
        yield running


@pytest.mark.deep
def test_a_list_from_the_beginning(sandbox: Sandbox) -> None:
    """What one command does the next one finds, and a status of 1 neither hides the output nor takes anything back."""
    list_id = sandbox.rest.create_list("ant@script.example.com")
    for name in ("anne", "bart"):
        sandbox.rest.subscribe(list_id, f"{name}@script.example.com")
    enabled = sandbox.mailman("pgp", "enable", list_id)
    assert enabled.returncode == 0, enabled.stderr
    made = forge_usable("<anne@script.example.com>")
    certificate = openpgp.armor(made.public, "PGP PUBLIC KEY BLOCK").decode()
    added = sandbox.mailman("pgp", "certificate", "add", list_id, "anne@script.example.com", stdin=certificate)
    assert added.returncode == 0, added.stderr
    refused = sandbox.mailman("pgp", "certificate", "add", list_id, "bart@script.example.com", stdin=certificate)
    assert refused.returncode == 1
    assert "Traceback" not in refused.stderr
    status = sandbox.mailman("pgp", "status", list_id, "--json")
    assert status.returncode == 1, status.stderr
    answer: dict[str, Any] = json.loads(status.stdout)
    (found,) = answer["lists"]
    assert answer["healthy"] is True, answer["problems"]
    assert [person["address"] for person in found["unserved"]] == ["bart@script.example.com"]
    helped = sandbox.mailman("pgp", "--help")
    assert helped.returncode == 0
    assert "Look after encrypted mailing lists" in helped.stdout


@pytest.mark.deep
def test_a_forgotten_line(sandbox: Sandbox, tmp_path: Path) -> None:
    """With a line of mailman.cfg missing, the status says which one, and no list is turned into an encrypted one."""
    list_id = sandbox.rest.create_list("bee@script.example.com")
    lines = sandbox.place.config.read_text().splitlines(keepends=True)
    kept = [line for line in lines if not line.startswith("outgoing:")]
    assert len(kept) == len(lines) - 1
    half = tmp_path / "mailman.cfg"
    half.write_text("".join(kept))
    # The last of two -C counts.
    status = sandbox.mailman("-C", str(half), "pgp", "status")
    assert status.returncode == 1
    assert "Put `outgoing: mailman_pgp.delivery.deliver` into the section [mta]" in status.stdout
    refused = sandbox.mailman("-C", str(half), "pgp", "enable", list_id)
    assert refused.returncode == 1
    assert "not healthy" in refused.stderr
    assert "is not an encrypted list" in sandbox.mailman("pgp", "status", list_id).stderr
