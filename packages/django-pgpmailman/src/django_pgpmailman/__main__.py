"""``python -m django_pgpmailman``, with the settings of a website: print the table of its pages for the manual."""

from __future__ import annotations

import sys

import django

if __name__ == "__main__":
    django.setup()
    from django_pgpmailman.manual import table
    from django_pgpmailman.pages import PAGES

    sys.stdout.write(table(PAGES))
