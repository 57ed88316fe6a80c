"""Passphrases, however they are given."""

from __future__ import annotations

import pytest

from mailman_pgp.site import passphrases
from mailman_pgp.site.passphrases import PassphraseError


def test_no_text_is_typed() -> None:
    """What a terminal sends that is no UTF-8 is refused with a sentence that shows nothing of it."""
    assert passphrases.typed("größer als sechs Wörter") == "größer als sechs Wörter"
    with pytest.raises(PassphraseError) as caught:
        passphrases.typed("secret \udcff words")
    assert "no text in UTF-8" in str(caught.value)
    assert "secret" not in str(caught.value)
