"""The pictures of the README: each is there, small, and said in words to who does not see it."""

from __future__ import annotations

import re
from pathlib import Path

_ROOT = Path(__file__).parents[3]
_MOST_BYTES = 150_000


def test_pictures() -> None:
    """What the README shows is what `make pictures` takes, and nothing else lies there."""
    shown = re.findall(r"!\[([^]]*)\]\((docs/pictures/[^)]+)\)", (_ROOT / "README.md").read_text())
    assert {path for _, path in shown} == {
        str(path.relative_to(_ROOT)) for path in (_ROOT / "docs" / "pictures").glob("*.png")
    }
    script = (_ROOT / "docs" / "pictures" / "take.py").read_text()
    for words, path in shown:
        picture = (_ROOT / path).read_bytes()
        assert picture.startswith(b"\x89PNG")
        assert len(picture) < _MOST_BYTES
        assert len(words.split()) > 10
        assert f'"{Path(path).name}"' in script
