"""The address that takes events.

    path("mailman-events/", include("mailman_rest_events.django.urls")),

Mailman follows no redirect: `url` in the endpoint's section needs the slash at its end too.
"""

from __future__ import annotations

from django.urls import path

from mailman_rest_events.django.views import receive

app_name = "mailman_events"
urlpatterns = [path("", receive, name="receive")]
