"""The pipe, against a server that follows a script."""

import itertools
import smtplib
import socket
import threading
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mailman_pgp.delivery.replies import MAX_REPLY_BYTES, Reply, ReplyError, ReplyReader, one_line
from mailman_pgp.delivery.smtp import Envelope, Outcome, Patience, Pipe, Result, Stage, connect_from, pipe_from
from mailman_pgp.delivery.stuffing import Stuffer

from .conftest import DEADLINE_SECONDS, DEFAULT, PIPELINING, Answer, Authority, Script, ScriptedServer, Visit

LOCK_STEP = ("SIZE", "8BITMIME")
BOTH = pytest.mark.parametrize("features", [PIPELINING, LOCK_STEP], ids=["pipelining", "lock-step"])
TAIL = b"tail of all\r\n" * 3


def connect_to(server: ScriptedServer) -> smtplib.SMTP:
    return smtplib.SMTP("127.0.0.1", server.port, local_hostname="test", timeout=DEADLINE_SECONDS)


def pipe_to(server: ScriptedServer, **keywords: object) -> Pipe:
    keywords.setdefault("patience", Patience(DEADLINE_SECONDS, DEADLINE_SECONDS))
    return Pipe(lambda: connect_to(server), **keywords)  # type: ignore[arg-type]


def envelopes(count: int, *, tail: bytes = TAIL) -> list[Envelope]:
    return [
        Envelope(f"list+{number}@lists.test", f"m{number}@test", (b"Subject: x\r\n\r\n", b"head %d\r\n" % number, tail))
        for number in range(count)
    ]


def outcomes(results: list[Result]) -> list[Outcome]:
    return [result.outcome for result in results]


def answering(verb: str, reply: bytes | None, recipient: str = "m1@test") -> Answer:
    """Answer `verb` with `reply` in the transaction of `recipient`, or of list+1 where the recipient isn't known."""
    sender = b"<list+" + recipient[1 : recipient.index("@")].encode() + b"@"

    def answer(visit: Visit, asked: str, line: bytes) -> bytes | None:
        about = line if asked == "MAIL" else visit.sender or b"".join(visit.recipients)
        if asked == "." or not about:
            about = answer.last
        answer.last = about
        return reply if asked == verb and sender in about else DEFAULT

    answer.last = b""
    return answer


@BOTH
def test_copies_arrive_whole(server: ScriptedServer, features: tuple[str, ...]) -> None:
    """Each copy arrives as its parts joined, over one connection, with its own envelope."""
    server.script.features = features
    sent = envelopes(5)
    results = list(pipe_to(server).send(sent))
    server.settle()
    assert [(result.recipient, result.outcome, result.code, result.stage) for result in results] == [
        (envelope.recipient, Outcome.DELIVERED, 250, Stage.BODY) for envelope in sent
    ]
    assert results[0].text == "2.0.0 queued"
    assert [(m.sender, m.recipient, m.data) for m in server.accepted] == [
        (envelope.sender, envelope.recipient, b"".join(envelope.parts)) for envelope in sent
    ]
    assert len(server.visits) == 1
    assert server.commands[-1] == b"QUIT"


@BOTH
def test_nothing_to_send(server: ScriptedServer, features: tuple[str, ...]) -> None:
    """Without an envelope there is no connection."""
    server.script.features = features
    assert list(pipe_to(server).send([])) == []
    assert server.visits == []


@dataclass
class Lines:
    """Lines with dots and odd ends, cut into parts anywhere."""

    parts: tuple[bytes, ...]

    @property
    def canonical(self) -> bytes:
        """What a server must read."""
        whole = b"".join(self.parts).replace(b"\r\n", b"\n").replace(b"\r", b"\n").replace(b"\n", b"\r\n")
        return whole if whole.endswith(b"\r\n") or not whole else whole + b"\r\n"


PARTS = st.lists(
    st.lists(st.sampled_from([b"\r\n", b".", b"..", b"a", b"\r", b"\n", b"\r\n.\r\n", b"\xc3\xa4"])).map(b"".join),
    max_size=4,
).map(lambda parts: Lines(tuple(parts)))


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(messages=st.lists(PARTS, min_size=1, max_size=4))
def test_dots_and_line_ends_survive(server: ScriptedServer, messages: list[Lines]) -> None:
    """Whatever the parts are, the server reads the message with CRLF line ends, and no second message out of it."""
    server.accepted.clear()
    results = list(pipe_to(server).send(Envelope("", f"m{i}@test", lines.parts) for i, lines in enumerate(messages)))
    server.settle()
    assert outcomes(results) == [Outcome.DELIVERED] * len(messages)
    assert [message.data for message in server.accepted] == [lines.canonical for lines in messages]


def test_a_shared_part_is_looked_at_once() -> None:
    """The tail that copies share is searched for dots with the first copy only."""

    class Counted(bytes):
        looks = 0

        def count(self, *arguments: object) -> int:
            type(self).looks += 1
            return super().count(*arguments)  # type: ignore[arg-type]

    stuffer, tail = Stuffer(), Counted(b"tail\r\n.dot\r\n")
    first = stuffer.prepare((b"head\r\n", tail))
    looks = Counted.looks
    assert looks > 0
    second = stuffer.prepare((b"other\r\n", tail))
    assert Counted.looks == looks
    assert b"".join(first[0]) == b"head\r\ntail\r\n..dot\r\n.\r\n"
    assert b"".join(second[0]) == b"other\r\ntail\r\n..dot\r\n.\r\n"


def test_groups_are_as_large_as_rfc_2920_allows(server: ScriptedServer) -> None:
    """The next copy's MAIL, RCPT and DATA leave before the answer to this one's message is there."""
    release = threading.Event()
    seen: list[bytes] = []

    def answer(visit: Visit, verb: str, _line: bytes) -> bytes:
        if verb == "." and not seen:
            while not visit._buffer.endswith(b"DATA\r\n"):
                visit._read()
            seen.append(visit._buffer)
            release.set()
        return DEFAULT

    server.script.answer = answer
    results = list(pipe_to(server).send(envelopes(2)))
    assert release.is_set()
    assert seen[0].count(b"\r\n") == 3
    assert outcomes(results) == [Outcome.DELIVERED] * 2


@BOTH
@pytest.mark.parametrize("verb", ["MAIL", "RCPT", "DATA", "."])
@pytest.mark.parametrize(("code", "outcome"), [(451, Outcome.TEMPORARY), (550, Outcome.PERMANENT)])
def test_a_refusal_concerns_one_copy(
    server: ScriptedServer, features: tuple[str, ...], verb: str, code: int, outcome: Outcome
) -> None:
    """A refused copy has the server's code and words; the others are delivered over the same connection."""
    server.script.features = features
    server.script.answer = answering(verb, b"%d-5.1.1 no\r\n%d 5.1.1 never\r\n" % (code, code))
    results = list(pipe_to(server).send(envelopes(4)))
    server.settle()
    stage = {"MAIL": Stage.MAIL, "RCPT": Stage.RCPT, "DATA": Stage.DATA, ".": Stage.BODY}[verb]
    assert results[1] == Result("m1@test", outcome, code, "5.1.1 no 5.1.1 never", stage)
    assert outcomes(results) == [Outcome.DELIVERED, outcome, Outcome.DELIVERED, Outcome.DELIVERED]
    assert server.recipients == ["m0@test", "m2@test", "m3@test"]
    assert len(server.visits) == 1


@BOTH
def test_all_refused(server: ScriptedServer, features: tuple[str, ...]) -> None:
    """A server that refuses every recipient gets no message, and every result names its recipient."""
    server.script.features = features
    server.script.answer = lambda _visit, verb, _line: b"550 no\r\n" if verb == "RCPT" else DEFAULT
    results = list(pipe_to(server).send(envelopes(4)))
    assert [(r.recipient, r.code, r.stage) for r in results] == [(f"m{n}@test", 550, Stage.RCPT) for n in range(4)]
    assert server.accepted == []


def test_data_accepted_without_a_recipient(server: ScriptedServer) -> None:
    """A server that takes DATA after it refused the recipient gets a single dot (RFC 2920 §3.1) and no content."""

    def answer(visit: Visit, verb: str, line: bytes) -> bytes:
        if verb == "RCPT" and b"m1@" in line:
            return b"550 no\r\n"
        if verb == "DATA":
            return b"354 anything\r\n"
        return b"554 no valid recipients\r\n" if verb == "." and b"list+1@" in answer.sender else usual(visit, verb)

    def usual(visit: Visit, _verb: str) -> bytes:
        answer.sender = visit.sender
        return DEFAULT

    answer.sender = b""
    server.script.answer = answer
    results = list(pipe_to(server).send(envelopes(3)))
    server.settle()
    assert outcomes(results) == [Outcome.DELIVERED, Outcome.PERMANENT, Outcome.DELIVERED]
    assert server.recipients == ["m0@test", "m2@test"]
    assert b"head 1" not in server.visits[0].stream
    assert b"RSET" not in server.commands


def test_a_sender_refused_and_a_recipient_accepted(server: ScriptedServer) -> None:
    """Where a single dot could deliver an empty message, the connection is given up instead."""
    replies = {"MAIL": b"550 no\r\n", "RCPT": b"250 ok\r\n", "DATA": b"354 go\r\n"}
    server.script.answer = lambda _visit, verb, _line: replies.get(verb, DEFAULT)
    results = list(pipe_to(server).send(envelopes(1)))
    server.settle()
    assert [(r.outcome, r.code) for r in results] == [(Outcome.TEMPORARY, 444)]
    assert server.accepted == []


@BOTH
def test_log_in_first_is_nobodys_fault(server: ScriptedServer, features: tuple[str, ...]) -> None:
    """530 speaks about the site's set-up: the copy is kept for later."""
    server.script.features = features
    server.script.answer = lambda _visit, verb, _line: b"530 log in first\r\n" if verb == "MAIL" else DEFAULT
    assert [(r.outcome, r.code) for r in pipe_to(server).send(envelopes(1))] == [(Outcome.TEMPORARY, 530)]


@BOTH
@pytest.mark.parametrize("verb", ["MAIL", "RCPT", "DATA"])
def test_closing_before_the_message_costs_nothing(server: ScriptedServer, features: tuple[str, ...], verb: str) -> None:
    """421 before a message began: that copy and those behind it go over a new connection."""
    server.script.features = features
    closing = answering(verb, b"421 4.3.2 enough for today\r\n")
    server.script.answer = lambda visit, asked, line: (
        closing(visit, asked, line) if visit.number == 0 else DEFAULT  # the first visit only
    )
    results = list(pipe_to(server).send(envelopes(4)))
    assert outcomes(results) == [Outcome.DELIVERED] * 4
    assert server.recipients == [f"m{n}@test" for n in range(4)]
    assert len(server.visits) == 2


@BOTH
def test_closing_instead_of_an_answer(server: ScriptedServer, features: tuple[str, ...]) -> None:
    """421 as the answer to a message: that copy is for later, those behind it go on."""
    server.script.features = features
    closing = answering(".", b"421 4.3.2 enough\r\n")
    server.script.answer = lambda visit, asked, line: closing(visit, asked, line) if visit.number == 0 else DEFAULT
    results = list(pipe_to(server).send(envelopes(4)))
    assert results[1] == Result("m1@test", Outcome.TEMPORARY, 421, "4.3.2 enough", Stage.CONNECT)
    assert server.recipients == ["m0@test", "m2@test", "m3@test"]


def test_a_server_that_always_closes(server: ScriptedServer) -> None:
    """A server that never gets to an answer is left alone after a few connections; everybody is for later."""
    server.script.answer = lambda _visit, verb, _line: b"421 no\r\n" if verb == "MAIL" else DEFAULT
    results = list(pipe_to(server).send(envelopes(20)))
    assert [(r.outcome, r.code) for r in results] == [(Outcome.TEMPORARY, 421)] * 20
    assert len(server.visits) == 3


def settled(server: ScriptedServer, sent: list[Envelope], results: list[Result]) -> None:
    """What holds wherever a connection breaks."""
    server.settle()
    assert [result.recipient for result in results] == [envelope.recipient for envelope in sent]
    assert Outcome.PERMANENT not in outcomes(results)
    delivered = [result.recipient for result in results if result.outcome is Outcome.DELIVERED]
    assert set(delivered) <= set(server.recipients)
    assert len(server.recipients) == len(set(server.recipients)), "a copy was sent twice"
    whole = {envelope.recipient: b"".join(envelope.parts) for envelope in sent}
    assert all(message.data == whole[message.recipient] for message in server.accepted)
    doubtful = set(server.recipients) - set(delivered)
    assert len(doubtful) <= 1
    assert all(result.code == 444 for result in results if result.outcome is Outcome.TEMPORARY)


def length_of_the_conversation(features: tuple[str, ...], sent: list[Envelope]) -> tuple[int, int]:
    """Bytes that the client sends for `sent`, and that the server answers, when all goes well."""
    server = ScriptedServer(Script(features=features))
    assert outcomes(list(pipe_to(server).send(sent))) == [Outcome.DELIVERED] * len(sent)
    server.settle()
    server.stop()
    return len(server.visits[0].stream), server.visits[0]._replied


@BOTH
def test_a_connection_lost_at_any_byte_written(features: tuple[str, ...]) -> None:
    """Wherever the server hangs up, one result comes for each copy, and at most one of them is in doubt."""
    sent = envelopes(3, tail=b"t\r\n")
    length, _ = length_of_the_conversation(features, sent)
    for position in range(length):
        server = ScriptedServer(Script(features=features, drop_after=lambda visit, at=position: None if visit else at))
        results = list(pipe_to(server).send(sent))
        settled(server, sent, results)
        assert outcomes(results).count(Outcome.TEMPORARY) <= 1
        server.stop()


@BOTH
def test_a_connection_lost_at_any_byte_read(features: tuple[str, ...]) -> None:
    """The same when the server's answer breaks off anywhere: half a 250 is no delivery."""
    sent = envelopes(3, tail=b"t\r\n")
    _, length = length_of_the_conversation(features, sent)
    for position in range(length):
        server = ScriptedServer(Script(features=features, cut_replies=lambda visit, at=position: None if visit else at))
        results = list(pipe_to(server).send(sent))
        settled(server, sent, results)
        assert outcomes(results).count(Outcome.TEMPORARY) <= 1
        server.stop()


def test_every_connection_lost(server: ScriptedServer) -> None:
    """When each connection breaks in its second message, one copy a connection is in doubt and the rest arrive."""
    sent = envelopes(9)
    first = len(b"".join(sent[0].parts)) + 60
    server.script.drop_after = lambda _visit: 2 * first
    results = list(pipe_to(server).send(sent))
    server.settle()
    assert [result.recipient for result in results] == [envelope.recipient for envelope in sent]
    assert Outcome.DELIVERED in outcomes(results)
    assert Outcome.TEMPORARY in outcomes(results)
    assert {r.recipient for r in results if r.outcome is Outcome.DELIVERED} == set(server.recipients)


@BOTH
def test_answers_that_drip(server: ScriptedServer, features: tuple[str, ...]) -> None:
    """Answers may come byte by byte, and be read byte by byte."""
    server.script.features = features
    server.script.reply_piece = server.script.piece = 1
    assert outcomes(list(pipe_to(server).send(envelopes(3)))) == [Outcome.DELIVERED] * 3
    assert server.recipients == ["m0@test", "m1@test", "m2@test"]


LARGE = b"x" * 76 + b"\r\n"


@pytest.mark.parametrize("secure", ["smtp", "starttls"])
def test_a_large_message_to_a_slow_reader(server: ScriptedServer, authority: Authority, secure: str) -> None:
    """A message larger than all buffers arrives whole."""
    if secure == "starttls":
        server.script.tls = authority.server
    server.script.receive_buffer = 65536
    server.script.piece = 50_000
    sent = envelopes(2, tail=LARGE * 40_000)
    results = list(tls_pipe(server, authority).send(sent) if secure == "starttls" else pipe_to(server).send(sent))
    server.settle()
    assert outcomes(results) == [Outcome.DELIVERED] * 2
    assert [message.data for message in server.accepted] == [b"".join(envelope.parts) for envelope in sent]


def test_a_server_that_talks_and_does_not_listen(server: ScriptedServer) -> None:
    """A server that fills our buffers while it does not empty its own can't stop the pipe."""
    flooded: list[bool] = []

    def answer(visit: Visit, verb: str, _line: bytes) -> bytes:
        if verb != "DATA" or visit.number:
            return DEFAULT
        visit.sock.sendall(b"354 go on\r\n")
        visit._read()  # the message has begun
        flooded.append(True)
        return b"250 all fine\r\n" * 1_000_000

    server.script.answer = answer
    results = list(pipe_to(server).send(envelopes(2, tail=LARGE * 100_000)))
    server.settle()
    assert flooded
    assert outcomes(results) == [Outcome.TEMPORARY, Outcome.DELIVERED]
    assert results[0].code == 444


def test_a_refusal_in_the_middle_of_a_message(server: ScriptedServer) -> None:
    """A server that refuses before it has the whole and hangs up is heard; the next copy goes on elsewhere."""

    def answer(visit: Visit, verb: str, _line: bytes) -> bytes | None:
        if verb == "DATA" and visit.number == 0:
            visit.sock.sendall(b"354 go on\r\n")
            while len(visit.stream) < 200_000:
                visit._read()
            visit.sock.sendall(b"552 5.3.4 too much\r\n")
            visit.sock.shutdown(socket.SHUT_WR)
            visit._buffer = b""
            while visit.sock.recv(65536):
                pass
            return None
        return DEFAULT

    server.script.answer = answer
    results = list(pipe_to(server).send(envelopes(2, tail=LARGE * 100_000)))
    assert results[0] == Result("m0@test", Outcome.PERMANENT, 552, "5.3.4 too much", Stage.BODY)
    assert results[1].outcome is Outcome.DELIVERED


@pytest.mark.parametrize(
    "reply",
    [
        b"250-" + b"x" * 100 + b"\r\n",
        b"x" * 100,
        b"250",
    ],
    ids=["lines without end", "a line without end", "a code without end"],
)
def test_an_endless_answer_is_cut_off(server: ScriptedServer, reply: bytes) -> None:
    """An answer beyond the limit ends the connection; nothing is taken for delivered."""
    server.script.answer = lambda _visit, verb, _line: reply * 50_000 if verb == "." else DEFAULT
    results = list(pipe_to(server).send(envelopes(2)))
    assert [(r.outcome, r.code) for r in results] == [(Outcome.TEMPORARY, 444)] * 2


@pytest.mark.parametrize(
    "reply",
    [
        b"\r\n",
        b"hello\r\n",
        b"25\r\n",
        b"250-one\r\n550 two\r\n",
        b"150 wait\r\n",
        b"354 go\r\n",
        b"999 x\r\n",
        b"\xff\r\n",
    ],
)
def test_an_answer_that_makes_no_sense(server: ScriptedServer, reply: bytes) -> None:
    """What is not an answer to a message is not taken for one."""
    server.script.answer = lambda _visit, verb, _line: reply if verb == "." else DEFAULT
    results = list(pipe_to(server).send(envelopes(1)))
    assert [(r.outcome, r.code) for r in results] == [(Outcome.TEMPORARY, 444)]


@BOTH
@pytest.mark.parametrize("verb", ["MAIL", "RCPT", "DATA"])
@pytest.mark.parametrize("reply", [b"250 ok\r\n250 twice\r\n", b"354 go\r\n354 twice\r\n", b"503 out of step\r\n"])
def test_an_answer_too_many(server: ScriptedServer, features: tuple[str, ...], verb: str, reply: bytes) -> None:
    """An answer that nobody asked for is never taken for the answer to a message."""
    server.script.features = features
    server.script.answer = lambda _visit, asked, _line: reply if asked == verb else DEFAULT
    results = list(pipe_to(server).send(envelopes(1)))
    server.settle()
    assert [(r.outcome, r.code) for r in results] == [(Outcome.TEMPORARY, 444)]
    assert server.accepted == []


def test_an_answer_to_ehlo_too_many(server: ScriptedServer) -> None:
    """What came before our first command is not its answer."""
    server.script.features = ("PIPELINING\r\n250 last\r\n250 MAIL\r\n250 RCPT\r\n354 DATA\r\n250-delivered",)
    results = list(pipe_to(server).send(envelopes(1)))
    assert [(r.outcome, r.code) for r in results] == [(Outcome.TEMPORARY, 444)]


def test_the_servers_words_are_made_harmless(server: ScriptedServer) -> None:
    """Control characters, direction marks and broken UTF-8 don't reach a log; nor does a novel."""
    words = "5.7.1 \x1b[31mred\x07\t\u202eevil ".encode() + b"\xff" + b"\x00" + b"word " * 200
    server.script.answer = lambda _visit, verb, _line: b"554 " + words + b"\r\n" if verb == "." else DEFAULT
    (result,) = pipe_to(server).send(envelopes(1))
    assert result.outcome is Outcome.PERMANENT
    assert result.text.startswith("5.7.1 [31mred evil \ufffd word word")
    assert result.text.isprintable()
    assert len(result.text) == 200


def test_a_silent_server(server: ScriptedServer) -> None:
    """A server that does not answer in time is not asked again for the copies behind."""
    release = threading.Event()

    def answer(_visit: Visit, verb: str, _line: bytes) -> bytes:
        if verb == ".":
            release.wait(DEADLINE_SECONDS)
        return DEFAULT

    server.script.answer = answer
    results = list(pipe_to(server, patience=Patience(DEADLINE_SECONDS, 0.2)).send(envelopes(3)))
    release.set()
    assert [(r.outcome, r.code, r.text) for r in results] == [
        (Outcome.TEMPORARY, 444, "The mail server did not answer in time.")
    ] * 3
    assert len(server.visits) == 1


def test_no_server() -> None:
    """Without a server every copy is for later, with the reason, and nothing is raised."""
    with socket.create_server(("127.0.0.1", 0)) as unused:
        port = unused.getsockname()[1]
    pipe = Pipe(lambda: smtplib.SMTP("127.0.0.1", port, local_hostname="test"))
    results = list(pipe.send(envelopes(3)))
    assert [(r.outcome, r.code, r.stage) for r in results] == [(Outcome.TEMPORARY, 444, Stage.CONNECT)] * 3
    assert results[0].text == "There is no connection to the mail server: Connection refused"
    assert pipe.open() == results[0].text


@pytest.mark.parametrize("greeting", [b"554 no service\r\n", b"421 busy\r\n"])
def test_an_unfriendly_greeting(server: ScriptedServer, greeting: bytes) -> None:
    """A server that does not serve us is no fault of the recipients, whatever its code."""
    server.script.greeting = greeting
    results = list(pipe_to(server).send(envelopes(2)))
    assert [(r.outcome, r.code) for r in results] == [(Outcome.TEMPORARY, 444)] * 2
    assert greeting[:3].decode() in results[0].text


def test_a_server_that_goes_away(server: ScriptedServer) -> None:
    """When no new connection can be had after a loss, the copies behind are for later."""

    def answer(_visit: Visit, verb: str, line: bytes) -> bytes | None:
        if verb == "RCPT" and b"m2@" in line:
            server.refuse_connections()
            return None
        return DEFAULT

    server.script.answer = answer
    results = list(pipe_to(server).send(envelopes(5)))
    assert outcomes(results) == [Outcome.DELIVERED] * 2 + [Outcome.TEMPORARY] * 3


@pytest.mark.parametrize(("limit", "visits"), [(0, 1), (2, 3), (5, 1)])
def test_copies_per_connection(server: ScriptedServer, limit: int, visits: int) -> None:
    """A connection carries no more copies than the site allows."""
    results = list(pipe_to(server, copies_per_connection=limit).send(envelopes(5)))
    server.settle()
    assert outcomes(results) == [Outcome.DELIVERED] * 5
    assert len(server.visits) == visits
    assert server.commands.count(b"QUIT") == visits


def test_open_is_used_by_the_next_send(server: ScriptedServer) -> None:
    """A connection that was opened first is the one that carries the copies; an unused one is closed."""
    pipe = pipe_to(server)
    assert pipe.open() is None
    assert outcomes(list(pipe.send(envelopes(1)))) == [Outcome.DELIVERED]
    assert len(server.visits) == 1
    assert pipe.open() is None
    pipe.close()
    server.settle()
    assert len(server.visits) == 2


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


def test_an_error_of_the_caller(server: ScriptedServer) -> None:
    """An error from the envelopes' iterable comes out after the results of what was taken before it."""

    def failing() -> Iterator[Envelope]:
        yield from envelopes(2)
        raise KeyError("no key")

    results = pipe_to(server).send(failing())
    assert outcomes([next(results), next(results)]) == [Outcome.DELIVERED] * 2
    with pytest.raises(KeyError):
        next(results)


def test_a_caller_that_stops(server: ScriptedServer) -> None:
    """When the caller stops listening the connection is closed."""
    results = pipe_to(server).send(envelopes(5))
    assert next(results).outcome is Outcome.DELIVERED
    results.close()  # type: ignore[attr-defined]
    server.settle()


@dataclass
class Mta:
    """As core's `config.mta`."""

    smtp_port: str
    smtp_host: str = "127.0.0.1"
    smtp_user: str = ""
    smtp_pass: str = ""
    smtp_secure_mode: str = "smtp"
    smtp_verify_cert: str = "yes"
    smtp_verify_hostname: str = "yes"
    max_sessions_per_connection: str = "0"


def tls_pipe(server: ScriptedServer, authority: Authority) -> Pipe:
    def connect() -> smtplib.SMTP:
        smtp = connect_to(server)
        smtp.starttls(context=authority.client)
        return smtp

    return Pipe(connect, patience=Patience(DEADLINE_SECONDS, DEADLINE_SECONDS))


@pytest.mark.parametrize("mode", ["smtps", "STARTTLS"])
def test_tls_as_core_is_configured(
    server: ScriptedServer, authority: Authority, monkeypatch: pytest.MonkeyPatch, mode: str
) -> None:
    """Both kinds of TLS deliver, checked against the system's authorities."""
    monkeypatch.setenv("SSL_CERT_FILE", str(authority.file))
    server.script.tls, server.script.implicit_tls = authority.server, mode == "smtps"
    pipe = pipe_from(Mta(str(server.port), smtp_secure_mode=mode))
    sent = envelopes(4)
    assert outcomes(list(pipe.send(sent))) == [Outcome.DELIVERED] * 4
    server.settle()
    assert [message.data for message in server.accepted] == [b"".join(envelope.parts) for envelope in sent]


def test_a_certificate_nobody_vouches_for(server: ScriptedServer, authority: Authority) -> None:
    """An unknown certificate is refused unless the site says otherwise; the copies are for later."""
    server.script.tls = authority.server
    strict = Mta(str(server.port), smtp_secure_mode="starttls")
    results = list(pipe_from(strict).send(envelopes(2)))
    assert [(r.outcome, r.code) for r in results] == [(Outcome.TEMPORARY, 444)] * 2
    assert "certificate" in results[0].text.lower()
    lenient = Mta(str(server.port), smtp_secure_mode="starttls", smtp_verify_cert="no")
    assert outcomes(list(pipe_from(lenient).send(envelopes(2)))) == [Outcome.DELIVERED] * 2


def test_starttls_that_is_not_offered(server: ScriptedServer) -> None:
    """Nothing is sent in the clear when the site wants STARTTLS and the server has none."""
    results = list(pipe_from(Mta(str(server.port), smtp_secure_mode="starttls")).send(envelopes(1)))
    assert outcomes(results) == [Outcome.TEMPORARY]
    assert server.commands == []


def test_a_tls_connection_lost_anywhere(authority: Authority) -> None:
    """Over TLS too, one result comes for each copy wherever the server hangs up."""
    sent = envelopes(3, tail=b"t\r\n")
    length, _ = length_of_the_conversation(PIPELINING, sent)
    for position in range(0, length, 7):
        server = ScriptedServer(
            Script(tls=authority.server, drop_after=lambda visit, at=position: None if visit else at)
        )
        results = list(tls_pipe(server, authority).send(sent))
        settled(server, sent, results)
        server.stop()


@pytest.mark.parametrize(("reply", "outcome"), [(b"235 ok\r\n", Outcome.DELIVERED), (b"535 no\r\n", Outcome.TEMPORARY)])
def test_log_in(server: ScriptedServer, reply: bytes, outcome: Outcome) -> None:
    """The pipe logs in where the site has a user and a password; neither is seen in a result."""
    server.script.features = (*PIPELINING, "AUTH PLAIN")
    server.script.answer = lambda _visit, verb, _line: reply if verb == "AUTH" else DEFAULT
    connect = connect_from(Mta(str(server.port), smtp_user="mailman", smtp_pass="hush"))
    (result,) = Pipe(connect).send(envelopes(1))
    assert result.outcome is outcome
    assert server.commands[0].startswith(b"AUTH PLAIN ")
    assert "hush" not in repr(connect) + repr(result)


@pytest.mark.parametrize(
    ("setting", "value"), [("smtp_host", " "), ("smtp_port", "smtp"), ("smtp_secure_mode", "tls"), ("smtp_port", "")]
)
def test_settings_that_make_no_sense(setting: str, value: str) -> None:
    """A wrong setting is named."""
    mta = Mta("25")
    setattr(mta, setting, value)
    with pytest.raises(ValueError, match=setting):
        connect_from(mta)


@given(
    replies=st.lists(
        st.tuples(
            st.integers(200, 599),
            st.lists(
                st.binary(max_size=20).map(lambda b: b.replace(b"\n", b"").replace(b"\r", b"")), min_size=1, max_size=4
            ),
        ),
        max_size=5,
    ),
    cuts=st.lists(st.integers(0, 300), max_size=8),
)
def test_replies_however_they_are_cut(replies: list[tuple[int, list[bytes]]], cuts: list[int]) -> None:
    """Where the reads fall makes no difference to the replies that come out."""
    stream = b"".join(
        b"".join(b"%d%s%s\r\n" % (code, b" " if n == len(lines) else b"-", line) for n, line in enumerate(lines, 1))
        for code, lines in replies
    )
    reader, found = ReplyReader(), []
    edges = [0, *sorted(min(cut, len(stream)) for cut in cuts), len(stream)]
    for start, end in itertools.pairwise(edges):
        reader.feed(stream[start:end])
        while (reply := reader.take()) is not None:
            found.append(reply)
    assert reader.empty
    assert [reply.code for reply in found] == [code for code, _ in replies]
    assert [b"".join(reply.raw.split()) for reply in found] == [b"".join(b"".join(ls).split()) for _, ls in replies]


@given(data=st.binary(max_size=200))
def test_a_reader_of_garbage(data: bytes) -> None:
    """Any bytes make replies or a `ReplyError`, nothing else."""
    reader = ReplyReader()
    reader.feed(data)
    try:
        while (reply := reader.take()) is not None:
            assert isinstance(reply, Reply)
            assert reply.text == one_line(reply.text)
    except ReplyError:
        pass


def test_a_reader_holds_no_more_than_its_limit() -> None:
    """A reply that does not end is refused soon after the limit."""
    reader = ReplyReader()
    for _ in range(MAX_REPLY_BYTES // 1000):
        reader.feed(b"250-" + b"x" * 996)
        assert reader.take() is None
    reader.feed(b"x" * 1000)
    with pytest.raises(ReplyError):
        reader.take()
