"""The ROOT_URLCONF of a website with us: our pages, all that was there before, and the address for events where there is none yet.

What a web archive would send in the clear is asked about first, and what forms of Postorius name of Mailman's.
"""

from __future__ import annotations

from importlib import import_module

from django.apps import apps
from django.urls import include, path

from django_pgpmailman import joining
from django_pgpmailman.configuration import has_app, load
from django_pgpmailman.stock_views import guarded

_before = import_module(load().root_urls)

urlpatterns = [path("", include("django_pgpmailman.urls")), *joining.patterns(_before), *guarded(_before.urlpatterns)]

# As `mailman_rest_events.django` has it in its own manual.
if apps.is_installed("mailman_rest_events.django") and not has_app(_before.urlpatterns, "mailman_events"):
    urlpatterns.append(path("mailman-events/", include("mailman_rest_events.django.urls")))

# What the project says of errors stays.
globals().update(
    {
        name: value
        for name, value in vars(_before).items()
        if name in {"handler400", "handler403", "handler404", "handler500"}
    }
)
