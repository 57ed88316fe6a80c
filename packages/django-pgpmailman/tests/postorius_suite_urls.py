"""The addresses of the website that Postorius' own tests are about, as in its example project."""

from __future__ import annotations

from django.contrib import admin
from django.urls import include, path
from django.views.defaults import server_error

urlpatterns = [
    path("postorius/", include("postorius.urls")),
    path("", include("django_mailman3.urls")),
    path("accounts/", include("allauth.urls")),
    path("admin/", admin.site.urls),
    path("500", server_error),
]
