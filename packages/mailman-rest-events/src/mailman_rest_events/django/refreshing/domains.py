"""Domains, and the sites of Django to which they belong."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib.sites.models import Site
from django_mailman3.models import MailDomain

from mailman_rest_events.django.refreshing import asking

if TYPE_CHECKING:
    from mailman_rest_events.receiving.verifying import Event


def created(event: Event, **_kwargs: Any) -> None:
    """A new domain belongs to the site, where there is one only; to which of several, a person says in Postorius."""
    name, sites = asking.text(event, "domain"), Site.objects.all()[:2]
    if len(sites) == 1 and asking.domain(name) is not None:
        MailDomain.objects.get_or_create(mail_domain=name, defaults={"site": sites[0]})


def deleted(event: Event, **_kwargs: Any) -> None:
    """A domain that is gone belongs to none, unless it was made anew."""
    name = asking.text(event, "domain")
    if asking.domain(name) is None:
        MailDomain.objects.filter(mail_domain=name).delete()
