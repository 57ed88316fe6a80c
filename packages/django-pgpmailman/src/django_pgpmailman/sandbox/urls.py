"""The addresses of the website, as mailman-web has them, and the one for events where it takes any."""

from __future__ import annotations

from django.apps import apps
from django.contrib import admin
from django.urls import include, path, reverse_lazy
from django.views.generic import RedirectView

from django_pgpmailman.sandbox.project import EVENTS_PATH

urlpatterns = [
    path("", RedirectView.as_view(url=reverse_lazy("list_index"))),
    path("mailman3/", include("postorius.urls")),
    path("archives/", include("hyperkitty.urls")),
    path("", include("django_mailman3.urls")),
    path("accounts/", include("allauth.urls")),
    path("admin/", admin.site.urls),
]
if apps.is_installed("mailman_rest_events.django"):
    urlpatterns.append(path(EVENTS_PATH, include("mailman_rest_events.django.urls")))
