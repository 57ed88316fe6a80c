"""Events of core's, each with a canary wherever it has a secret."""

from __future__ import annotations

import inspect
import pkgutil
from email.message import Message
from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

    from conftest import Members

CANARY = "canary"


def classes() -> Iterator[type]:
    """All classes of events that core's interfaces define, but the common bases."""
    import mailman.interfaces  # noqa: PLC0415

    for info in pkgutil.iter_modules(mailman.interfaces.__path__, "mailman.interfaces."):
        for name, kind in inspect.getmembers(import_module(info.name), inspect.isclass):
            if name.endswith("Event") and kind.__module__ == info.name and not issubclass(kind, Exception):
                if name.startswith("IBounce") or name in {"ChainEvent", "MembershipChangeEvent"}:
                    continue
                yield kind


def make(kind: type, mlist: Any, members: Members) -> Any:
    """An event of a class, about Anne, who is a member of a list."""
    from mailman.interfaces.user import PasswordChangeEvent  # noqa: PLC0415 - core must be initialised

    member = mlist.members.get_member("anne@example.com") or members.add(mlist, "anne@example.com", as_user=True)
    message = Message()
    message["From"], message["Message-ID"], message["Subject"] = "bart@example.com", "<1@example.com>", CANARY
    message.set_payload(CANARY)
    message.sender = "bart@example.com"  # type: ignore[attr-defined]  # as core's own class has it

    class Named:
        name = "somebody"

    values = {
        "fqdn_listname": "ant@example.com",
        "mailing_list": mlist,
        "mlist": mlist,
        "member": member,
        "mail_host": "example.com",
        "domain": mlist.domain,
        "token": CANARY,
        "email": "anne@example.com",
        "address": member.address,
        "user": member.user,
        "msg": message,
        "message": message,
        "msgdata": {CANARY: CANARY},
        "metadata": {CANARY: CANARY},
        "chain": Named(),
        "runner": Named(),
        "error": ValueError(CANARY),
        "config": Named(),
    }
    member.user.password = CANARY

    if kind is PasswordChangeEvent:
        return kind(member.user)
    names = [name for name in inspect.signature(kind).parameters if name not in {"args", "kw"}]
    if not names and kind.__name__ in {"SubscriptionEvent", "UnsubscriptionEvent"}:
        return kind(mlist, member)
    return kind(*[values[name] for name in names])
