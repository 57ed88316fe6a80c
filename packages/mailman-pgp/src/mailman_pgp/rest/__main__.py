"""Print the table of all resources that stands in docs/rest.md."""

import click

from mailman_pgp.rest.description import table
from mailman_pgp.rest.root import RESOURCES

if __name__ == "__main__":
    click.echo(table(RESOURCES), nl=False)
