"""The way out: the one place where mail leaves Mailman.

[mta] outgoing: mailman_pgp.delivery.deliver
"""

from mailman_pgp.delivery.door import deliver

__all__ = ["deliver"]
