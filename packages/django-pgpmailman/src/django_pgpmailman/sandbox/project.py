"""The settings of a web project with stock Postorius and HyperKitty and our apps beside them, but for what each website chooses."""

from __future__ import annotations

from typing import Any

STOCK = [
    "hyperkitty",
    "postorius",
    "django_mailman3",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.sites",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "rest_framework",
    "django_gravatar",
    "compressor",
    "haystack",
    "django_extensions",
    "django_q",
    "allauth",
    "allauth.account",
    "allauth.socialaccount",
]
ROOT_URLS = "django_pgpmailman.sandbox.urls"
"""The addresses without ours."""
EVENTS_PATH = "mailman-events/"
"""Where the website takes events, below its root."""
_CONTEXT = [
    "django.template.context_processors.i18n",
    "django.template.context_processors.request",
    "django.contrib.auth.context_processors.auth",
    "django.contrib.messages.context_processors.messages",
    "django_mailman3.context_processors.common",
    "hyperkitty.context_processors.common",
    "postorius.context_processors.postorius",
]
# As mailman-web has them.
SETTINGS: dict[str, Any] = {
    "AUTHENTICATION_BACKENDS": ["django.contrib.auth.backends.ModelBackend"],
    "COMPRESS_ENABLED": False,
    "COMPRESS_PRECOMPILERS": (),
    "DEFAULT_AUTO_FIELD": "django.db.models.AutoField",
    "HAYSTACK_CONNECTIONS": {"default": {"ENGINE": "haystack.backends.simple_backend.SimpleEngine"}},
    "INSTALLED_APPS": ["django_pgpmailman", *STOCK, "mailman_rest_events.django"],
    "LOGIN_REDIRECT_URL": "list_index",
    "LOGIN_URL": "account_login",
    "LOGOUT_URL": "account_logout",
    "MAILMAN_ARCHIVER_FROM": ("127.0.0.1",),
    "MAILMAN_ARCHIVER_KEY": "archiver",
    "MIDDLEWARE": [
        "allauth.account.middleware.AccountMiddleware",
        "django.contrib.sessions.middleware.SessionMiddleware",
        "django.middleware.common.CommonMiddleware",
        "django.middleware.csrf.CsrfViewMiddleware",
        "django.middleware.locale.LocaleMiddleware",
        "django.contrib.auth.middleware.AuthenticationMiddleware",
        "django.contrib.messages.middleware.MessageMiddleware",
        "django.middleware.security.SecurityMiddleware",
        "django_mailman3.middleware.TimezoneMiddleware",
        "postorius.middleware.PostoriusMiddleware",
    ],
    # Tables of others are made from their models as they are, which takes less time than all their migrations.
    "MIGRATION_MODULES": {name.rpartition(".")[2]: None for name in STOCK},
    "PGPMAILMAN": {"root_urls": ROOT_URLS},
    "Q_CLUSTER": {"orm": "default", "sync": True, "timeout": 30, "retry": 60},
    "ROOT_URLCONF": "django_pgpmailman.site_urls",
    "SITE_ID": 1,
    "STATIC_ROOT": "/nonexistent",
    "STATIC_URL": "/static/",
    "STATICFILES_FINDERS": [
        "django.contrib.staticfiles.finders.AppDirectoriesFinder",
        "compressor.finders.CompressorFinder",
    ],
    "TEMPLATES": [
        {
            "BACKEND": "django.template.backends.django.DjangoTemplates",
            "APP_DIRS": True,
            "OPTIONS": {"context_processors": _CONTEXT},
        }
    ],
    "TIME_ZONE": "UTC",
    "USE_TZ": True,
}
