"""Opening messages: what programs write is opened, everything else is refused for a named reason."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pysequoia
import pytest
from keys import DAY, ENCRYPT, RETIRED, SIGN, TEXT, Key, forge, forge_usable, now, packet
from messages import (
    COMPRESSED,
    MARKER,
    PADDING,
    SKESK,
    compressed,
    encrypted,
    encrypted_without_integrity,
    literal,
    made_by,
    message,
    one_pass,
    session_key,
    signed,
)
from others import Member, Sop, run

from mailman_pgp import openpgp
from mailman_pgp.openpgp import CANNOT_OPEN, Limits, Opened, OpeningError, OpeningProblem, Status

if TYPE_CHECKING:
    from pathlib import Path

    from keys import Forged
    from others import Gpg, Rnp, Sq

    from mailman_pgp.openpgp import NewListKey

CONTENT = b"Content-Type: text/plain\r\n\r\nThe bridge is up.\r\n" * 20
LIST = forge_usable("Ants <ants@example.com>")
ANNE = forge_usable("Anne <anne@example.com>")
BART = forge_usable("Bart <bart@example.com>")


def opened(data: bytes, *, recipient: Forged = LIST, limits: Limits = openpgp.DEFAULT) -> Opened:
    """Open a message with the list's key; Anne and Bart may have signed it."""
    return openpgp.open_message(data, [recipient.secret], [ANNE.public, BART.public], limits=limits)


def refusal(data: bytes, *, recipient: Forged = LIST, limits: Limits = openpgp.DEFAULT) -> OpeningProblem:
    """The problem for which a message is not opened."""
    with pytest.raises(OpeningError) as caught:
        opened(data, recipient=recipient, limits=limits)
    assert str(caught.value) == CANNOT_OPEN
    assert caught.value.__cause__ is None
    return caught.value.problem


def statuses(found: Opened) -> list[Status]:
    """What became of each signature."""
    return [one.status for one in found.signatures]


# What programs write


@pytest.mark.parametrize("wrap", [bytes, lambda data: openpgp.armor(data, "PGP MESSAGE")])
@pytest.mark.parametrize("squeeze", [bytes, compressed, lambda inner: compressed(compressed(inner))])
def test_signed_messages_are_opened_whatever_their_wrapping(wrap: object, squeeze: object) -> None:
    """Binary or armored, compressed or not: pysequoia alone drops the signature of the compressed ones."""
    found = opened(wrap(message(LIST, squeeze(signed(CONTENT, ANNE.primary)))))  # type: ignore[operator] # callables
    assert found.content == CONTENT
    assert statuses(found) == [Status.GOOD]
    assert found.signatures[0].fingerprint == ANNE.fingerprint


def test_an_unsigned_message_has_no_verdict() -> None:
    """Nothing is made up where there is no signature."""
    assert opened(message(LIST, literal(CONTENT))) == Opened(CONTENT, ())


def test_several_signatures_have_a_verdict_each() -> None:
    """Also when the signatures stand in front or are nested."""
    two = opened(message(LIST, signed(CONTENT, ANNE.primary, BART.primary)))
    assert statuses(two) == [Status.GOOD, Status.GOOD]
    assert {one.fingerprint for one in two.signatures} == {BART.fingerprint, ANNE.fingerprint}
    in_front = made_by(ANNE.primary, CONTENT) + made_by(BART.primary, b"other") + literal(CONTENT)
    assert sorted(statuses(opened(message(LIST, in_front)))) == [Status.BAD, Status.GOOD]
    nested = one_pass(BART.primary) + signed(CONTENT, ANNE.primary) + made_by(BART.primary, b"notarised")
    assert sorted(statuses(opened(message(LIST, nested)))) == [Status.BAD, Status.GOOD]


def test_a_strangers_signature_does_not_hide_the_content() -> None:
    """What happens to such a post is the list's decision."""
    found = opened(message(LIST, signed(CONTENT, Key.signing(now() - DAY))))
    assert (found.content, statuses(found)) == (CONTENT, [Status.UNKNOWN_KEY])


def test_text_mode_is_told() -> None:
    """The digest is over CRLF line ends, the content is as it came."""
    found = opened(message(LIST, signed(b"one\ntwo\n", ANNE.primary, kind=TEXT, mode=b"t")))
    assert found.content == b"one\ntwo\n"
    assert found.signatures[0].good
    assert found.signatures[0].text_mode


def test_other_recipients_do_not_matter() -> None:
    """Named, anonymous, of an unknown version: whatever is not for us is never even tried."""
    others = session_key(BART) + session_key(BART, anonymous=True) + packet(1, b"\x09unknown") + packet(SKESK, b"\4")
    assert opened(others + message(LIST, literal(CONTENT))).content == CONTENT


def test_a_list_can_be_an_anonymous_recipient() -> None:
    """As `gpg --throw-keyids` writes it."""
    anonymous = session_key(BART, anonymous=True) + session_key(LIST, anonymous=True)
    assert opened(anonymous + encrypted(literal(CONTENT))).content == CONTENT


def test_markers_and_padding_are_ignored() -> None:
    """RFC 9580 §5.8 and §5.14 want it so, outside and inside."""
    inner = packet(MARKER, b"PGP") + literal(CONTENT) + packet(PADDING, b"x" * 40)
    outer = packet(MARKER, b"PGP") + session_key(LIST) + packet(PADDING, b"x" * 40) + encrypted(inner)
    assert opened(outer).content == CONTENT


@pytest.mark.peer
def test_what_gpg_writes_is_opened(gpg: Gpg, list_key: NewListKey) -> None:
    """By default, uncompressed, with zlib or bzip2, in text mode, to several, to hidden ones, with two signers."""
    gpg("--import", data=list_key.certificate.data)
    gpg("--import", data=BART.public)
    for name, kind in (("anne", "future-default"), ("cris", "rsa2048")):
        gpg("--quick-generate-key", f"{name} <{name}@example.com>", kind, "default", "never")
    signers = [gpg("--export", f"{name}@example.com").stdout for name in ("anne", "cris")]
    fixed = ["--trust-model", "always", "-s", "-e", "-r", "ants@example.com", "-u", "anne@example.com"]
    for extra in (
        ["--armor"],
        ["-z", "0"],
        ["--compress-algo", "zlib"],
        ["--compress-algo", "bzip2"],
        ["-r", "bart@example.com"],
        ["-r", "bart@example.com", "--throw-keyids"],
        ["--cipher-algo", "3DES"],
        ["-u", "cris@example.com"],
    ):
        data = gpg(*fixed, *extra, data=CONTENT).stdout
        found = openpgp.open_message(data, [list_key.secret], signers)
        assert found.content == CONTENT, extra
        assert set(statuses(found)) == {Status.GOOD}, extra
        assert len(found.signatures) == 1 + ("cris@example.com" in extra)
    data = gpg(*fixed, "--textmode", data=b"one\ntwo\n").stdout
    found = openpgp.open_message(data, [list_key.secret], signers)
    assert found.signatures[0].good
    assert found.signatures[0].text_mode


@pytest.mark.peer
def test_what_sq_writes_is_opened(sq: Sq, tmp_path: Path, list_key: NewListKey) -> None:
    """To one or several recipients, signed, compressed or padded."""
    (tmp_path / "list").write_bytes(list_key.certificate.data)
    (tmp_path / "bart").write_bytes(BART.public)
    (tmp_path / "anne").write_bytes(ANNE.secret)
    options = ["--recipient-cert", str(tmp_path / "list"), "--signer-key", str(tmp_path / "anne")]
    for extra in ([], ["--recipient-cert", str(tmp_path / "bart"), "--compression", "zip"], ["--compression", "none"]):
        data = sq.run("encrypt", *options, *extra, data=CONTENT).stdout
        found = openpgp.open_message(data, [list_key.secret], [ANNE.public])
        assert (found.content, statuses(found)) == (CONTENT, [Status.GOOD]), extra


@pytest.mark.peer
@pytest.mark.parametrize("program", ["sqop", "gosop"])
def test_what_sop_programs_write_is_opened(program: str, tmp_path: Path, list_key: NewListKey) -> None:
    """As binary and as text, to several recipients."""
    sop = Sop(tmp_path, program)
    for name, data in (("list", list_key.certificate.data), ("bart", BART.public), ("anne", ANNE.secret)):
        (tmp_path / name).write_bytes(data)
    options = [sop.program, "encrypt", f"--sign-with={tmp_path / 'anne'}"]
    for extra in ([], ["--as=text"]):
        data = run([*options, *extra, tmp_path / "list", tmp_path / "bart"], CONTENT).stdout
        found = openpgp.open_message(data, [list_key.secret], [ANNE.public])
        assert (found.content, statuses(found)) == (CONTENT, [Status.GOOD]), extra
        assert found.signatures[0].text_mode == bool(extra)


@pytest.mark.peer
def test_what_rnp_writes_is_opened(rnp: Rnp, tmp_path: Path, list_key: NewListKey) -> None:
    """As Thunderbird sends it: compressed, signed, to several recipients."""
    for data in (list_key.certificate.data, BART.public, ANNE.secret):
        rnp.load(data)
    (tmp_path / "text").write_bytes(CONTENT)
    recipients = ["-r", "ants@example.com", "-r", "bart@example.com", "-u", ANNE.fingerprint]
    options = ["--homedir", rnp.home, "--notty", "--password", "", "--output", tmp_path / "message"]
    run([rnp.program, *options, "--encrypt", "--sign", *recipients, tmp_path / "text"])
    found = openpgp.open_message((tmp_path / "message").read_bytes(), [list_key.secret], [ANNE.public])
    assert (found.content, statuses(found)) == (CONTENT, [Status.GOOD])


@pytest.mark.parametrize(
    ("suite", "profile"), [("Cv25519", "RFC9580"), ("RSA2k", "RFC4880"), ("MLDSA65_Ed25519", "RFC9580")]
)
def test_members_with_any_key_can_write(suite: str, profile: str, list_key: NewListKey) -> None:
    """They sign with their key and encrypt to themselves, too; version 6 and post-quantum keys are no exception."""
    tsk = pysequoia.Tsk.generate(
        "Anne <anne@example.com>",
        cipher_suite=getattr(pysequoia.CipherSuite, suite),
        profile=getattr(pysequoia.Profile, profile),
    )
    own = tsk.extract_certificate()
    recipients = [own, pysequoia.Cert.from_bytes(list_key.certificate.data)]
    found = openpgp.open_message(
        pysequoia.encrypt(CONTENT, recipients, signer=tsk.signer()), [list_key.secret], [bytes(own)]
    )
    assert (found.content, statuses(found)) == (CONTENT, [Status.GOOD])
    assert found.signatures[0].fingerprint == own.fingerprint.upper()


def test_seipd_version_2_is_opened(dora: Member) -> None:
    """A list key of version 6 announces it; and one octet changed is noticed."""
    data = pysequoia.encrypt(CONTENT, [pysequoia.Cert.from_bytes(dora.certificate)], armor=False)
    assert openpgp.open_message(data, [dora.secret], []).content == CONTENT
    changed = data[:-100] + bytes([data[-100] ^ 1]) + data[-99:]
    with pytest.raises(OpeningError) as caught:
        openpgp.open_message(changed, [dora.secret], [])
    assert caught.value.problem is OpeningProblem.DAMAGED


# Several keys of ours


def test_any_of_the_lists_keys_opens() -> None:
    """After a rotation old and new keys are in use."""
    old, new = forge_usable("Ants <ants@example.com>"), forge_usable("Ants <ants@example.com>")
    for recipient in (old, new):
        data = message(recipient, literal(CONTENT))
        assert openpgp.open_message(data, [new.secret, old.secret], []).content == CONTENT
        assert openpgp.open_message(data, [old.secret, new.secret], []).content == CONTENT


def test_every_encryption_subkey_opens() -> None:
    """Pysequoia alone would use the first one that is alive."""
    made = forge("Ants <ants@example.com>")
    made.bind(Key.signing(now() - 90 * DAY), SIGN)
    made.bind(Key.encrypting(now() - 80 * DAY), ENCRYPT, lifetime=10 * DAY)
    retired = made.bind(Key.encrypting(now() - 70 * DAY), ENCRYPT)
    made.revoke_subkey(retired, at=now() - DAY, code=RETIRED)
    made.bind(Key.encrypting(now() - 60 * DAY), ENCRYPT)
    for subkey in range(3):
        for anonymous in (False, True):
            data = session_key(made, subkey=subkey, anonymous=anonymous) + encrypted(signed(CONTENT, ANNE.primary))
            found = opened(data, recipient=made)
            assert (found.content, statuses(found)) == (CONTENT, [Status.GOOD])


def test_an_expired_list_key_opens_old_mail() -> None:
    """Mail may have waited somewhere; pysequoia refuses the key, and rPGP reads."""
    made = forge_usable("Ants <ants@example.com>", lifetime=50 * DAY)
    data = message(made, signed(CONTENT, ANNE.primary))
    assert opened(data, recipient=made).content == CONTENT
    changed = data[:-30] + bytes([data[-30] ^ 1]) + data[-29:]
    assert refusal(changed, recipient=made) is OpeningProblem.DAMAGED


def test_an_expired_key_opens_what_is_damaged_nowhere() -> None:
    """Where rPGP is alone, no octet of the encrypted packet may be changed either."""
    made = forge_usable("Ants <ants@example.com>", lifetime=50 * DAY)
    head, body = session_key(made), encrypted(literal(b"x" * 40))
    for position in range(6, len(body), 7):
        changed = body[:position] + bytes([body[position] ^ 0x10]) + body[position + 1 :]
        assert refusal(head + changed, recipient=made) is OpeningProblem.DAMAGED


# What is refused, and why


@pytest.mark.parametrize("data", [b"", b"hello", b"\x80", b"\xff" * 100, bytes(1000), b"-----BEGIN PGP SIGNATURE-----"])
def test_what_is_not_openpgp_is_told(data: bytes) -> None:
    """Text, zeros, the beginning of nothing."""
    assert refusal(data) is OpeningProblem.NOT_OPENPGP


def test_a_message_to_somebody_else_is_not_for_this_list() -> None:
    """Named or anonymous."""
    assert refusal(message(BART, literal(CONTENT))) is OpeningProblem.NOT_FOR_LIST
    anonymous = session_key(BART, anonymous=True) + encrypted(literal(CONTENT))
    assert refusal(anonymous) is OpeningProblem.NOT_FOR_LIST


def test_a_message_with_a_password_only_is_not_for_this_list() -> None:
    """A list has no password."""
    data = pysequoia.encrypt(CONTENT, [], passwords=["secret"], armor=False)
    assert refusal(data) is OpeningProblem.NOT_FOR_LIST


def test_no_secret_key_opens_nothing() -> None:
    """A list whose keys are all gone."""
    with pytest.raises(OpeningError) as caught:
        openpgp.open_message(message(LIST, literal(CONTENT)), [], [])
    assert caught.value.problem is OpeningProblem.NOT_FOR_LIST


def test_a_message_without_integrity_protection_is_refused() -> None:
    """EFAIL: what an attacker made of it could be anything. Also in the old packet format, and when cut off."""
    data = session_key(LIST) + encrypted_without_integrity(literal(CONTENT))
    assert refusal(data) is OpeningProblem.NO_INTEGRITY
    assert refusal(b"\xa6" + len(CONTENT).to_bytes(4, "big") + CONTENT) is OpeningProblem.NO_INTEGRITY
    assert refusal(b"\xa6\xff") is OpeningProblem.NO_INTEGRITY


def test_a_tampered_message_is_damaged() -> None:
    """In its session key or in its data."""
    head, body = session_key(LIST), encrypted(literal(CONTENT))
    assert refusal(head + body[:-1] + bytes([body[-1] ^ 1])) is OpeningProblem.DAMAGED
    assert refusal(head[:-1] + bytes([head[-1] ^ 1]) + body) is OpeningProblem.DAMAGED


def test_a_truncated_message_is_damaged() -> None:
    """Binary or armored, wherever it was cut off."""
    data = message(LIST, literal(CONTENT))
    for end in (3, 50, len(session_key(LIST)), -1, -200):
        assert refusal(data[:end]) is OpeningProblem.DAMAGED
    armored = openpgp.armor(data, "PGP MESSAGE")
    assert refusal(armored[:-20]) is OpeningProblem.DAMAGED
    assert refusal(armored[: len(armored) // 2]) is OpeningProblem.DAMAGED


def test_nothing_may_follow_the_encrypted_data() -> None:
    """Pysequoia passes some of it over: a second message, junk, a packet in the open."""
    data = message(LIST, literal(CONTENT))
    for more in (b"junk", b"\0", literal(b"x"), data, encrypted(literal(b"x")), packet(MARKER, b"PGP")):
        assert refusal(data + more) is OpeningProblem.TRAILING


def test_what_is_not_encrypted_is_refused() -> None:
    """A signed, a compressed or a bare message is not an encrypted one, and GnuPG's own packet is no list's format."""
    for data in (
        signed(CONTENT, ANNE.primary),
        made_by(ANNE.primary, CONTENT) + literal(CONTENT),
        compressed(signed(CONTENT, ANNE.primary)),
        literal(CONTENT),
        packet(20, bytes(50)),
        session_key(LIST) + literal(CONTENT),
    ):
        assert refusal(data) is OpeningProblem.STRUCTURE
    assert refusal(ANNE.public) is OpeningProblem.NOT_OPENPGP


def test_encryption_inside_encryption_is_refused() -> None:
    """Pysequoia would open it, and then the inner message's recipients would count nothing."""
    assert refusal(message(LIST, message(LIST, literal(CONTENT)))) is OpeningProblem.STRUCTURE
    assert refusal(message(LIST, compressed(message(LIST, literal(CONTENT))))) is OpeningProblem.STRUCTURE


@pytest.mark.parametrize(
    "inner",
    [
        literal(CONTENT) + literal(CONTENT),
        literal(CONTENT) + b"junk",
        literal(CONTENT) + made_by(ANNE.primary, CONTENT),
        one_pass(ANNE.primary) + literal(CONTENT),
        one_pass(ANNE.primary) + compressed(literal(CONTENT)) + made_by(ANNE.primary, CONTENT),
        signed(CONTENT, ANNE.primary) + made_by(BART.primary, CONTENT),
        packet(40, b"x") + literal(CONTENT),
        made_by(ANNE.primary, CONTENT),
        ANNE.public,
        b"",
        b"junk",
        packet(COMPRESSED, b"\1junk"),
        packet(COMPRESSED, b"\x09junk"),
    ],
)
def test_anything_but_one_message_inside_is_refused(inner: bytes) -> None:
    """Two contents, a content with more than its signatures, or none: nobody may choose which one is meant."""
    assert refusal(message(LIST, inner)) in {OpeningProblem.STRUCTURE, OpeningProblem.DAMAGED}


def test_refusals_are_one_sentence_for_the_sender() -> None:
    """Distinct answers are an oracle; the reasons differ for the owners only."""
    data = message(LIST, literal(CONTENT))
    sentences = {str(OpeningError(problem)) for problem in OpeningProblem}
    assert sentences == {CANNOT_OPEN}
    with pytest.raises(OpeningError) as caught:
        opened(data[:-1])
    assert caught.value.reason != CANNOT_OPEN


def test_nothing_shows_the_content() -> None:
    """Neither a repr nor an error."""
    assert "bridge" not in repr(opened(message(LIST, literal(CONTENT))))
    with pytest.raises(OpeningError) as caught:
        opened(message(LIST, literal(CONTENT) + b"junk"))
    assert "bridge" not in repr(caught.value) + str(caught.value) + caught.value.reason
