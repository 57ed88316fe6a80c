"""All pages; each is a module of its own, with a template of its own where it has one."""

from __future__ import annotations

from django_pgpmailman.pages import (
    certificate,
    changes,
    directory,
    encrypted_lists,
    encryption,
    held,
    keyring,
    keys,
    list_key,
    member,
    members,
    own_key,
    posts,
    requests,
    settings,
    writing,
)

PAGES = (
    encrypted_lists.PAGE,
    certificate.PAGE,
    writing.PAGE,
    settings.PAGE,
    keys.PAGE,
    own_key.PAGE,
    *requests.PAGES,
    *changes.PAGES,
    *held.PAGES,
    members.PAGE,
    *member.PAGES,
    keyring.PAGE,
    *posts.PAGES,
    list_key.PAGE,
    encryption.PAGE,
    *directory.PAGES,
)
