"""The runners that an encrypted list needs, in the places of core's own.

    [runner.in]       class: mailman_pgp.runners.IncomingRunner
    [runner.pipeline] class: mailman_pgp.runners.PipelineRunner
    [runner.command]  class: mailman_pgp.runners.CommandRunner
    [runner.out]      class: mailman_pgp.runners.OutgoingRunner
    [runner.virgin]   class: mailman_pgp.runners.VirginRunner
    [runner.retry]    class: mailman_pgp.runners.RetryRunner

A runner is chosen for the whole site, so each of these asks whether the list is encrypted, and leaves all other mail to
core.  The first four are the points of enforcement, because a list's chain and pipeline can be changed by REST; the other two lose nothing.
"""

from mailman_pgp.runners.command import CommandRunner
from mailman_pgp.runners.handing_on import RetryRunner, VirginRunner
from mailman_pgp.runners.incoming import IncomingRunner
from mailman_pgp.runners.outgoing import OutgoingRunner
from mailman_pgp.runners.pipeline import PipelineRunner

__all__ = ["CommandRunner", "IncomingRunner", "OutgoingRunner", "PipelineRunner", "RetryRunner", "VirginRunner"]
