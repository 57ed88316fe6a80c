"""Our own pages, by their addresses."""

from __future__ import annotations

from django.urls import register_converter

from django_pgpmailman.addresses import MailAddress
from django_pgpmailman.lists import ListID
from django_pgpmailman.own_addresses import OwnAddress
from django_pgpmailman.pages import PAGES

app_name = "pgpmailman"

register_converter(ListID, "list")
register_converter(OwnAddress, "own")
register_converter(MailAddress, "address")

urlpatterns = [page.pattern for page in PAGES]
