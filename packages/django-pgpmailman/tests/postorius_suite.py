"""A plugin of pytest for Postorius' own tests: the website that they are about, with our app in it.

    python -m pytest -p postorius_suite --pyargs postorius.tests

Their Mailman is a real one, which they start themselves, at ports that are written in them.
"""

from __future__ import annotations

import website

_NOT_THEIRS = {"hyperkitty", "mailman_rest_events.django"}


def pytest_configure() -> None:
    """Have the website ready, as Postorius' example project has it."""
    website.SETTINGS.update(
        INSTALLED_APPS=[name for name in website.SETTINGS["INSTALLED_APPS"] if name not in _NOT_THEIRS],
        MAILMAN_REST_API_URL="http://localhost:9001",
        PGPMAILMAN={"root_urls": "postorius_suite_urls"},
        POSTORIUS_TEMPLATE_BASE_URL="http://localhost:8000",
        TESTING=True,
    )
    website.SETTINGS["TEMPLATES"][0]["OPTIONS"]["context_processors"].remove("hyperkitty.context_processors.common")
    website.start()
