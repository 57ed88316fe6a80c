"""The addresses of the website, as mailman-web has them, and the one for events where it takes any."""

from __future__ import annotations

from django.apps import apps
from django.contrib import admin
from django.urls import include, path

urlpatterns = [
    path("mailman3/", include("postorius.urls")),
    path("archives/", include("hyperkitty.urls")),
    path("", include("django_mailman3.urls")),
    path("accounts/", include("allauth.urls")),
    path("admin/", admin.site.urls),
]
if apps.is_installed("mailman_rest_events.django"):
    urlpatterns.append(path("mailman-events/", include("mailman_rest_events.django.urls")))
