"""The plugin: what Mailman starts in each of its processes.

[plugin.events]
class: mailman_rest_events.plugin.EventsPlugin
enabled: yes
component_package: mailman_rest_events
configuration: /etc/mailman3/mailman-rest-events.cfg

[runner.events]
class: mailman_rest_events.runners.EventsRunner
"""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

from mailman.interfaces.plugin import IPlugin
from public import public
from zope.event import subscribers
from zope.interface import implementer

try:
    from mailman_plugin_kit.database import MigrationError
    from mailman_plugin_kit.settings import SettingsError
except ModuleNotFoundError as error:  # installed as for a website
    raise ImportError(
        "mailman-rest-events is installed without what it needs in Mailman's environment. Install mailman-rest-events[core]."
    ) from error

from mailman_rest_events import site
from mailman_rest_events.endpoints.settings import load

log = logging.getLogger("mailman.plugins")


@public
@implementer(IPlugin)
class EventsPlugin:
    """Tells HTTP endpoints what happens in Mailman."""

    name = "events"  # core sets it to the name of the section

    def __init__(self) -> None:
        self._initialised = False

    @property
    def resource(self) -> Any:
        """See `IPlugin`."""
        if not self._initialised:
            return None
        # Imported by those processes alone that serve REST: it takes five megabytes, and every runner starts this plugin.
        from mailman_rest_events.rest.root import Root  # noqa: PLC0415

        return Root()

    def pre_hook(self) -> None:
        """See `IPlugin`."""

    def post_hook(self) -> None:
        """See `IPlugin`.  What is wrong is said in the log, by `mailman events status`, and by REST; core goes on."""
        # Imported late: core's models have a database only now.
        from mailman.config import config  # noqa: PLC0415

        from mailman_rest_events.model.database import TABLES  # noqa: PLC0415
        from mailman_rest_events.outbox.writing import subscriber  # noqa: PLC0415
        from mailman_rest_events.serializers import core  # noqa: F401, PLC0415 - registers what is told of core's events

        self._initialised = True
        section = dict(config.plugin_configs)[self.name]
        try:
            endpoints = load(_path_in(section["configuration"]))
            TABLES.migrate()
        except (SettingsError, MigrationError) as error:
            site.failed(str(error))
            log.error("mailman-rest-events does not start: %s", error)  # noqa: TRY400 - the sentence says all
            return
        except Exception:
            site.failed("mailman-rest-events could not start; Mailman's log `plugins` says why.")
            log.exception("mailman-rest-events does not start")
            return
        site.started(endpoints)
        subscribers.append(subscriber(endpoints.values()))


def _path_in(configuration: str) -> Path:
    text = configuration.strip()
    if not text:
        raise SettingsError(
            "[plugin.events] of mailman.cfg does not say where the endpoints are. Add `configuration: ` and the path of a file "
            "that has a section [endpoint.NAME] for each."
        )
    return Path(text)
