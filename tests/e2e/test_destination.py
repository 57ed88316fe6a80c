"""A signed message counts where its author sent it: not in another list, not for other readers, not at another address."""

from __future__ import annotations

import base64
from dataclasses import replace
from types import SimpleNamespace
from typing import TYPE_CHECKING

import pytest
from keys import BINARY, Forged, forge_usable, now, signature, subpacket
from messages import encrypted, literal, one_pass, session_key, signed
from refusals import Guarded, armored
from test_own_signatures import crlf, with_signature

from mailman_pgp.openpgp import inspect
from mailman_pgp.openpgp.memberkeys import MemberKey
from mailman_pgp.sandbox import until

if TYPE_CHECKING:
    from collections.abc import Callable

    from people import Person

REASON = "meant-for-another-address"
WORDS = "was written and signed for another address than the one that it came to"


@pytest.fixture
def owner(guarded: Guarded) -> Person:
    """An owner of the list, who is a member too."""
    olga = guarded.list.member("Olga")
    guarded.list.sandbox.rest("members", {"list_id": guarded.list.list_id, "subscriber": olga.address, "role": "owner"})
    return olga


@pytest.fixture
def forged(guarded: Guarded) -> tuple[Person, Forged]:
    """A member, and the key with which tests make signatures that no program at hand would make."""
    cris = guarded.list.person("Cris")
    key = forge_usable(f"<{cris.address}>")
    cris = replace(cris, key=MemberKey(key.secret))
    guarded.list.join(cris)
    return cris, key


def to_the_list(guarded: Guarded, author: Person, packets: bytes) -> bytes:
    """Signed packets, encrypted to the list by whoever has them."""
    pkesk = session_key(SimpleNamespace(public=guarded.list.certificate))  # type: ignore[arg-type]  # all it looks at
    return author.envelope(armored(pkesk + encrypted(packets)))


def copies(guarded: Guarded) -> int:
    """How many messages Bart has."""
    guarded.list.sandbox.wait_until_idle()
    return guarded.list.sandbox.mailbox.count(guarded.bart.address)


# -- what is refused


def test_mail_to_the_owners_is_no_post(guarded: Guarded) -> None:
    """Whoever carries a member's mail to the owners can't have it sent to all members, however they write the outside."""
    anne = guarded.anne
    letter = guarded.canary.protected(anne, guarded.list.sub_address("owner"))
    assert f"To: {guarded.list.address}".encode() in letter
    guarded.refuses(anne, letter, REASON, WORDS)


def test_post_is_no_mail_to_the_owners(guarded: Guarded, owner: Person) -> None:
    """Whoever is faster than the mail and sends a copy to the owners gains nothing, and the post passes."""
    anne, sandbox = guarded.anne, guarded.list.sandbox
    post = guarded.canary.protected(anne)
    sandbox.lmtp_send("eve@evil.example", guarded.list.sub_address("owner"), post)
    anne.mail(1)
    sandbox.wait_until_idle()
    assert dict(guarded.refused_for()) == {REASON: 1}
    assert sandbox.mailbox.count(owner.address) == 0
    anne.send(post)
    assert guarded.canary.heard_in(guarded.bart.read(1)[0])


def test_private_mail_is_no_post(guarded: Guarded, forged: tuple[Person, Forged]) -> None:
    """What somebody has signed for one reader, that reader can't encrypt to the list as theirs."""
    cris, key = forged
    inside = guarded.canary.inside(cris, guarded.bart.address)
    guarded.refuses(cris, to_the_list(guarded, cris, signed(inside, key.primary)), REASON, WORDS)


def test_nobody_is_not_the_list(guarded: Guarded) -> None:
    """A program that protects all fields and names nobody (Bcc) has not named the list."""
    anne = guarded.anne
    for to in ("undisclosed-recipients:;", ""):
        line = f"To: {guarded.list.address}\n".encode()
        inside = guarded.canary.inside(anne).replace(line, f"To: {to}\n".encode() if to else b"", 1)
        guarded.refuses(anne, anne.envelope(anne.key.write(inside, guarded.list.certificate)), REASON, WORDS)


def made_for(key: Forged, content: bytes, *fingerprints: str) -> bytes:
    """The packets of a message whose signature names the keys that it was made for (RFC 9580 §5.2.3.36)."""
    extra = b"".join(subpacket(35, b"\x04" + bytes.fromhex(fingerprint)) for fingerprint in fingerprints)
    made = signature(key.primary, BINARY, content, at=now() - 60, extra=extra)
    return one_pass(key.primary) + literal(content) + made


def test_signature_that_names_its_readers(guarded: Guarded, forged: tuple[Person, Forged]) -> None:
    """Where To is not protected but the signature names keys, as gpg's does, one of them must be the list's."""
    cris, key = forged
    of_bart, of_list = (inspect(c).fingerprint for c in (guarded.bart.key.certificate, guarded.list.certificate))
    private = to_the_list(guarded, cris, made_for(key, guarded.canary.entity, of_bart))
    guarded.refuses(cris, private, REASON, WORDS)
    cris.send(to_the_list(guarded, cris, made_for(key, guarded.canary.entity, of_bart, of_list)))
    assert copies(guarded) == 1


def unsigned(guarded: Guarded, author: Person, inside: bytes) -> bytes:
    return author.envelope(author.key.write(inside, guarded.list.certificate, sign=False))


def signed_in_the_clear(guarded: Guarded, author: Person, inside: bytes) -> bytes:
    head = f"From: {author.name} <{author.address}>\nTo: {guarded.list.address}\nMessage-ID: <clear@x>\nMIME-Version: 1.0\n"
    return head.encode() + with_signature(crlf(inside), author.key.sign(crlf(inside)))


def bringing_a_key(guarded: Guarded, author: Person, inside: bytes) -> bytes:
    data = base64.encodebytes(author.key.certificate).decode().replace("\n", "\n ").rstrip()
    sealed = author.envelope(author.key.write(inside, guarded.list.certificate))
    return f"Autocrypt: addr={author.address}; keydata=\n {data}\n".encode() + sealed


@pytest.mark.parametrize(
    ("setting", "form", "member"),
    [
        ("on_unsigned", unsigned, True),
        ("on_not_encrypted", signed_in_the_clear, True),
        ("on_stranger", bringing_a_key, False),
    ],
)
def test_open_doors_are_for_posts(
    guarded: Guarded, setting: str, form: Callable[[Guarded, Person, bytes], bytes], *, member: bool
) -> None:
    """A list that takes more than what is authenticated takes nothing that says, inside, that it is for somebody else."""
    guarded.list.pgp("set", guarded.list.list_id, f"{setting}=accept")
    author = guarded.anne if member else guarded.list.person("Stan")
    for to in (guarded.list.sub_address("owner"), guarded.bart.address):
        inside = guarded.canary.inside(author, to)
        guarded.refuses(author, form(guarded, author, inside), REASON, WORDS)
    author.send(form(guarded, author, guarded.canary.inside(author)))
    assert copies(guarded) == 1


def bringing_a_key_and_nothing_else(guarded: Guarded, author: Person) -> bytes:
    return bringing_a_key(guarded, author, guarded.canary.entity)


def nothing_but_signed(guarded: Guarded, author: Person) -> bytes:
    return signed_in_the_clear(guarded, author, guarded.canary.entity)


@pytest.mark.parametrize(
    ("setting", "form", "member"),
    [("on_stranger", bringing_a_key_and_nothing_else, False), ("on_not_encrypted", nothing_but_signed, True)],
)
def test_signature_that_says_not_for_whom(
    guarded: Guarded, setting: str, form: Callable[[Guarded, Person], bytes], *, member: bool
) -> None:
    """Whoever got such a mail from its author can send it to a list that takes reports: it waits as a member's does."""
    guarded.list.pgp("set", guarded.list.list_id, f"{setting}=accept")
    author = guarded.anne if member else guarded.list.person("Stan")
    author.send(form(guarded, author))
    rest, path = guarded.list.sandbox.rest, f"lists/{guarded.list.list_id}/held"
    until(lambda: rest(f"{path}/count")["count"] == 1, "it is held")
    assert copies(guarded) == 0
    (waiting,) = guarded.list.rest("held")["entries"]
    assert waiting["reasons"] == ["Signed without saying for whom it was written."]
    rest(f"{path}/{waiting['number']}", {"action": "accept"})
    *_, kept = guarded.bart.mail()
    assert "it does not say for whom it was written" in " ".join(guarded.bart.open(kept).as_string().split())


# -- what passes


def test_posts_that_name_the_list_somewhere(guarded: Guarded) -> None:
    """Among others, in Cc, with a subaddress, in a group."""
    anne, address = guarded.anne, guarded.list.address
    tagged = address.replace("@", "+tag@").upper()
    shapes = (
        f"bob@example.org, {address}",
        f"bob@example.org\nCc: Ants <{address}>, carl@example.org",
        f'"Doe, John" <john@example.org>, "Ants" <{tagged}>',
        f"friends: bob@example.org, {address};",
    )
    for number, to in enumerate(shapes, 1):
        anne.send(guarded.canary.protected(anne, to))
        assert copies(guarded) == number, to
    assert guarded.refused_for() == {}


def test_settings_of_core_count(guarded: Guarded) -> None:
    """Acceptable aliases are names of the list's; without `require_explicit_destination` a post may name it nowhere."""
    anne, rest = guarded.anne, guarded.list.sandbox.rest
    config = f"lists/{guarded.list.list_id}/config"
    rest(config, {"acceptable_aliases": ["^security@.*", "all@example.org"]}, "PATCH")
    for number, to in enumerate(("security@example.org", "All@Example.org"), 1):
        anne.send(guarded.canary.protected(anne, to))
        assert copies(guarded) == number
    guarded.refuses(anne, guarded.canary.protected(anne, "other@example.org"), REASON, WORDS)
    rest(config, {"require_explicit_destination": "no"}, "PATCH")
    guarded.list.take_unbound()
    anne.send(guarded.canary.protected(anne, "other@example.com"))
    assert copies(guarded) == 3


def test_program_that_protects_nothing(guarded: Guarded, owner: Person) -> None:
    """A message that says inside nothing of its destination passes at both addresses, where the list takes such posts; at each
    it counts once.
    """
    guarded.list.take_unbound()
    anne = guarded.anne
    message = guarded.canary.outside(anne)
    anne.send(message, guarded.list.sub_address("owner"))
    assert guarded.canary.heard_in(owner.read(1)[0])
    anne.send(message)
    assert copies(guarded) == 1
    guarded.refuses(anne, message, "replayed", "was posted before")
