"""Which words are a yes or a no."""

import pytest

from mailman_pgp.mime import Said, is_no, is_yes

CODE = "k3v9q1x7m5z2w8r4t6y0"


@pytest.mark.parametrize(
    "line",
    [
        "YES",
        "Yes!",
        "*yes*",
        " ok. ",
        "Okay,",
        "confirm",
        "Confirmed.",
        "Ja",
        "oui",
        "Oui !",
        "si",
        "SÍ",
        "Si\u0301",
        "sim",
        "tak",
        "Да",
        "はい。",
        "是",
        f"confirm {CODE}",
        f"Confirm  {CODE}.",
        "\ufeffyes",
    ],
)
def test_yes(line: str) -> None:
    """A line that is one affirmative word affirms, alone or with a code; the first word that is known decides."""
    assert is_yes(Said("", ("Hello", line, "no"), ""))
    assert not is_no(Said("", ("Hello", line, "no"), ""))


@pytest.mark.parametrize("line", ["no", "Nein!", "non", "nao", "NÃO", "nie", "Нет", "cancel", "Stop.", f"no {CODE}"])
def test_no(line: str) -> None:
    """A line that is one negative word declines."""
    assert is_no(Said("", ("Hello", line, "yes"), ""))
    assert not is_yes(Said("", ("Hello", line, "yes"), ""))


@pytest.mark.parametrize(
    "line",
    [
        "yes?",
        "yes please",
        "not yes",
        "yes, no",
        "ok then",
        "yes no",
        f"confirm {CODE} {CODE}",
        f"{CODE} yes",
        CODE,
        "confirm short",
        f"confirm not-{CODE}",
        "yesyes",
        "y e s",
        "",
        "yes" * 1000,
        "-yes",
        ">yes",
    ],
)
def test_neither(line: str) -> None:
    """A line that holds more than the word, or another one, says neither."""
    assert not is_yes(Said("yes", (line,), "yes"))
    assert not is_no(Said("no", (line,), "no"))
