"""What is not a post of a member is closed: commands without a proof, digests, archives, news, and mail from machines."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from people import EncryptedList

from mailman_pgp.sandbox import until
from mailman_pgp.sandbox.rest import RestError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from conftest import StartSandbox
    from people import Person

    from mailman_pgp.sandbox import Kept

CANARY = "kestrel"


def text_of(person: Person, kept: Kept) -> str:
    """What a notice says: encrypted where the person has a certificate, signed in any case."""
    message = person.open(kept) if b"BEGIN PGP MESSAGE" in kept.content else kept.message
    parts = (part for part in message.walk() if part.get_content_type() == "text/plain")
    return " ".join("".join(part.get_content() for part in parts).split())


def mail(person: Person, to: str, *headers: str, subject: str = "", body: str = "") -> None:
    """Send a plain message."""
    more = "".join(f"{header}\n" for header in headers)
    text = f"From: {person.address}\nTo: {to}\nSubject: {subject}\nMessage-ID: <{CANARY}@x>\n{more}\n{body}\n"
    person.list.sandbox.lmtp_send(person.address, to, text.encode())
    person.list.sandbox.wait_until_idle()


def refused(encrypted: EncryptedList) -> dict[str, int]:
    """What ``mailman pgp status`` tells of refused mail: number by reason."""
    return {found["reason"]: found["number"] for found in encrypted.happened()["refused"]}


def members(encrypted: EncryptedList) -> set[str]:
    """Who is subscribed."""
    roster = encrypted.sandbox.rest(f"lists/{encrypted.list_id}/roster/member").get("entries", ())
    return {entry["email"] for entry in roster}


def member_id(encrypted: EncryptedList, person: Person) -> str:
    """The id of a membership in REST."""
    query = {"list_id": encrypted.list_id, "subscriber": person.address}
    (found,) = encrypted.sandbox.rest("members/find", query)["entries"]
    return str(found["member_id"])


def hold(encrypted: EncryptedList, person: Person) -> str:
    """Have a post held; its path in REST."""
    rest = encrypted.sandbox.rest
    path = f"lists/{encrypted.list_id}"
    rest(f"{path}/config", {"default_member_action": "hold"}, "PATCH")
    person.post(CANARY, subject=CANARY)
    until(lambda: rest(f"{path}/held/count")["count"], "the post is held")
    (held,) = rest(f"{path}/held")["entries"]
    return f"{path}/held/{held['request_id']}"


@pytest.mark.deep
@pytest.mark.parametrize(
    ("kind", "subject", "body", "told"),
    [
        ("request", "join", "", "needs your certificate"),
        ("request", "", "join", "needs your certificate"),
        ("request", "who secret", "", "How to use the list"),
        ("request", f"set {CANARY}", f"end {CANARY}", "How to use the list"),
        ("join", "", "", "needs your certificate"),
        ("confirm", f"confirm {CANARY}", "", "How to use the list"),
        ("request", "who", "", "was not signed by a key that counts for your address there"),
    ],
)
@pytest.mark.parametrize("known", [True, False], ids=["member", "stranger"])
def test_commands_without_a_proof_do_nothing(
    encrypted_list: EncryptedList, kind: str, subject: str, body: str, told: str, *, known: bool
) -> None:
    """Whatever is written in the clear does nothing; one answer, the same to everybody, says what to do, and echoes nothing."""
    anne = encrypted_list.member("Anne") if known else encrypted_list.person("Anne")
    before = members(encrypted_list)
    mail(anne, encrypted_list.sub_address(kind), subject=subject, body=body)
    (answer,) = anne.mail()
    read = anne.open(answer) if b"BEGIN PGP MESSAGE" in answer.content else answer.message
    text = f"{read['subject']} {text_of(anne, answer)}"
    assert told in text
    assert CANARY not in text
    assert read["from"] == encrypted_list.sub_address("request")
    assert answer.message["from"].endswith(f"{encrypted_list.sub_address('request')}>") is known
    assert members(encrypted_list) == before
    assert refused(encrypted_list) == {}


@pytest.mark.parametrize(("subject", "body"), [("help", ""), ("Re: help", ""), ("", "help"), ("HELP", "please")])
def test_help_is_open(encrypted_list: EncryptedList, subject: str, body: str) -> None:
    """`help` tells anybody how to write to the list, with its certificate; it is signed by the list."""
    stranger = encrypted_list.person("Sue")
    mail(stranger, encrypted_list.sub_address("request"), subject=subject, body=body)
    (answer,) = stranger.mail()
    assert "First import the attached certificate" in text_of(stranger, answer)
    (key,) = [part for part in answer.message.walk() if part.get_content_type() == "application/pgp-keys"]
    exported = encrypted_list.pgp("list-key", "export", encrypted_list.address)
    assert key.get_payload(decode=True).split() == exported.encode().split()
    assert [part.get_content_type() for part in answer.message.iter_parts()][-1] == "application/pgp-signature"
    assert refused(encrypted_list) == {}


@pytest.mark.parametrize(
    "header", ["Auto-Submitted: auto-replied", "Precedence: bulk", "Precedence: list", "X-No-Archive: yes"]
)
def test_machines_get_no_answer(encrypted_list: EncryptedList, header: str) -> None:
    """Mail of machines to the list or to its addresses is dropped without an answer, and recorded."""
    answered = header.startswith("X-")  # the control
    robot = encrypted_list.person("Robot")
    mail(robot, encrypted_list.sub_address("request"), header, subject="join")
    mail(robot, encrypted_list.address, header, subject="On holiday", body=CANARY)
    assert encrypted_list.sandbox.mailbox.count(robot.address) == (2 if answered else 0)
    assert sum(refused(encrypted_list).values()) == (1 if answered else 2)


def test_answers_are_few(encrypted_list: EncryptedList) -> None:
    """Who is written to in somebody's name is not flooded: ten answers a day, the rest is recorded."""
    victim = encrypted_list.person("Vic")
    for _ in range(7):
        mail(victim, encrypted_list.sub_address("request"), subject="join")
        mail(victim, encrypted_list.address, subject=CANARY, body=CANARY)
    assert encrypted_list.sandbox.mailbox.count(victim.address) == 10
    assert refused(encrypted_list) == {"not-encrypted": 7, "answered-too-often": 2}


SWITCHED_ON = {
    "posting_pipeline": "default-posting-pipeline",
    "archive_policy": "public",
    "digests_enabled": "yes",
    "digest_size_threshold": "0.001",
    "send_welcome_message": "no",
}


def files_below(*folders: Path) -> list[Path]:
    """All files below some folders."""
    return [path for folder in folders for path in folder.rglob("*") if path.is_file()]


@pytest.fixture
def archiving_list(start_sandbox: StartSandbox) -> EncryptedList:
    """An encrypted list on a Mailman that has an archiver."""
    return EncryptedList.make(start_sandbox(settings=("archiver.prototype.enable=yes",)))


@pytest.mark.deep
def test_archives_and_digests_get_nothing_in_the_clear(archiving_list: EncryptedList) -> None:
    """When REST switches on archivers, digests and the stock pipeline, posts go to the members as before, encrypted to who has chosen digests,
    and nowhere else.
    """
    sandbox, list_id = archiving_list.sandbox, archiving_list.list_id
    anne, bart, dora = (archiving_list.member(name) for name in ("Anne", "Bart", "Dora"))
    sandbox.rest(f"lists/{list_id}/config", SWITCHED_ON, "PATCH")
    archivers = sandbox.rest(f"lists/{list_id}/archivers")
    wanted = {name: "yes" for name in archivers if name != "http_etag"}
    assert "prototype" in wanted
    sandbox.rest(f"lists/{list_id}/archivers", wanted, "PATCH")
    digest = {"delivery_mode": "mime_digests"}
    sandbox.rest(f"members/{member_id(archiving_list, dora)}", digest, "PATCH")

    anne.post(CANARY, subject=CANARY)
    sandbox.wait_until_idle()
    assert CANARY in bart.read()[0].as_string()
    var = sandbox.place.var
    assert [path for path in files_below(var / "archives", var / "lists") if list_id in str(path)] == []
    sandbox.rest(f"lists/{list_id}/digest", {"send": "yes", "bump": "yes"}, "POST")
    sandbox.wait_until_idle()
    (digest,) = dora.mail()
    assert CANARY.encode() not in digest.content
    assert CANARY in dora.open(digest).as_string()
    assert archiving_list.status()["lists"][0]["unserved"] == []


def test_styles(new_list: Callable[..., EncryptedList]) -> None:
    """In a discussion every member may post; on a list for announcements those whom a moderator has let."""
    for style, copies in (("pgp-discussion", 1), ("pgp-announce", 0)):
        made = new_list(style)
        anne, bart = made.member("Anne"), made.member("Bart")
        anne.post(CANARY, subject=CANARY)
        (answer,) = anne.mail()
        assert (CANARY in anne.open(answer).as_string()) is bool(copies)
        made.sandbox.wait_until_idle()
        assert made.sandbox.mailbox.count(bart.address) == copies
        path = f"members/{member_id(made, anne)}"
        made.sandbox.rest(path, {"moderation_action": "accept"}, "PATCH")
        anne.post("The second")
        assert "The second" in bart.read(copies + 1)[-1].as_string()
        config = made.sandbox.rest(f"lists/{made.list_id}/config")
        assert config["posting_pipeline"] == "pgp-posting-pipeline"
        assert config["advertised"] is False


def test_rest_withholds_what_is_held(encrypted_list: EncryptedList) -> None:
    """A moderator finds in REST who has posted and when, and neither subject nor text."""
    anne = encrypted_list.member("Anne")
    path = hold(encrypted_list, anne)
    rest = encrypted_list.sandbox.rest
    held = rest(path)
    assert held["sender"] == anne.address
    assert CANARY not in str(held) + str(rest(path.rpartition("/")[0]))
    rest(path, {"action": "accept"})
    encrypted_list.sandbox.wait_until_idle()
    assert any(CANARY in message.as_string() for message in anne.read())


class PlainList:
    """A list with stock settings, and a member."""

    def __init__(self, like: EncryptedList) -> None:
        self.sandbox = like.sandbox
        self.address = like.address.replace("ants", "bees")
        self.member = f"pete{like.number}@example.net"
        self.list_id = self.sandbox.rest.create_list(self.address)
        self.sandbox.rest.subscribe(self.list_id, self.member)
        self.path = f"lists/{self.list_id}"

    def post(self, number: int) -> None:
        """Post, from the member."""
        text = (
            f"From: {self.member}\nTo: {self.address}\nSubject: Plain\nMessage-ID: <{number}.{self.address}>\n\nHello\n"
        )
        self.sandbox.lmtp_send(self.member, self.address, text.encode())
        self.sandbox.wait_until_idle()

    def config(self) -> dict[str, Any]:
        """All settings that REST shows and that no post changes."""
        found = self.sandbox.rest(f"{self.path}/config")
        changing = ("http_etag", "last_post_at", "post_id", "next_digest_number", "volume", "digest_last_sent_at")
        return {name: value for name, value in found.items() if name not in changing}


@pytest.mark.deep
def test_enable_names_what_is_in_the_clear(archiving_list: EncryptedList) -> None:
    """A list with an archive, a digest mailbox and a held message is not made an encrypted one before they are gone;
    afterwards it is one, and `disable` puts each of its settings back.
    """
    plain = PlainList(archiving_list)
    sandbox = plain.sandbox
    sandbox.rest(f"{plain.path}/config", {"digests_enabled": "yes"}, "PATCH")
    sandbox.rest(f"{plain.path}/archivers", {"prototype": "yes"}, "PATCH")
    plain.post(1)
    sandbox.rest(f"{plain.path}/config", {"default_member_action": "hold"}, "PATCH")
    plain.post(2)
    var = sandbox.place.var
    archive = var / "archives" / "prototype" / plain.address
    until(lambda: files_below(archive), "the archive")
    before = plain.config()

    refusal = sandbox.mailman_quickly("pgp", "enable", plain.address)
    assert refusal.returncode == 1
    assert "1 held message waits" in refusal.stderr
    assert (
        f"A digest mailbox holds posts in the clear ({var / 'lists' / plain.list_id / 'digest.mmdf'})" in refusal.stderr
    )
    assert f"An archive holds posts in the clear ({archive})" in refusal.stderr
    assert plain.config() == before

    (held,) = sandbox.rest(f"{plain.path}/held")["entries"]
    sandbox.rest(f"{plain.path}/held/{held['request_id']}", {"action": "discard"})
    sandbox.rest(f"{plain.path}/digest", {"send": "yes"}, "POST")
    sandbox.wait_until_idle()
    archive.rename(var.parent / f"moved-{plain.list_id}")
    sandbox.command("pgp", "enable", plain.address)
    during = plain.config()
    assert (during["posting_pipeline"], during["gateway_to_news"]) == ("pgp-posting-pipeline", False)
    assert sandbox.rest(f"{plain.path}/archivers")["prototype"] is False
    sandbox.command("pgp", "disable", plain.address, "--yes")
    assert plain.config() == before
    assert sandbox.rest(f"{plain.path}/archivers")["prototype"] is True


def test_enable_waits_for_posts_on_their_way(encrypted_list: EncryptedList) -> None:
    """A post that Mailman is about to send keeps the list from being made an encrypted one, where it would end in `shunt`."""
    plain = PlainList(encrypted_list)
    sandbox = plain.sandbox
    sandbox.rest(f"{plain.path}/config", {"digests_enabled": "no"}, "PATCH")
    with sandbox.paused("pipeline"):
        text = f"From: {plain.member}\nTo: {plain.address}\nSubject: x\nMessage-ID: <late@x>\n\nHello\n"
        sandbox.lmtp_send(plain.member, plain.address, text.encode())
        until(lambda: sandbox.queue("pipeline"), "the post waits")
        refusal = sandbox.mailman_quickly("pgp", "enable", plain.address)
        assert refusal.returncode == 1
        assert "The queue `pipeline` holds 1 message of the list in the clear" in refusal.stderr
    sandbox.mail_for(plain.member)
    sandbox.wait_until_idle()
    sandbox.command("pgp", "enable", plain.address)
    assert sandbox.queue("shunt") == []


def test_held_post_keeps_a_list_encrypted(encrypted_list: EncryptedList) -> None:
    """`disable` is refused while a sealed post waits for a moderator, since nobody could open it afterwards."""
    path = hold(encrypted_list, encrypted_list.member("Anne"))
    refusal = encrypted_list.sandbox.mailman_quickly("pgp", "disable", encrypted_list.address, "--yes")
    assert refusal.returncode == 1
    assert "1 held message, sealed for the encrypted list" in refusal.stderr
    encrypted_list.sandbox.rest(path, {"action": "discard"})
    encrypted_list.pgp("disable", encrypted_list.address, "--yes")


def test_deleted_list_is_forgotten(new_list: Callable[..., EncryptedList]) -> None:
    """A list that REST deletes takes its keys along: another one of the same name has another key and knows nobody."""
    made = new_list()
    anne = made.member("Anne")
    old = made.certificate
    made.sandbox.rest(f"lists/{made.list_id}", method="DELETE")
    with pytest.raises(RestError):
        made.sandbox.rest(f"lists/{made.list_id}")
    made.sandbox.rest.create_list(made.address, "pgp-discussion")
    made.refresh()
    assert made.certificate != old
    assert anne.address not in made.pgp("certificate", "list", made.address)
    made.join(anne)
    made.forget(anne)
    anne.send(anne.write(to=old))
    anne.post()
    made.sandbox.wait_until_idle()
    assert refused(made) == {"not-for-this-list": 1, "unknown-key": 1}


def test_member_who_left_is_forgotten(encrypted_list: EncryptedList) -> None:
    """Whoever was unsubscribed has no certificate on the list any more: posts are refused, and coming back means a new key."""
    anne, bart = encrypted_list.member("Anne"), encrypted_list.member("Bart")
    encrypted_list.sandbox.rest(f"members/{member_id(encrypted_list, bart)}", method="DELETE")
    assert bart.address not in encrypted_list.pgp("certificate", "list", encrypted_list.address)
    anne.post()
    bart.post()
    encrypted_list.sandbox.wait_until_idle()
    assert refused(encrypted_list)["no-certificate-for-author"] == 1
    assert len(anne.mail()) == 1
