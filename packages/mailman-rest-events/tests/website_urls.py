"""The addresses of the website, as mailman-web has them, and the one for events."""

from __future__ import annotations

from django.urls import include, path

urlpatterns = [
    path("mailman-events/", include("mailman_rest_events.django.urls")),
    path("mailman3/", include("postorius.urls")),
    path("archives/", include("hyperkitty.urls")),
    path("", include("django_mailman3.urls")),
    path("accounts/", include("allauth.urls")),
]
