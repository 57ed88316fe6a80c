"""How long a website shows what is not true any more in Mailman, with its events and without.

    make bench-website [ARGS="--rounds 5 --patience 90"]

One real Mailman, and two websites with stock Postorius and HyperKitty that ask it: one takes its events, the other is as it comes.
"""

from __future__ import annotations

import argparse
import os
import platform
import shutil
import sys
import tempfile
import time
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

from refreshed import Change, Mailman
from refreshed_lists import EncryptedLists
from websites import ServedWebsite

from django_pgpmailman.sandbox.events import settings_for
from mailman_pgp.sandbox import Options, Sandbox, until

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

# As often as core's runners look for something to do where nobody has tuned them.
SLEEP_TIME = "1s"
_LOOK_SECONDS = 0.5


def main() -> int:
    """Measure and print.  Raises TimeoutError when an event has not made the website show what is true."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=5, help="how often each thing is done, with events")
    parser.add_argument("--patience", type=float, default=90, help="seconds after which the stock website is given up")
    options = parser.parse_args()
    root = Path(tempfile.mkdtemp(prefix="mailman-events-bench-"))
    try:
        return _measure(root, options.rounds, options.patience)
    finally:
        shutil.rmtree(root, ignore_errors=True)


def _measure(root: Path, rounds: int, patience: float) -> int:
    print(f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}; median of {rounds}\n")
    told = ServedWebsite(root / "told", with_pgp=True)
    stock = ServedWebsite(root / "stock", with_events=False, with_pgp=True)
    settings = [*settings_for(root / "events.cfg", told.section), f"runner.events.sleep_time={SLEEP_TIME}"]
    try:
        with Sandbox(root / "sandbox", Options(settings=settings)) as sandbox:
            mailmans = [(Mailman(sandbox.rest, number), EncryptedLists(sandbox, number)) for number in range(rounds)]
            told.start_for(sandbox.rest, [email for both in mailmans for each in both for email in each.people])
            stock.start_for(sandbox.rest, [email for each in mailmans[0] for email in each.people])
            changes = [_changes(*both) for both in mailmans]
            until(
                lambda: sandbox.rest("plugins/events/endpoints/web")["waiting"] == 0, "the website told", patience * 2
            )
            stock.catch_up()
            seconds, late = _first_round(changes[0], told, stock, patience)
            for others in changes[1:]:
                for change, found in zip(others, seconds, strict=True):
                    found.append(_do(change, [told], patience)[1])
    finally:
        told.stop()
        stock.stop()
    print(f"{'':48}{'with events, s':>16}{'without, s':>12}   then it takes")
    for change, found, stale in zip(changes[0], seconds, late, strict=True):
        without = f"> {patience:.0f}" if stale is None else f"{stale:.0f}"
        print(f"{change.name:48}{median(found):16.1f}{without:>12}   {change.stock}")
    print(f"\nthe longest with events: {max(map(max, seconds)):.1f} s")
    return 0


def _changes(mailman: Mailman, lists: EncryptedLists) -> Sequence[Change]:
    """What is done."""
    return [*mailman.changes(), *lists.changes()]


def _do(change: Change, websites: Iterable[ServedWebsite], patience: float) -> tuple[float, float]:
    """Do something that the websites do not show yet; when, and the seconds until the first of them shows it."""
    first, *others = websites
    for website in (first, *others):
        if change.shown(website):
            raise SystemExit(f"{change.name}: shown before it was done")
    change.do()
    begun = time.monotonic()
    until(lambda: change.shown(first), f"{change.name}: shown", patience)
    return begun, time.monotonic() - begun


def _first_round(
    changes: Iterable[Change], told: ServedWebsite, stock: ServedWebsite, patience: float
) -> tuple[list[list[float]], list[float | None]]:
    """Seconds with events, and without them; None where patience has ended."""
    done, late = [], {}
    for change in changes:
        begun, seconds = _do(change, [told, stock], patience)
        done.append((change, begun, seconds))
        if change.shown(stock):  # nobody remembers it
            late[change.name] = time.monotonic() - begun
    while any(change.name not in late and time.monotonic() - begun < patience for change, begun, _ in done):
        for change, begun, _ in done:
            if change.name not in late and time.monotonic() - begun < patience and change.shown(stock):
                late[change.name] = time.monotonic() - begun
        time.sleep(_LOOK_SECONDS)
    return [[seconds] for _, _, seconds in done], [late.get(change.name) for change, _, _ in done]


if __name__ == "__main__":
    sys.exit(main())
