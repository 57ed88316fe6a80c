"""Whatever a server says, only an answer to a message counts as one, and its words do no harm."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scripted import DEFAULT, ScriptedServer, Visit
from sending import BOTH, LARGE, envelopes, outcomes, pipe_to

from mailman_pgp.delivery.replies import MAX_REPLY_BYTES, Reply, ReplyError, ReplyReader, one_line
from mailman_pgp.delivery.smtp import Outcome


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
