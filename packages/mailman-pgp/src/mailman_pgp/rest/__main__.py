"""Print the table of all resources that stands in docs/rest.md."""

import click

from mailman_pgp.rest.description import table

if __name__ == "__main__":
    click.echo(table(), nl=False)
