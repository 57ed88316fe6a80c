"""``python -m mailman_pgp.sandbox``: the same as ``mailman-pgp sandbox``."""

from mailman_pgp.sandbox.cli import command

command(prog_name="mailman-pgp sandbox")
