"""What a process keeps is bounded by what it costs, and of use also where there is more than it has room for."""

from __future__ import annotations

import pytest

from mailman_pgp.openpgp import Kept


def asked(kept: Kept[str, object], keys: list[str], *, cost: int = 10) -> int:
    """Ask for all of these in order, and put in what is not there; how many were."""
    found = 0
    for key in keys:
        if kept.get(key) is None:
            kept.put(key, object(), cost)
        else:
            found += 1
    return found


def of(list_name: str, members: int) -> list[str]:
    """The members of a list."""
    return [f"{list_name}{number}" for number in range(members)]


@pytest.fixture
def kept() -> Kept[str, object]:
    """It has room for a hundred."""
    return Kept(1000)


def test_as_many_as_there_is_room_for(kept: Kept[str, object]) -> None:
    """All are found the second time."""
    assert [asked(kept, of("ant", 100)) for _ in range(3)] == [0, 100, 100]


@pytest.mark.parametrize(("members", "least"), [(101, 90), (200, 85), (400, 70)])
def test_more_than_there_is_room_for(kept: Kept[str, object], members: int, least: int) -> None:
    """Who asks for all of them in one order, again and again, finds most of what there is room for."""
    asked(kept, of("ant", members))
    for _ in range(10):
        assert asked(kept, of("ant", members)) >= least


def test_what_nobody_asks_for_goes(kept: Kept[str, object]) -> None:
    """Another list comes in, though slowly, when the one that was kept is not written to any more."""
    asked(kept, of("ant", 100))
    found = [asked(kept, of("bee", 50)) for _ in range(60)]
    assert found[0] == 0
    assert found[-1] > 45


def test_what_is_asked_for_stays(kept: Kept[str, object]) -> None:
    """Who comes in takes the place of what was not asked for longest."""
    asked(kept, of("ant", 100))
    for _ in range(60):
        asked(kept, of("ant", 50))
        asked(kept, of("bee", 50))
    assert asked(kept, of("ant", 50)) == 50


def test_the_cost_is_bounded(kept: Kept[str, object]) -> None:
    """Whatever comes, in place of what, it costs no more than there is room; what alone would is not kept."""
    for number in range(500):
        kept.put(f"{number % 37}", object(), 7 * (number % 100))
        assert kept._cost == sum(cost for _, cost in kept._values.values()) <= 1000
    kept.put("0", object(), 1001)
    assert kept.get("0") is None


def test_a_newer_value_takes_the_place_of_the_one_before(kept: Kept[str, object]) -> None:
    """Also where there is no room for more, and it costs more: the one before is never met again."""
    asked(kept, of("ant", 100))
    newer = object()
    kept.put("ant7", newer, 30)
    assert kept.get("ant7") is newer
    assert kept._cost <= 1000
