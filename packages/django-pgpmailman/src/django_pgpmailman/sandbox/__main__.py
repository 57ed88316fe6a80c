"""``python -m django_pgpmailman.sandbox``: the command line."""

from __future__ import annotations

import sys

try:
    from django_pgpmailman.sandbox.cli import main
except ModuleNotFoundError as error:
    sys.exit(
        f"{error.name} is not installed here. A sandbox with its website needs all packages of this repository, and HyperKitty: "
        "pip install 'django-pgpmailman[sandbox]'. One without the website: mailman-pgp sandbox."
    )

main(prog_name="python -m django_pgpmailman.sandbox")
