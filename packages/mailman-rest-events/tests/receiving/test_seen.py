"""What a receiver remembers in memory."""

from __future__ import annotations

from mailman_rest_events.receiving.seen import Seen


def test_remembers() -> None:
    """What was added is seen."""
    seen = Seen()
    assert "evt_1" not in seen
    seen.add("evt_1")
    seen.add("evt_1")
    assert "evt_1" in seen
    assert len(seen) == 1


def test_bounded() -> None:
    """It holds so many; the one that was added longest ago goes first, also when it was the first once."""
    seen = Seen(3)
    for number in (1, 2, 3, 1, 4):
        seen.add(f"evt_{number}")
    assert [number for number in range(5) if f"evt_{number}" in seen] == [1, 3, 4]
    assert len(seen) == 3
