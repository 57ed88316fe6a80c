"""What becomes of a post for each reason is chosen by REST; what a setting does not take has a sentence, and changes nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from mailman_pgp.posts.policy import POLICIES, Action

if TYPE_CHECKING:
    from conftest import Door


def test_each_action(door: Door, encrypted: str) -> None:
    """Each that a setting takes, as a form and as JSON, in any case in a form; no other; and `default` takes it back."""
    described = {one["name"]: one for one in door.get("/settings")["settings"]}
    for policy in POLICIES:
        name, shown = policy.setting, described[policy.setting]
        assert (shown["choices"], shown["default"]) == (list(policy.choices), policy.default)
        for action in Action:
            for more in ({"form": {name: action.upper()}}, {"json": {name: action}}):
                if action in policy.choices:
                    assert door.good("PATCH", encrypted, **more).json["settings"][name] == action
                    continue
                sentence = door.refused(400, "PATCH", encrypted, **more)
                assert sentence.startswith(f"{name} takes `{policy.choices[0]}`")
                assert all(f"`{choice}`" in sentence for choice in policy.choices)
                assert f"`{action}`" not in sentence
        before = door.get(encrypted)["settings"][name]
        assert before == [action for action in Action if action in policy.choices][-1]
        assert door.good("PATCH", encrypted, {name: "default"}).json["settings"][name] == policy.default


@pytest.mark.parametrize("value", ["", "forward", "hold,reject", "0", "reject\0", "x" * 10_000])
def test_what_is_no_action(door: Door, encrypted: str, value: str) -> None:
    """It is refused with a sentence, and nothing else of the request is done."""
    before = door.get(encrypted)["settings"]
    for policy in POLICIES:
        sentence = door.refused(400, "PATCH", encrypted, {"footer_note": "no", policy.setting: value})
        assert policy.setting in sentence
        assert len(sentence) < 500
    assert door.get(encrypted)["settings"] == before


@pytest.mark.parametrize("value", [None, True, 1, 1.5, ["reject"], {"reject": 1}])
def test_what_is_no_word(door: Door, encrypted: str, value: object) -> None:
    """Neither is what JSON has beside texts."""
    for policy in POLICIES:
        assert policy.setting in door.refused(400, "PATCH", encrypted, json={policy.setting: value})
    assert door.get(encrypted)["settings"].items() >= {policy.setting: policy.default for policy in POLICIES}.items()
