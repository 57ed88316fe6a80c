"""The ROOT_URLCONF of a website with us: our pages, and all that was there before."""

from __future__ import annotations

from importlib import import_module

from django.urls import include, path

from django_pgpmailman import joining
from django_pgpmailman.configuration import load

_before = import_module(load().root_urls)

urlpatterns = [path("", include("django_pgpmailman.urls")), *joining.patterns(_before), *_before.urlpatterns]

# What the project says of errors stays.
globals().update(
    {
        name: value
        for name, value in vars(_before).items()
        if name in {"handler400", "handler403", "handler404", "handler500"}
    }
)
