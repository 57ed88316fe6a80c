"""What becomes of a post for each reason is chosen at the command line."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from mailman_pgp.posts.policy import POLICIES, Action

if TYPE_CHECKING:
    from conftest import CommandLine


def test_each_action(encrypted: Any, run: CommandLine) -> None:
    """Each that a setting takes is shown afterwards, and `default` takes it back."""
    for policy in POLICIES:
        for word in policy.choices:
            run.ok("set", encrypted.list_id, f"{policy.setting}={word}")
            assert f"{policy.setting} = {word}" in run.ok("set", encrypted.list_id)
        run.ok("set", encrypted.list_id, f"{policy.setting}=default")
        assert run.json("set", encrypted.list_id)["settings"][policy.setting]["value"] == policy.default


@pytest.mark.parametrize("word", [*Action, "forward", ""])
def test_what_is_no_action(encrypted: Any, run: CommandLine, word: str) -> None:
    """What a setting does not take ends with a sentence of what it takes, and nothing else of the command is done."""
    before = run.json("set", encrypted.list_id)["settings"]
    for policy in POLICIES:
        if word not in policy.choices:
            sentence = run.refused("set", encrypted.list_id, f"{policy.setting}={word}", "footer_note=no", status=2)
            assert f"{policy.setting} takes `{policy.choices[0]}`" in " ".join(sentence.split())
    assert run.json("set", encrypted.list_id)["settings"] == before
