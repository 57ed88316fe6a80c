"""Options that several commands of `mailman-pgp` have."""

from __future__ import annotations

from pathlib import Path

import click

#: Where Mailman's configuration is.  For a click command, which gets `config: Path | None`.
CONFIG = click.option(
    "--config",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Mailman's configuration file.  Default: the one that Mailman itself would find.",
)
