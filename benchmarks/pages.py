"""What the website's pages cost for a list of many members, beside one of few.

    make bench-pages [ARGS="--members 20000 --times 5"]

One real Mailman with two encrypted lists, on SQLite, and the website in this process, which asks it by REST.
"""

from __future__ import annotations

import argparse
import os
import platform
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

from visiting import visited

from mailman_pgp.lists.directory import hashed
from mailman_pgp.sandbox import Options, Sandbox

if TYPE_CHECKING:
    from collections.abc import Callable

    from visiting import Site, Visitor

FEW = 200
DOMAIN = "lists.example.com"
#: A page of a hundred times the members may take so many times as long.
GOAL = 10.0
_STATES = ("served", "unserved", "no-certificate", "expired", "revoked", "expiring", "digest-mode", "delivery-off")
_PEOPLE = 50  # on a page


def main() -> int:
    """Measure and print; the status is 1 when the goal is missed."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--members", type=int, default=20_000)
    parser.add_argument("--times", type=int, default=5, help="how often each page is asked for")
    options = parser.parse_args()
    root = Path(tempfile.mkdtemp(prefix="mailman-pages-bench-"))
    try:
        with Sandbox(root / "sandbox", Options()) as sandbox:
            for name, members in (("few", FEW), ("many", options.members)):
                sandbox.rest.create_list(f"{name}@{DOMAIN}", "pgp-discussion")
                _populate(sandbox, f"{name}@{DOMAIN}", members)
            worst = max(_measure(site, options.members, options.times) for site in visited(sandbox))
    finally:
        shutil.rmtree(root, ignore_errors=True)
    return 0 if worst <= GOAL else 1


def _measure(site: Site, members: int, times: int) -> float:
    """Print what each page takes of both lists; the greatest ratio."""
    print(f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}; median of {times}\n")
    print(f"{'':40}{f'{FEW} members, ms':>20}{f'{members} members, ms':>20}   ratio")
    admin = site.visitor("admin@example.net", superuser=True)
    ratios = []
    for name, path in _pages(members).items():
        few, many = (_milliseconds(admin, path(which), times) for which in ("few", "many"))
        ratios.append(many / few)
        print(f"{name:40}{few:20.0f}{many:20.0f}{many / few:8.1f}")
    return max(ratios)


def _pages(members: int) -> dict[str, Callable[[str], str]]:
    """The path of each page, of a list by its name."""

    def last(which: str) -> int:
        return -(-(FEW if which == "few" else members) // _PEOPLE)

    def of(rest: str) -> Callable[[str], str]:
        return lambda which: f"/pgp/lists/{which}.{DOMAIN}/{rest}"

    return {
        "list's page in Postorius": lambda which: f"/mailman3/lists/{which}.{DOMAIN}/",
        "settings": of("settings"),
        "encryption": of("encryption"),
        "posts": of("posts"),
        "members, first page": of("members"),
        "members, last page": lambda which: of(f"members?page={last(which)}")(which),
        **{f"members, {state}": of(f"members?state={state}") for state in _STATES},
        "members, somebody by name": of("members?find=member+1"),
        "a member": of("members/member7@example.com"),
        "Web Key Directory": lambda which: f"/.well-known/openpgpkey/{DOMAIN}/hu/{hashed(which)}",
    }


def _milliseconds(visitor: Visitor, path: str, times: int) -> float:
    """How long the page takes; a first time, at which somebody may still learn something, is not counted."""
    taken = []
    for _ in range(times + 1):
        begun = time.perf_counter()
        page = visitor.get(path)
        taken.append((time.perf_counter() - begun) * 1000)
        if page.status != 200:
            raise SystemExit(f"{path}: {page.status}")
    return median(taken[1:])


def _populate(sandbox: Sandbox, address: str, members: int) -> None:
    script = Path(__file__).with_name("populate.py")
    subprocess.run([sys.executable, str(script), str(sandbox.place.config), address, str(members)], check=True)


if __name__ == "__main__":
    sys.exit(main())
