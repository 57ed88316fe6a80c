"""What `make serve` tells people to type."""

from __future__ import annotations

import json
import shlex
import subprocess
import sys
from pathlib import Path

from mailman_pgp.cli.whatnext import text

PLACE = {
    "lmtp": {"host": "127.0.0.1", "port": 8024},
    "smtp": {"host": "127.0.0.1", "port": 8025},
    "rest": {"url": "http://127.0.0.1:8001/3.1", "user": "restadmin", "password": "pass"},
    "config": "/a dir/mailman.cfg",
    "mail": "/a dir/mail",
    "logs": "/a dir/logs",
}


WEB = {
    "url": "http://127.0.0.1:8000/",
    "password": "word",
    "people": [{"address": "mona@example.net", "who": "Mona, who moderates"}],
    "pages": [{"url": "http://127.0.0.1:8000/pgp/", "as": "mona@example.net", "shown": "what waits"}],
    "joins": {"address": "nils@example.net", "certificate": "/a dir/nils.asc"},
    "read": ["/a dir/python", "-m", "mail"],
}


def test_announcement_becomes_a_text_and_other_lines_pass() -> None:
    """The line of JSON becomes commands for this very sandbox, quoted for the shell; other output passes."""
    done = subprocess.run(
        [sys.executable, "-m", "mailman_pgp.cli.whatnext"],
        input=f"hello\n{json.dumps(PLACE)}\nbye\n",
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.startswith("hello\n")
    assert done.stdout.endswith("bye\n")
    assert "pgp enable team@example.com" in done.stdout
    assert "check --config '/a dir/mailman.cfg'" in done.stdout
    assert "127.0.0.1 port 8024" in done.stdout
    assert "curl -u restadmin:pass http://127.0.0.1:8001/3.1/lists" in done.stdout
    assert "website" not in done.stdout


def test_website() -> None:
    """Where the sandbox has a website, its address, the people, the pages and how to read mail are said."""
    said = text(PLACE | {"web": WEB}, Path("/bin"), as_root=False)
    assert "http://127.0.0.1:8000/, for this machine alone" in said
    assert "the password word\n" in said
    assert "    mona@example.net  Mona, who moderates\n" in said
    assert "    mona@example.net: what waits\n        http://127.0.0.1:8000/pgp/\n" in said
    (alias,) = [line for line in said.splitlines() if "alias mail-of=" in line]
    (given,) = shlex.split(alias)[1:]
    assert shlex.split(given.partition("=")[2]) == WEB["read"]
    assert "'/a dir/nils.asc'" in said
