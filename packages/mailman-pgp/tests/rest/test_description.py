"""The description of REST is true: what it allows is answered as it says, and what it forbids is refused."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from schemathesis import GenerationMode
from schemathesis.checks import CHECKS, load_all_checks

if TYPE_CHECKING:
    from collections.abc import Sequence

    from conftest import Door, MakeCertificate
    from hypothesis.strategies import SearchStrategy

ANNE = "anne@example.com"
BASE = "/3.1/plugins/pgp"
CREDENTIALS = {"Authorization": "Basic cmVzdGFkbWluOnJlc3RwYXNz"}  # as in conftest.py
KNOWN = {
    "list": "ant.example.com",
    "address": ANNE,
    "token": "0" * 40,
    "domain": "example.com",
    "hash": "c16omsrtejmgntfhhj9w1bfdrmcpu4bs",  # of "ant"
    "number": "1",
    "message_id": "<1@x>",
}
WAITS = ("{token}", "{number}", "{message_id}", "/enabling")  # nothing is there that could be looked at
ANSWERS = (
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_headers_conformance",
    "response_schema_conformance",
)
# Of many examples some are wrong only until they are written as a query or a form, in which nothing is left of what was wrong.
REFUSALS = "negative_data_rejection"


@pytest.fixture
def described(application: Any, door: Door, encrypted: str, make: MakeCertificate) -> Any:
    """The description, and behind it a list with a certificate."""
    load_all_checks()
    door.good("POST", f"{encrypted}/certificates", {"address": ANNE, "certificate": make()[1]})
    return schemathesis.openapi.from_wsgi(f"{BASE}/openapi.json", application, headers=CREDENTIALS)


def tried(strategy: SearchStrategy[Any], examples: int, checked: Sequence[str]) -> set[int]:
    """Send what a strategy makes up, and check each answer; their statuses."""
    statuses: set[int] = set()

    @settings(
        max_examples=examples,
        database=None,
        derandomize=True,
        suppress_health_check=list(HealthCheck),
    )
    @given(case=strategy)
    def one(case: Any) -> None:
        response = case.call(headers=CREDENTIALS)
        case.validate_response(response, checks=CHECKS.get_by_names(checked))
        statuses.add(response.status_code)

    one()
    return statuses


def all_tried(described: Any, examples: int, checked: Sequence[str] = ANSWERS) -> dict[str, set[int]]:
    """Try each operation with what it takes and with what it does not take, at a list that is there and at others."""
    operations = [found.ok() for found in described.get_all_operations()]
    operations.sort(key=lambda operation: operation.method == "delete")  # nothing is left then
    statuses: dict[str, set[int]] = {}
    for operation in operations:
        known = {parameter.name: KNOWN[parameter.name] for parameter in operation.path_parameters}
        for mode in GenerationMode:
            for path in ({}, {"path_parameters": known}) if known else ({},):
                found = tried(operation.as_strategy(mode, **path), examples, checked)
                statuses.setdefault(operation.label, set()).update(found)
    return statuses


def test_each_operation(described: Any) -> None:
    """Each is tried in each way, and those that only look succeed at what is there."""
    statuses = all_tried(described, 1, (*ANSWERS, REFUSALS))
    assert len(statuses) > 20
    for label, found in statuses.items():
        if label.startswith("GET ") and not any(name in label for name in WAITS):
            assert 200 in found, label


@pytest.mark.deep
def test_each_operation_often(described: Any) -> None:
    """Each is tried many times."""
    assert len(all_tried(described, 30)) > 20


def test_all_resources_are_described(door: Door) -> None:
    """No resource and no method of one is left out."""
    from mailman_pgp.rest.operations import operations_of  # noqa: PLC0415 - after the fixtures of core
    from mailman_pgp.rest.root import RESOURCES  # noqa: PLC0415

    paths = door.get("/openapi.json")["paths"]
    assert {path: set(found) - {"parameters"} for path, found in paths.items()} == {
        f"/{path}": set(operations_of(resource)) for path, resource in RESOURCES.items()
    }


def test_manual(core: Any) -> None:  # noqa: ARG001 - core must be initialised
    """The manual's table is that of the resources."""
    from mailman_pgp.rest.description import table  # noqa: PLC0415
    from mailman_pgp.rest.root import RESOURCES  # noqa: PLC0415

    manual = (Path(__file__).parents[4] / "docs" / "rest.md").read_text()
    shown = manual.partition("<!-- made of")[2].partition("-->\n")[2].partition("<!-- end -->")[0]
    assert shown == table(RESOURCES), "`python -m mailman_pgp.rest` prints the table as it is now"
