"""All pages; each is a module of its own, with a template of its own where it has one."""

from __future__ import annotations

from django_pgpmailman.pages import certificate, directory, encrypted_lists, keys, own_key, settings

PAGES = (
    encrypted_lists.PAGE,
    certificate.PAGE,
    settings.PAGE,
    keys.PAGE,
    own_key.PAGE,
    *directory.PAGES,
)
