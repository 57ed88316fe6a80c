"""What `manage.py check` says of us.  What asks Mailman waits for `check --deploy`: a website starts also while Mailman is away."""

from __future__ import annotations

from typing import Any

from django.apps import apps
from django.conf import settings
from django.core.cache import caches
from django.core.cache.backends.locmem import LocMemCache
from django.core.checks import CheckMessage, Error, register
from django.core.checks import Warning as Caution

from django_pgpmailman import core, key_check
from django_pgpmailman.configuration import ConfigurationError, load
from django_pgpmailman.stock_views import is_guarded
from mailman_pgp_client import RefusedError

_SECONDS = 3.0
_TAG = "pgpmailman"
_GUARD = (
    'Write into the settings ROOT_URLCONF = "django_pgpmailman.site_urls"; or, where it must be your own, close it with '
    "urlpatterns = django_pgpmailman.stock_views.guarded(urlpatterns)."
)


def install() -> None:
    """Let Django call the checks."""
    for check in (order, root, archive, names, cache, openpgp):
        register(check, _TAG)
    register(plugin, _TAG, deploy=True)


def order(**_kwargs: Any) -> list[CheckMessage]:
    """Our templates are found before those of Postorius, which they extend."""
    names = [config.name for config in apps.get_app_configs()]
    missing = [name for name in ("postorius", "django_mailman3", "allauth.account") if name not in names]
    if missing:
        return [
            Error(
                f"Encrypted lists are shown beside Postorius, and there is no {missing[0]} in INSTALLED_APPS.",
                hint="Install Postorius first, as its manual says; or take django_pgpmailman out of INSTALLED_APPS.",
                id="pgpmailman.E001",
            )
        ]
    earlier = [name for name in ("postorius", "hyperkitty") if name in names[: names.index("django_pgpmailman")]]
    if not earlier:
        return []
    return [
        Error(
            f"django_pgpmailman stands behind {' and '.join(earlier)} in INSTALLED_APPS, so stock pages don't say that a list is "
            "encrypted, and archives show forms whose text is not taken.",
            hint='Put it before: INSTALLED_APPS = ["django_pgpmailman", *INSTALLED_APPS].',
            id="pgpmailman.E002",
        )
    ]


def root(**_kwargs: Any) -> list[CheckMessage]:
    """Our pages have addresses."""
    try:
        load()
    except ConfigurationError as error:
        return [Error(str(error), id="pgpmailman.E003")]
    if settings.ROOT_URLCONF == "django_pgpmailman.site_urls" or _is_included():
        return []
    return [
        Error(
            "The pages of encrypted lists have no addresses.",
            hint='Write into the settings ROOT_URLCONF = "django_pgpmailman.site_urls"; all addresses of before are in it.',
            id="pgpmailman.E004",
        )
    ]


def _is_included() -> bool:
    from django.urls import NoReverseMatch, reverse  # noqa: PLC0415 - the project's URLs are loaded only here

    try:
        reverse("pgpmailman:encrypted_lists")
    except NoReverseMatch:
        return False
    return True


def archive(**_kwargs: Any) -> list[CheckMessage]:
    """What the pages of a web archive would send in the clear is asked about first."""
    if not _is_open("hk_message_new", mlist_fqdn="ants@example.com"):
        return []
    sentence = "HyperKitty's forms for posts send what is written in the clear, to encrypted lists too."
    return [Error(sentence, hint=_GUARD, id="pgpmailman.E005")]


def names(**_kwargs: Any) -> list[CheckMessage]:
    """What forms of Postorius name of Mailman's is looked at first."""
    if not _is_open("confirm_token", list_id="ants.example.com"):
        return []
    sentence = "Postorius' page for tokens lets anybody accept held posts, and whoever knows a moderator's token what waits for them."
    return [Error(sentence, hint=_GUARD, id="pgpmailman.E006")]


def _is_open(name: str, **arguments: str) -> bool:
    """Whether there is a view of this name that is not guarded, though our pages have addresses."""
    from django.urls import NoReverseMatch, Resolver404, resolve, reverse  # noqa: PLC0415 - as above

    try:
        found = resolve(reverse(name, kwargs=arguments))
    except (NoReverseMatch, Resolver404):
        return False
    return not is_guarded(found.func) and _is_included()  # else it is said above, with the same mend


def cache(**_kwargs: Any) -> list[CheckMessage]:
    """What one process forgets, all forget; where events come in, their own check says it."""
    if apps.is_installed("mailman_rest_events.django") or not isinstance(caches["default"], LocMemCache):
        return []
    return [
        Caution(
            "Each process of this website has a cache of its own, so the pages of a list may differ for some seconds about "
            "whether it is encrypted.",
            hint=(
                "Write into the settings a cache that all share, such as CACHES = {'default': {'BACKEND': "
                "'django.core.cache.backends.db.DatabaseCache', 'LOCATION': 'mailman_cache'}}, and run "
                "`createcachetable` once."
            ),
            id="pgpmailman.W001",
        )
    ]


def openpgp(**_kwargs: Any) -> list[CheckMessage]:
    """The pages' check of keys is whole."""
    if key_check.is_whole():
        return []
    return [
        Caution(
            "OpenPGP.js is not in this installation, so pages don't show which key it is that somebody is about to send.",
            hint="Install npm (Debian: apt install npm), install django_pgpmailman again, and run `collectstatic`.",
            id="pgpmailman.W004",
        )
    ]


def plugin(**_kwargs: Any) -> list[CheckMessage]:
    """Mailman answers, and has the plugin."""
    try:
        with core.asking():
            found = core.encrypted_lists(_SECONDS).index()
    except ConfigurationError:
        return []  # said above
    except (core.TroubleError, RefusedError) as error:
        said = str(error.trouble.sentence) if isinstance(error, core.TroubleError) else str(error)
        return [
            Caution(
                said,
                hint=(
                    "MAILMAN_REST_API_URL, MAILMAN_REST_API_USER and MAILMAN_REST_API_PASS in the settings must be as "
                    "[webservice] in mailman.cfg; there must be a section [plugin.pgp]. `mailman-pgp check` looks at the rest."
                ),
                id="pgpmailman.W002",
            )
        ]
    return [
        Caution(
            f"Mailman's plugin for encrypted lists is not in order. {each['problem']}",
            hint=each["mend"],
            id="pgpmailman.W003",
        )
        for each in found["problems"]
    ]
