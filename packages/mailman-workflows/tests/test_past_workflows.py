"""What core lets past the workflows: each is known, and stands in docs/workflows.md."""

from __future__ import annotations

import ast
import datetime as dt
import pickle
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy.orm import Session


def members(mlist: Any) -> set[str]:
    """The addresses of the list's members."""
    return {member.address.email for member in mlist.members.members}


def asked(mlist: Any) -> list[Any]:
    """The requests that wait at the list."""
    from mailman.interfaces.pending import IPendings  # noqa: PLC0415 - core must be initialised
    from zope.component import getUtility  # noqa: PLC0415

    return [token for token, _ in getUtility(IPendings).find(mlist=mlist)]


def test_importer(mlist: Any, store: Session, tmp_path: Path) -> None:
    """``mailman import21`` makes members of a list whose moderator would have to be asked."""
    from click.testing import CliRunner  # noqa: PLC0415 - core must be initialised
    from mailman.commands.cli_import import import21  # noqa: PLC0415
    from mailman.interfaces.mailinglist import SubscriptionPolicy  # noqa: PLC0415

    mlist.subscription_policy = SubscriptionPolicy.moderate
    store.commit()
    saved = tmp_path / "config.pck"
    saved.write_bytes(pickle.dumps({"members": {"anne@example.org": 0}, "archive": True}))
    done = CliRunner().invoke(import21, [mlist.fqdn_listname, str(saved)])
    assert done.exit_code == 0, done.output
    assert (members(mlist), asked(mlist)) == ({"anne@example.org"}, [])


def test_bounces(mlist: Any, store: Session, person: Callable[..., Any]) -> None:
    """Whose mail comes back for weeks is removed from a list where a moderator would have to be asked."""
    from mailman.interfaces.bounce import IBounceProcessor  # noqa: PLC0415 - core must be initialised
    from mailman.interfaces.mailinglist import SubscriptionPolicy  # noqa: PLC0415
    from mailman.interfaces.member import DeliveryStatus  # noqa: PLC0415
    from mailman.utilities.datetime import now  # noqa: PLC0415
    from zope.component import getUtility  # noqa: PLC0415

    mlist.unsubscription_policy = SubscriptionPolicy.moderate
    member = mlist.subscribe(person())
    member.preferences.delivery_status = DeliveryStatus.by_bounces
    member.total_warnings_sent = mlist.bounce_you_are_disabled_warnings
    member.last_warning_sent = now() - mlist.bounce_you_are_disabled_warnings_interval - dt.timedelta(days=1)
    store.commit()
    getUtility(IBounceProcessor).send_warnings_and_remove()
    assert (members(mlist), asked(mlist)) == (set(), [])


@pytest.mark.parametrize("role", ["owner", "moderator"])
def test_admins(mlist: Any, store: Session, role: str) -> None:
    """``mailman admins`` makes owners and moderators, who are no members by it, and unmakes them."""
    from click.testing import CliRunner  # noqa: PLC0415 - core must be initialised
    from mailman.commands.cli_admins import admins  # noqa: PLC0415
    from mailman.interfaces.member import MemberRole  # noqa: PLC0415

    choose_closed(mlist, store)
    for option, expected in (("--add", ["olga@example.org"]), ("--delete", [])):
        done = CliRunner().invoke(admins, ["--role", role, option, "olga@example.org", mlist.fqdn_listname])
        assert done.exit_code == 0, done.output
        assert [address.email for address in mlist.get_roster(MemberRole[role]).addresses] == expected
    assert (members(mlist), asked(mlist)) == (set(), [])


def test_owners_of_a_new_list(mlist: Any, store: Session) -> None:
    """Who makes a list names its owners, before it has chosen anything; they are no members by it."""
    from mailman.app.lifecycle import create_list  # noqa: PLC0415 - core must be initialised

    made = create_list(f"new@{mlist.mail_host}", ["olga@example.org"])
    store.commit()
    assert [address.email for address in made.owners.addresses] == ["olga@example.org"]
    assert (members(made), asked(made)) == (set(), [])


def test_strangers_who_post(mlist: Any, store: Session) -> None:
    """Whoever posts is remembered as a nonmember, which is no way in."""
    from mailman.config import config  # noqa: PLC0415 - core must be initialised
    from mailman.interfaces.usermanager import IUserManager  # noqa: PLC0415
    from mailman.testing.helpers import specialized_message_from_string  # noqa: PLC0415
    from zope.component import getUtility  # noqa: PLC0415

    choose_closed(mlist, store)
    getUtility(IUserManager).create_address("nora@example.net")
    post = specialized_message_from_string(f"From: nora@example.net\nTo: {mlist.fqdn_listname}\n\n")
    config.rules["nonmember-moderation"].check(mlist, post, {})
    assert [address.email for address in mlist.nonmembers.addresses] == ["nora@example.net"]
    assert (members(mlist), asked(mlist)) == (set(), [])


@pytest.mark.parametrize("how", ["preferred", "merged"])
def test_other_addresses_of_a_user(mlist: Any, store: Session, person: Callable[..., Any], how: str) -> None:
    """Who prefers another address, or is merged with another user, is the same member by that one, and nobody is asked."""
    from mailman.interfaces.usermanager import IUserManager  # noqa: PLC0415 - core must be initialised
    from zope.component import getUtility  # noqa: PLC0415

    user = getUtility(IUserManager).create_user()
    first, second = person(), person("anne@example.net")
    user.link(first)
    user.preferred_address = first
    mlist.subscribe(user)
    choose_closed(mlist, store)
    if how == "preferred":
        user.link(second)
        user.preferred_address = second
    else:
        other = getUtility(IUserManager).create_user()
        other.link(second)
        other.preferred_address = second
        other.absorb(user)
    store.commit()
    assert (members(mlist), asked(mlist)) == ({second.email}, [])


def test_the_list_is_deleted(mlist: Any, store: Session, person: Callable[..., Any]) -> None:
    """Its members go with it, whatever it asks of those who leave."""
    from mailman.app.lifecycle import remove_list  # noqa: PLC0415 - core must be initialised
    from mailman.interfaces.pending import IPendings  # noqa: PLC0415
    from mailman.interfaces.subscriptions import ISubscriptionService  # noqa: PLC0415
    from zope.component import getUtility  # noqa: PLC0415

    choose_closed(mlist, store)
    mlist.subscribe(person())
    store.commit()
    remove_list(mlist)
    store.commit()
    assert list(getUtility(ISubscriptionService).find_members("anne@example.org")) == []
    assert list(getUtility(IPendings)) == []


@pytest.mark.parametrize("action", ["accept", "reject", "discard"])
def test_decided_by_rest_at_another_list(
    make_list: Callable[..., Any], manager: Any, person: Callable[..., Any], store: Session, action: str
) -> None:
    """Core's REST rejects and discards by a token alone, at whichever list's path; it lets nobody in or out so."""
    from types import SimpleNamespace  # noqa: PLC0415

    from mailman.interfaces.mailinglist import SubscriptionPolicy  # noqa: PLC0415 - core must be initialised
    from mailman.rest.sub_moderation import IndividualRequest  # noqa: PLC0415

    ant, bee = make_list("ant"), make_list("bee")
    ant.subscription_policy = SubscriptionPolicy.moderate
    token, _, _ = manager(ant).register(person())
    store.commit()
    request = SimpleNamespace(content_type="application/json", media={"action": action})
    response = SimpleNamespace(status="", text="", content_type="")
    IndividualRequest(bee, token).on_post(request, response)
    assert members(ant) == members(bee) == set()
    if action == "accept":
        assert response.status.startswith("404")
        assert asked(ant) == [token]
    else:
        assert asked(ant) == []


def choose_closed(mlist: Any, store: Session) -> None:
    """A moderator decides who comes and who goes."""
    from mailman.interfaces.mailinglist import SubscriptionPolicy  # noqa: PLC0415 - core must be initialised

    mlist.subscription_policy = mlist.unsubscription_policy = SubscriptionPolicy.moderate
    store.commit()


def test_the_table_names_tests() -> None:
    """Each row of the table in docs/workflows.md names at least one test, and each of these exists, with its parameter."""
    root = Path(__file__).parents[3]
    table = (root / "docs" / "workflows.md").read_text(encoding="utf-8").partition("| door |")[2].partition("\n\n")[0]
    rows = table.splitlines()[2:]
    files = [root / "tests" / "e2e" / "test_workflows.py", Path(__file__)]
    source = "\n".join(file.read_text(encoding="utf-8") for file in files)
    functions = {node.name for node in ast.walk(ast.parse(source)) if isinstance(node, ast.FunctionDef)}
    assert len(rows) > 15
    for row in rows:
        cell = row.rpartition(" | ")[2]
        named = re.findall(r"`(test_\w+)?(?:\[(\w+)\])?`", cell)
        assert named, row
        for test, parameter in named:
            assert not test or test in functions, row
            assert not parameter or parameter in functions, row
