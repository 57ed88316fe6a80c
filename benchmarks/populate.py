"""Fill a list with members, and where it is encrypted with a certificate for each, straight through core's own API.

    python benchmarks/populate.py MAILMAN_CFG LIST COUNT [--bare]

--bare leaves the certificates out.

Run by the benchmarks in a process of its own, since it initialises core.
"""

from __future__ import annotations

import sys
import warnings

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    from mailman.config import config
    from mailman.core.initialize import initialize
    from mailman.interfaces.listmanager import IListManager
    from mailman.interfaces.usermanager import IUserManager
    from mailman.utilities.datetime import now
    from zope.component import getUtility


def main() -> None:
    """Add the members."""
    config_file, address, count, bare = sys.argv[1], sys.argv[2], int(sys.argv[3]), "--bare" in sys.argv
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        initialize(config_file)
    mlist = getUtility(IListManager).get(address)
    users = getUtility(IUserManager)
    for number in range(count):
        email = f"member{number}@example.com"
        person = users.get_address(email) or users.create_address(email, f"Member {number}")
        person.verified_on = now()
        mlist.subscribe(person, send_welcome_message=False)
    config.db.commit()
    if "pgp" in config.plugins and not bare:
        _certificates(mlist, count)
    config.db.commit()


def _certificates(mlist: object, count: int) -> None:
    from mailman_pgp import openpgp  # noqa: PLC0415 - after core
    from mailman_pgp.keys import registry  # noqa: PLC0415
    from mailman_pgp.openpgp.memberkeys import MemberKey  # noqa: PLC0415

    for number in range(count):
        address = f"member{number}@example.com"
        if registry.chosen(mlist.list_id, address) is not None:  # type: ignore[attr-defined]
            continue
        key = MemberKey.generate(f"Member {number} <{address}>")
        registry.add(mlist.list_id, address, openpgp.inspect(key.certificate), origin="benchmark")  # type: ignore[attr-defined]


if __name__ == "__main__":
    main()
