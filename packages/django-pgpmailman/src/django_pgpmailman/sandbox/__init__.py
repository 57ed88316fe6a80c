"""A whole Mailman with its website on this machine, to try things out: ``python -m django_pgpmailman.sandbox``.

No part of the app: it stands on `mailman_pgp.sandbox`, which the app does not know.
"""
