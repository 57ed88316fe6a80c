"""``mailman-pgp check``: the doctor's command line."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import click

from mailman_pgp.cli.options import CONFIG
from mailman_pgp.site import doctor

if TYPE_CHECKING:
    from pathlib import Path


@click.command("check")
@CONFIG
@click.option("--json", "as_json", is_flag=True, help="Write one JSON object instead of text.")
@click.pass_context
def command(ctx: click.Context, config: Path | None, *, as_json: bool) -> None:
    """Look for what is wrong with this site, and name the mends.

    Works when Mailman does not start, and changes nothing.  Run it as root or as the user that runs Mailman.

    The exit status is made for monitoring: 0 all is well (there may be notes), 1 there are warnings, 2 there are errors,
    which keep encrypted lists from working.
    """
    report = doctor.examine(config)
    click.echo(json.dumps(report.to_json(), indent=2) if as_json else report.to_text())
    ctx.exit(int(report.status))
