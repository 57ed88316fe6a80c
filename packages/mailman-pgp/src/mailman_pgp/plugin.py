"""The plugin: what Mailman starts in each of its processes.

[plugin.pgp]
class: mailman_pgp.plugin.PGPPlugin
enabled: yes
component_package: mailman_pgp
configuration: /etc/mailman3/mailman-pgp.cfg
"""

from __future__ import annotations

import logging
from typing import Any

from mailman.config import config
from mailman.interfaces.plugin import IPlugin
from public import public
from zope.interface import implementer

from mailman_pgp.site import health, memory

log = logging.getLogger("mailman.plugins")


@public
@implementer(IPlugin)
class PGPPlugin:
    """Encrypted mailing lists."""

    name = "pgp"  # core sets it to the name of the section
    resource: Any = None

    def pre_hook(self) -> None:
        """See `IPlugin`.

        Nothing may escape: core would drop the plugin and keep its runners and rules.  An unhealthy process lets mail of
        encrypted lists wait instead.
        """
        trouble = None
        try:
            memory.keep_private()  # before there is a secret in it
        except OSError as error:
            trouble = memory.refused(error)
        health.start(config)
        if trouble is not None:
            health.fail(*trouble)

    def post_hook(self) -> None:
        """See `IPlugin`."""
        try:
            self._open_database()
        except Exception as error:  # the process must go on for plain lists, whatever it was
            log.exception("mailman-pgp could not finish its start")
            health.fail(
                f"The plugin could not prepare its tables ({type(error).__name__}).",
                "Run `mailman-pgp check`, which names the mend, and restart Mailman.",
            )
        for problem in health.current().problems:
            log.error("mailman-pgp: %s %s", problem.sentence, problem.mend)

    def _open_database(self) -> None:
        # Imported late: these modules import core's models, whose database exists only now.
        from mailman_pgp.archiving import switches  # noqa: PLC0415
        from mailman_pgp.conversation import holding, questions, showing  # noqa: PLC0415
        from mailman_pgp.events import installing  # noqa: PLC0415
        from mailman_pgp.exchange import offices  # noqa: PLC0415
        from mailman_pgp.lists import closed_door, passage, pinning  # noqa: PLC0415
        from mailman_pgp.model import cleanup, database  # noqa: PLC0415
        from mailman_pgp.notices import welcome  # noqa: PLC0415
        from mailman_pgp.rest.root import Root  # noqa: PLC0415

        # Before anything that may fail.
        closed_door.install()
        installing.install()
        self.resource = Root()  # it says what fails from now on
        database.TABLES.migrate()
        cleanup.install()
        pinning.install()
        switches.install()
        questions.install()
        holding.install()
        showing.install()
        offices.install()
        welcome.install()
        if health.finish(config).healthy:
            passage.choose_for_earlier_lists()
