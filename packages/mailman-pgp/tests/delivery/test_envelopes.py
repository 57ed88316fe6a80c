"""What MAIL and RCPT say: an address can be nothing else, and nothing is said that the server does not offer."""

import pytest
from scripted import PIPELINING, ScriptedServer
from sending import LARGE, envelopes, outcomes, pipe_to

from mailman_pgp.delivery.smtp import Envelope, Outcome, Stage


@pytest.mark.parametrize(
    "address",
    [
        "a@b\r\nRCPT TO:<x@y",
        "a@b\nDATA",
        "a@b\r",
        "a@b> SIZE=1",
        "a b@c",
        "<a@b>",
        "a\0@b",
        'a"b@c',
        '"a\r\n"@c',
        '"a"b"@c',
        "a\u2028@b",
        "a\x85@b",
        "a\udc80@b",
        "a\u00a0@b\u3000",
        "",
        "a" * 901 + "@b",
    ],
)
def test_an_address_can_be_nothing_else(server: ScriptedServer, address: str) -> None:
    """An address that could end its command is refused here, as recipient and as sender; the others go out."""
    server.script.features = (*PIPELINING, "SMTPUTF8")
    good, *_ = envelopes(1)
    bad = [Envelope("s@test", address, (b"x\r\n",)), *([Envelope(address, "r@test", (b"x\r\n",))] if address else [])]
    results = list(pipe_to(server).send([*bad, good, *bad]))
    server.settle()
    assert [r.recipient for r in results] == [e.recipient for e in [*bad, good, *bad]]
    assert [(r.code, r.stage) for r in results if r.outcome is Outcome.PERMANENT] == [(553, Stage.CHECK)] * 2 * len(bad)
    assert server.recipients == ["m0@test"]
    assert [line[:4] for line in server.commands] == [b"MAIL", b"RCPT", b"DATA", b"QUIT"]


@pytest.mark.parametrize("address", ['"a b"@test', "o'hara+x=y@test", "postmaster", "a@[127.0.0.1]", '"a\\"<>"@test'])
def test_odd_addresses_that_are_allowed(server: ScriptedServer, address: str) -> None:
    """Quoted local parts and address literals are left as they are."""
    assert outcomes(list(pipe_to(server).send([Envelope(address, address, (b"x\r\n",))]))) == [Outcome.DELIVERED]
    assert server.commands[1] == b"RCPT TO:<" + address.encode() + b">"


def test_the_null_sender(server: ScriptedServer) -> None:
    """An empty sender is the null reverse path."""
    list(pipe_to(server).send([Envelope("", "m@test", (b"x\r\n",))]))
    assert server.commands[0].startswith(b"MAIL FROM:<>")


def test_letters_outside_ascii(server: ScriptedServer) -> None:
    """An address with other letters goes out with SMTPUTF8, and without it is refused with the reason."""
    sent = [Envelope("s@test", "m\u00fcller@test", (b"x\r\n",))]
    (refused,) = pipe_to(server).send(sent)
    assert (refused.outcome, refused.code) == (Outcome.PERMANENT, 553)
    assert "SMTPUTF8" in refused.text
    server.script.features = (*PIPELINING, "SMTPUTF8")
    assert outcomes(list(pipe_to(server).send(sent))) == [Outcome.DELIVERED]
    assert server.accepted[0].recipient == "m\u00fcller@test"
    assert server.accepted[0].mail_line.endswith(b" SMTPUTF8")


@pytest.mark.parametrize(
    ("features", "body", "parameters"),
    [
        (("PIPELINING",), b"x\r\n", b""),
        (("PIPELINING", "SIZE"), b"x\r\n", b" SIZE=3"),
        (("SIZE 0",), b"x\r\n", b" SIZE=3"),
        (("SIZE 3",), b"x\r\n", b" SIZE=3"),
        (("SIZE nonsense",), b"x\r\n", b" SIZE=3"),
        (("8BITMIME",), b"x\r\n", b""),
        (("8BITMIME",), b"\xc3\xa4\r\n", b" BODY=8BITMIME"),
        (("SIZE", "8BITMIME"), b"\xc3\xa4\r\n", b" SIZE=4 BODY=8BITMIME"),
        ((), b"\xc3\xa4\r\n", b""),
    ],
)
def test_parameters_of_mail(server: ScriptedServer, features: tuple[str, ...], body: bytes, parameters: bytes) -> None:
    """SIZE and BODY are given where the server offers them."""
    server.script.features = features
    assert outcomes(list(pipe_to(server).send([Envelope("s@test", "m@test", (body,))]))) == [Outcome.DELIVERED]
    assert server.commands[0] == b"MAIL FROM:<s@test>" + parameters


def test_a_message_beyond_the_servers_limit(server: ScriptedServer) -> None:
    """A message that the server said it would not take is not sent."""
    server.script.features = ("PIPELINING", "SIZE 100")
    small, large = Envelope("s@test", "a@test", (b"x\r\n",)), Envelope("s@test", "b@test", (LARGE, LARGE))
    results = list(pipe_to(server).send([small, large, small]))
    assert outcomes(results) == [Outcome.DELIVERED, Outcome.PERMANENT, Outcome.DELIVERED]
    assert (results[1].code, results[1].stage) == (552, Stage.CHECK)
    assert b"b@test" not in server.visits[0].stream
