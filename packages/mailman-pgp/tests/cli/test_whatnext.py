"""What `make serve` tells people to type."""

from __future__ import annotations

import json
import subprocess
import sys

PLACE = {
    "lmtp": {"host": "127.0.0.1", "port": 8024},
    "smtp": {"host": "127.0.0.1", "port": 8025},
    "rest": {"url": "http://127.0.0.1:8001/3.1", "user": "restadmin", "password": "pass"},
    "config": "/a dir/mailman.cfg",
    "mail": "/a dir/mail",
    "logs": "/a dir/logs",
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
