"""Every way into a list passes through the workflow that the list has chosen, in a Mailman without encrypted lists."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from company import HOME, KEY, CustomerService

from mailman_pgp.sandbox import Options, Sandbox, until
from mailman_pgp.sandbox.rest import RestError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_EXAMPLES = Path(__file__).parents[2] / "docs" / "examples"
_PLUGINS = {
    "workflows": ("mailman_workflows.plugin.WorkflowsPlugin", "mailman_workflows"),
    "company_customers": ("company_customers.CompanyCustomers", "company_customers"),
}
SETTLED = {"pre_verified": "yes", "pre_confirmed": "yes", "pre_approved": "yes"}


@pytest.fixture(scope="module")
def service() -> Iterator[CustomerService]:
    """The company's service."""
    with CustomerService() as running:
        yield running


@pytest.fixture(scope="module")
def site(
    tmp_path_factory: pytest.TempPathFactory,
    new_database: Callable[[], str | None],
    service: CustomerService,
) -> Iterator[Sandbox]:
    """A stock Mailman with the plugin for workflows and the example."""
    directory = tmp_path_factory.mktemp("company")
    configuration = directory / "customers.cfg"
    configuration.write_text(f"[customers]\nurl = {service.url}\nkey = {KEY}\n")
    settings = [f"plugin.company_customers.configuration={configuration}"]
    for name, (kind, package) in _PLUGINS.items():
        settings += [
            f"plugin.{name}.class={kind}",
            f"plugin.{name}.enabled=yes",
            f"plugin.{name}.component_package={package}",
        ]
    options = Options(plugin=False, database_url=new_database(), settings=settings)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", str(_EXAMPLES), prepend=os.pathsep)
        sandbox = Sandbox(directory / "sandbox", options)
        sandbox.start()
        sandbox.command("version")  # the console starts with the same environment
    yield sandbox
    sandbox.stop()


class List:
    """A list of the site, by its workflow."""

    number = 0

    def __init__(self, site: Sandbox, workflow: str = "customers", policy: str = "open") -> None:
        List.number += 1
        self.site = site
        self.address = f"list{List.number}@example.com"
        self.id = site.rest.create_list(self.address)
        config = {"subscription_policy": policy, "send_welcome_message": "no", "admin_immed_notify": "no"}
        site.rest(f"lists/{self.id}/config", config, "PATCH")
        site.rest(f"plugins/workflows/lists/{self.id}", {"join": workflow}, "PATCH")

    def members(self) -> set[str]:
        """Who is on it."""
        return {entry["email"] for entry in self.site.rest.listed(f"lists/{self.id}/roster/member")}

    def requests(self) -> list[dict[str, Any]]:
        """What waits, as core shows it."""
        return self.site.rest.listed(f"lists/{self.id}/requests")

    def mail(self, sender: str, local: str, subject: str = "", body: str = "") -> None:
        """Write to one of its addresses."""
        name, _, domain = self.address.partition("@")
        text = f"From: {sender}\r\nTo: {name}-{local}@{domain}\r\nSubject: {subject}\r\nMessage-ID: <{os.urandom(8).hex()}@x>\r\n"
        self.site.lmtp_send(sender, f"{name}-{local}@{domain}", f"{text}\r\n{body}\r\n".encode())

    def confirm(self, email: str) -> None:
        """Answer the last confirmation that a person got from this list."""
        name = self.address.partition("@")[0]

        def token() -> str | None:
            for kept in reversed(self.site.mailbox.messages(email)):
                if found := re.search(rf"{name}-confirm\+([0-9a-f]+)@", kept.content.decode()):
                    return found[1]
            return None

        self.mail(email, f"confirm+{until(token, 'the confirmation')}")


def by_mail(ml: List, email: str) -> None:
    """``join`` by mail, confirmed."""
    ml.mail(email, "join")
    ml.confirm(email)


def by_command(ml: List, email: str) -> None:
    """The command ``join``, confirmed."""
    ml.mail(email, "request", "join")
    ml.confirm(email)


def by_rest(ml: List, email: str) -> None:
    """REST without any promise, confirmed: Postorius' button Subscribe for a visitor."""
    ml.site.rest("members", {"list_id": ml.id, "subscriber": email})
    ml.confirm(email)


def by_rest_settled(ml: List, email: str) -> None:
    """REST with all the promises there are: Postorius' mass subscription."""
    try:
        ml.site.rest("members", {"list_id": ml.id, "subscriber": email, **SETTLED})
    except RestError as error:
        assert error.status == 400  # noqa: PT017 - refused at once


def by_invitation(ml: List, email: str) -> None:
    """An invitation, accepted."""
    ml.site.rest("members", {"list_id": ml.id, "subscriber": email, "invitation": "yes"})
    ml.confirm(email)


def by_addmembers(ml: List, email: str) -> None:
    """``mailman addmembers``."""
    ml.site.command("addmembers", "-", ml.address, stdin=f"{email}\n")


def by_syncmembers(ml: List, email: str) -> None:
    """``mailman syncmembers``."""
    ml.site.command("syncmembers", "-", ml.address, stdin="\n".join({*ml.members(), email}) + "\n")


DOORS = [by_mail, by_command, by_rest, by_rest_settled, by_invitation, by_addmembers, by_syncmembers]


@pytest.mark.parametrize("door", DOORS, ids=lambda door: door.__name__)
def test_every_door(door: Callable[[List, str], None], site: Sandbox, service: CustomerService) -> None:
    """The list is open, but the workflow asks the company: its customers get in, and nobody else."""
    ml = List(site)
    anne, eve = f"anne-{door.__name__}@{HOME}", f"eve-{door.__name__}@example.net"
    del service.asked[:]
    door(ml, anne)
    until(lambda: anne in ml.members(), "Anne's membership")
    assert service.asked == [anne]
    door(ml, eve)
    until(lambda: service.asked[1:] == [eve], "the question about Eve")
    site.wait_until_idle()
    assert ml.members() == {anne}
    assert ml.requests() == []


def test_reason_by_mail(site: Sandbox) -> None:
    """Who is refused reads why."""
    ml = List(site)
    eve = "eve-by-mail@example.net"
    ml.mail(eve, "join")
    ml.confirm(eve)
    until(
        lambda: any(b"This list is for our customers" in kept.content for kept in site.mailbox.messages(eve)),
        "the reason",
    )


def test_service_is_down(site: Sandbox, service: CustomerService) -> None:
    """The request waits for it, for all to see; whoever asks too early is told, and then it goes on to the moderator."""
    ml = List(site, policy="moderate")
    service.down = True
    try:
        site.rest("members", {"list_id": ml.id, "subscriber": "bart@customer.example", "pre_verified": "yes"})
        (waiting,) = ml.requests()
        assert (waiting["waits_for"], waiting["reason"]) == ("outside", "waits for the customer service")
        with pytest.raises(RestError, match="The customer service is still down") as caught:
            site.rest(f"lists/{ml.id}/requests/{waiting['token']}", {"action": "accept"})
        assert caught.value.status == 409
    finally:
        service.down = False
    (same,) = site.rest(f"plugins/workflows/lists/{ml.id}/requests")["requests"]
    assert same["token"] == waiting["token"]
    site.command("workflows", "resume", ml.address)
    (waiting,) = ml.requests()
    assert (waiting["token_owner"], waiting["reason"]) == ("moderator", "waits for a moderator")
    assert waiting["customer"] == f"C-{len('bart@customer.example')}"
    site.rest(f"lists/{ml.id}/requests/{waiting['token']}", {"action": "accept"})
    assert ml.members() == {"bart@customer.example"}


def test_refused_by_rest(site: Sandbox, service: CustomerService) -> None:
    """Who accepts a request that the workflow then refuses reads why, and the request is over."""
    ml = List(site)
    service.down = True
    try:
        site.rest("members", {"list_id": ml.id, "subscriber": "eve-accepted@example.net", **SETTLED})
    finally:
        service.down = False
    (waiting,) = ml.requests()
    with pytest.raises(RestError, match="This list is for our customers") as caught:
        site.rest(f"lists/{ml.id}/requests/{waiting['token']}", {"action": "accept"})
    assert caught.value.status == 400
    assert ml.requests() == []
    assert ml.members() == set()


def test_token_of_another_list(site: Sandbox) -> None:
    """A confirmation for an open list, sent to one that is moderated, lets nobody in there, by mail or by REST."""
    opened, moderated = List(site, "join"), List(site, "join", "confirm_then_moderate")
    email = "cris@example.org"
    site.rest("members", {"list_id": opened.id, "subscriber": email, "invitation": "yes"})
    (waiting,) = opened.requests()
    moderated.mail(email, f"confirm+{waiting['token']}")
    with pytest.raises(RestError) as caught:
        site.rest(f"lists/{moderated.id}/requests/{waiting['token']}", {"action": "accept"})
    assert caught.value.status == 404
    site.wait_until_idle()
    assert moderated.members() == set()
    assert [request["token"] for request in opened.requests()] == [waiting["token"]]
    opened.confirm(email)
    until(lambda: opened.members() == {email}, "the membership")


def test_choosing(site: Sandbox) -> None:
    """By REST and on the command line, by name; what does not exist changes nothing, and the answer says what does."""
    ml = List(site, "join")
    described = site.rest("plugins/workflows")["workflows"]
    assert [(each["name"], each["purpose"]) for each in described] == [
        ("customers", "join"),
        ("join", "join"),
        ("leave", "leave"),
    ]
    path = f"plugins/workflows/lists/{ml.id}"
    for wrong in ({"join": "nothing"}, {"join": "leave"}, {"join": "customers", "leave": "nothing"}, {"jion": "x"}):
        with pytest.raises(RestError) as caught:
            site.rest(path, wrong, "PATCH")
        assert caught.value.status == 400
    assert site.rest(path)["join"] == "join"
    site.command("workflows", "set", ml.address, "customers")
    assert site.rest(path)["join"] == "customers"
    assert "customers" in site.command("workflows", "show", ml.address)
    with pytest.raises(RestError) as caught:
        site.rest("plugins/workflows/lists/no.such.list")
    assert caught.value.status == 404


def leave_by_mail(ml: List, email: str) -> None:
    """``leave`` by mail, confirmed where the list asks for it."""
    ml.mail(email, "leave")


def leave_by_command(ml: List, email: str) -> None:
    """The command ``leave``."""
    ml.mail(email, "request", "leave")


def leave_by_rest(ml: List, email: str) -> None:
    """REST: Postorius' button Unsubscribe."""
    found = ml.site.rest("members/find", {"list_id": ml.id, "subscriber": email, "role": "member"})
    ml.site.rest(f"members/{found['entries'][0]['member_id']}", method="DELETE")


@pytest.mark.parametrize("door", [leave_by_mail, leave_by_command, leave_by_rest], ids=lambda door: door.__name__)
def test_every_door_out(door: Callable[[List, str], None], site: Sandbox) -> None:
    """Where a moderator decides about leaving, each member's door makes a request for the moderator."""
    ml = List(site, "join")
    site.rest(f"lists/{ml.id}/config", {"unsubscription_policy": "moderate"}, "PATCH")
    email = f"{door.__name__}@example.org"
    site.rest.subscribe(ml.id, email)
    door(ml, email)
    (request,) = until(
        lambda: site.rest.listed(f"lists/{ml.id}/requests?request_type=unsubscription"), "the request to leave"
    )
    assert (request["email"], request["workflow"], request["reason"]) == (email, "leave", "waits for a moderator")
    assert ml.members() == {email}
    site.rest(f"lists/{ml.id}/requests/{request['token']}", {"action": "accept"})
    assert ml.members() == set()


def owner_by_delmembers(ml: List, email: str) -> None:
    """``mailman delmembers``."""
    ml.site.command("delmembers", "-l", ml.address, "-m", email)


def owner_by_syncmembers(ml: List, email: str) -> None:
    """``mailman syncmembers``, where the person is missing."""
    ml.site.command("syncmembers", "-", ml.address, stdin=f"other-than-{email}\n")


def owner_by_mass_removal(ml: List, email: str) -> None:
    """REST: Postorius' mass removal."""
    ml.site.rest(f"lists/{ml.id}/roster/member", {"emails": email}, "DELETE")


OWNERS_DOORS = [owner_by_delmembers, owner_by_syncmembers, owner_by_mass_removal]


@pytest.mark.parametrize("door", OWNERS_DOORS, ids=lambda door: door.__name__)
def test_owners_doors_out(door: Callable[[List, str], None], site: Sandbox) -> None:
    """What only an owner can do, removes a member without a question, as in stock Mailman."""
    ml = List(site, "join")
    site.rest(f"lists/{ml.id}/config", {"unsubscription_policy": "moderate"}, "PATCH")
    email = f"{door.__name__}@example.org"
    site.rest.subscribe(ml.id, email)
    door(ml, email)
    until(lambda: email not in ml.members(), "the removal")


def removed_with_address(ml: List, email: str) -> None:
    """REST: the address is deleted."""
    ml.site.rest(f"addresses/{email}", method="DELETE")


def removed_with_user(ml: List, email: str) -> None:
    """REST: the user is deleted."""
    ml.site.rest(f"users/{email}", method="DELETE")


@pytest.mark.parametrize("door", [removed_with_address, removed_with_user], ids=lambda door: door.__name__)
def test_gone_with_the_person(door: Callable[[List, str], None], site: Sandbox) -> None:
    """Who is deleted as a user or an address is a member no more, and nobody is asked."""
    ml = List(site, "join")
    site.rest(f"lists/{ml.id}/config", {"unsubscription_policy": "moderate"}, "PATCH")
    email = f"{door.__name__}@example.org"
    site.rest.subscribe(ml.id, email)
    door(ml, email)
    assert ml.members() == set()
    assert not site.rest(f"lists/{ml.id}/requests?request_type=unsubscription").get("entries")


@pytest.mark.parametrize("role", ["owner", "moderator", "nonmember"])
def test_other_roles(role: str, site: Sandbox, service: CustomerService) -> None:
    """No workflow is asked about who has another role, and none of these is a member by it."""
    ml = List(site)
    del service.asked[:]
    email = f"{role}@example.net"
    site.rest("members", {"list_id": ml.id, "subscriber": email, "role": role, **SETTLED})
    assert [each["email"] for each in site.rest(f"lists/{ml.id}/roster/{role}")["entries"]] == [email]
    assert (ml.members(), service.asked) == (set(), [])


def test_change_of_address(site: Sandbox, service: CustomerService) -> None:
    """A member who changes the address is the same member, and no workflow is asked."""
    ml = List(site)
    old, new = f"moves@{HOME}", "moved@example.net"
    by_rest_settled(ml, old)
    del service.asked[:]
    site.rest(f"users/{old}/addresses", {"email": new})
    site.rest(f"addresses/{new}/verify", {})
    (member,) = site.rest("members/find", {"list_id": ml.id, "subscriber": old, "role": "member"})["entries"]
    site.rest(f"members/{member['member_id']}", {"address": new}, "PATCH")
    assert (ml.members(), service.asked) == ({new}, [])


def test_as_core_shows_requests(site: Sandbox) -> None:
    """Core's resource shows, counts and pages requests, with all that the web reads of them."""
    ml = List(site, "join", "moderate")
    leaving, *joining = (f"{name}-shown@example.org" for name in ("dirk", "anne", "bart", "cris"))
    site.rest.subscribe(ml.id, leaving)
    site.rest(f"lists/{ml.id}/config", {"unsubscription_policy": "moderate"}, "PATCH")
    for email in joining:
        person = {"subscriber": email, "display_name": "A. Person", "pre_verified": "yes"}
        site.rest("members", {"list_id": ml.id, **person})
    leave_by_rest(ml, leaving)
    shown = ml.requests()
    assert [request["email"] for request in shown] == joining
    fields = {"token", "token_owner", "list_id", "email", "display_name", "when", "type", "http_etag"}
    for request in shown:
        assert request.keys() == fields | {"waits_for", "reason", "workflow"}
        assert (request["type"], request["list_id"]) == ("subscription", ml.id)
        assert (request["token_owner"], request["display_name"]) == ("moderator", "A. Person")
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d", request["when"])
        assert site.rest(f"lists/{ml.id}/requests/{request['token']}")["email"] == request["email"]
    path = f"lists/{ml.id}/requests"
    assert [each["email"] for each in site.rest(f"{path}?count=2&page=2")["entries"]] == joining[2:]
    for query, number in {"": 3, "token_owner=moderator": 3, "token_owner=subscriber": 0}.items():
        assert site.rest(f"{path}/count?{query}")["count"] == number
    assert site.rest(f"{path}/count?request_type=unsubscription")["count"] == 1
    (request,) = site.rest(f"{path}?request_type=unsubscription")["entries"]
    assert (request["email"], request["type"]) == (leaving, "unsubscription")
    for request, action in zip(shown, ("defer", "reject", "discard"), strict=True):
        site.rest(f"{path}/{request['token']}", {"action": action})
    assert [request["email"] for request in ml.requests()] == joining[:1]
