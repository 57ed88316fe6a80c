"""All pages; each is a module of its own, with a template of its own where it has one."""

from __future__ import annotations

from django_pgpmailman.pages import (
    certificate,
    directory,
    encrypted_lists,
    encryption,
    keyring,
    list_key,
    member,
    members,
    posts,
    settings,
)

PAGES = (
    encrypted_lists.PAGE,
    certificate.PAGE,
    settings.PAGE,
    members.PAGE,
    *member.PAGES,
    keyring.PAGE,
    *posts.PAGES,
    list_key.PAGE,
    encryption.PAGE,
    *directory.PAGES,
)
