"""What the documents name as shown by a test is shown by one that is there."""

from __future__ import annotations

import ast
import functools
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
DOCS = ROOT / "docs"
_TEST = re.compile(r"`([\w./-]+\.py)::(test_\w+)(?:\[([\w.-]+)\])?`")
_ROW = re.compile(r"^\|(.+)\|$", re.MULTILINE)


@functools.cache
def functions(path: Path) -> set[str]:
    """The tests in a file."""
    return {found.name for found in ast.parse(path.read_text()).body if isinstance(found, ast.FunctionDef)}


def tables_with_tests(text: str) -> list[list[str]]:
    """The cells of each row of the tables whose last column is that of the tests."""
    rows, within = [], False
    for line in text.splitlines():
        cells = [cell.strip() for cell in line.strip("|").split(" | ")] if line.startswith("|") else []
        if within and cells and not set(cells[0]) <= set("- "):
            rows.append(cells)
        within = bool(cells) and (within or cells[-1].strip() == "test")
    return rows


@pytest.mark.parametrize("document", sorted(path.name for path in DOCS.glob("*.md")))
def test_named_tests_are_there(document: str) -> None:
    """Each test that a document names is a function in that file; of one of its cases, the file has the name."""
    text = (DOCS / document).read_text()
    for file, function, case in _TEST.findall(text):
        assert function in functions(ROOT / file), f"{file} has no {function}"
        assert not case or f'"{case}"' in (ROOT / file).read_text(), f"{file} has no case {case}"
    assert "::" not in _TEST.sub("", text), "A test is named as `FILE::FUNCTION`, with the path from the root."


def test_each_attack_has_a_test() -> None:
    """Whatever the threat model says that it protects against is carried out by a test."""
    protected = (DOCS / "threat-model.md").read_text().partition("## Protected")[2].partition("\n## ")[0]
    attacks = protected.split("\n- **")[1:]
    assert len(attacks) > 30
    assert [attack.partition("**")[0] for attack in attacks if not _TEST.search(attack)] == []


@pytest.mark.parametrize(("document", "rows"), [("what-leaves.md", 40), ("posts.md", 7)])
def test_each_row_has_a_test(document: str, rows: int) -> None:
    """Each way by which mail leaves or is kept, and each sort of bad input."""
    found = tables_with_tests((DOCS / document).read_text())
    assert len(found) >= rows
    assert [cells[0] for cells in found if not _TEST.search(cells[-1])] == []
