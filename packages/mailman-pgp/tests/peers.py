"""Other programs that tests compare us with, or visit us with: found, or visibly skipped, or (where all must be there) failed."""

from __future__ import annotations

import os
import shutil

import pytest

# Set by continuous integration, where a missing program must not hide behind a skip.
REQUIRE_VARIABLE = "MAILMAN_PGP_REQUIRE_PEERS"

# The program's Debian package, where it has another name.
PACKAGES = {"gpg": "gnupg", "rnp": "rnp", "rnpkeys": "rnp"}


def peer(program: str) -> str:
    """The path of `program`; without it the calling test or fixture is skipped, or fails where peers are required."""
    path = shutil.which(program)
    if path is not None:
        return path
    reason = f"{program} is not installed (Debian: apt install {PACKAGES.get(program, program)})"
    if os.environ.get(REQUIRE_VARIABLE, "") not in ("", "0"):
        pytest.fail(reason, pytrace=False)
    pytest.skip(reason)
