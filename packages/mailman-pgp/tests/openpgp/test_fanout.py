"""One post to many members: one signature, one encryption, and a complete message for each."""

from __future__ import annotations

import base64
import dataclasses
import subprocess
import sys
import textwrap
import traceback
from typing import TYPE_CHECKING

import pysequoia
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from keys import DAY, ENCRYPT, Forged, Key, forge, forge_usable, now
from others import Member, make_member

from mailman_pgp.openpgp import fanout
from mailman_pgp.openpgp.armor import MESSAGE, dearmor
from mailman_pgp.openpgp.certificates import inspect
from mailman_pgp.openpgp.errors import CertificateError, CertificateProblem, FanOutError, OpenPGPError
from mailman_pgp.openpgp.fanout import Copy, Recipient, fan_out
from mailman_pgp.openpgp.listkeys import ListSecretKey
from mailman_pgp.openpgp.packets import Packet, Tag, packet, pkesk_recipient, walk

if TYPE_CHECKING:
    from collections.abc import Callable

    from others import Peer

TEXT = b"Content-Type: text/plain\r\n\r\nHello\r\n"


def recipient(address: str, certificate: bytes) -> Recipient:
    """A recipient as it comes out of the store: judged, and found usable."""
    judged = inspect(certificate)
    assert judged.usability.usable, judged.usability.problem
    return Recipient(address, judged.data, judged.usability.recipients, judged.usability.seipd, judged.fingerprint)


def stale(address: str, certificate: bytes) -> Recipient:
    """A recipient whose row says what was true once; what it says is what the library would write today."""
    message = pysequoia.encrypt(b"", [pysequoia.Cert.from_bytes(certificate)], armor=False)
    *keys, seipd = walk(message)
    fingerprint = pysequoia.Cert.from_bytes(certificate).fingerprint.upper()
    return Recipient(address, certificate, tuple(map(pkesk_recipient, keys)), seipd.body[0], fingerprint)


def of(*members: Member) -> list[Recipient]:
    """The recipients for these members."""
    return [recipient(member.address, member.certificate) for member in members]


def parts(copy: Copy) -> tuple[list[Packet], Packet]:
    """The session keys and the encrypted data of a copy."""
    *keys, seipd = walk(dearmor(copy.head + copy.tail, kinds={MESSAGE}))
    assert {key.tag for key in keys} == {Tag.PKESK}
    assert seipd.tag == Tag.SEIPD
    return keys, seipd


def opened(copy: Copy, secret: bytes, signer: ListSecretKey) -> bytes:
    """The content of a copy, whose signature must be a good one by the list."""
    list_certificate = pysequoia.Cert.from_bytes(signer.certificate_data)
    decryptor = pysequoia.Tsk.from_bytes(secret).decryptor()
    done = pysequoia.decrypt(copy.head + copy.tail, decryptor, store=lambda _ids: [list_certificate])
    assert [sig.certificate.upper() for sig in done.valid_sigs] == [signer.fingerprint]
    assert done.bytes is not None
    return done.bytes


@pytest.fixture
def everybody(anne: Member, bart: Member, cris: Member, dora: Member) -> list[Member]:
    """Members with all kinds of keys."""
    return [anne, bart, cris, dora]


@pytest.fixture(scope="session")
def two_keys() -> Forged:
    """A certificate with two live encryption subkeys."""
    made = forge_usable("eva@example.com")
    made.bind(Key.encrypting(now() - 50 * DAY), ENCRYPT)
    return made


def test_everybody_opens_their_own_copy(everybody: list[Member], list_signer: ListSecretKey) -> None:
    """Each gets the payload byte for byte, signed by the list, whatever the kind of key."""
    copies = {copy.address: copy for copy in fan_out(TEXT, of(*everybody), list_signer)}
    assert copies.keys() == {member.address for member in everybody}
    for member in everybody:
        assert opened(copies[member.address], member.secret, list_signer) == TEXT


def test_a_copy_tells_of_nobody_else(everybody: list[Member], list_signer: ListSecretKey) -> None:
    """It holds the session key for its recipient alone."""
    wanted = {one.address: list(one.recipients) for one in of(*everybody)}
    for copy in fan_out(TEXT, of(*everybody), list_signer):
        keys, _seipd = parts(copy)
        assert [pkesk_recipient(key) for key in keys] == wanted[copy.address]


def test_nobody_else_opens_it(anne: Member, bart: Member, list_signer: ListSecretKey) -> None:
    """Another member's key does not open it, nor does the list's."""
    (copy, _other) = fan_out(TEXT, of(anne, bart), list_signer)
    with pytest.raises(RuntimeError):
        opened(copy, bart.secret, list_signer)


def test_there_is_one_encryption_for_all(
    anne: Member, bart: Member, list_signer: ListSecretKey, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The payload is signed and encrypted once, and the copies share what is common, as one object."""
    calls = []
    encrypt = pysequoia.encrypt
    monkeypatch.setattr(pysequoia, "encrypt", lambda *args, **kwargs: calls.append(1) or encrypt(*args, **kwargs))
    one, two = fan_out(TEXT, of(anne, bart), list_signer)
    assert calls == [1]
    assert one.tail is two.tail
    assert parts(one)[1].body == parts(two)[1].body


def test_tails_are_shared_where_lines_fall_alike(list_signer: ListSecretKey) -> None:
    """The tail depends only on the length of the session keys modulo the 48 bytes of a line."""
    members = [forge_usable(f"m{number}@example.com") for number in range(4)]
    for count, made in enumerate(members):
        for _ in range(count):
            made.bind(Key.encrypting(now() - DAY), ENCRYPT)
    suites = [pysequoia.CipherSuite.P256, pysequoia.CipherSuite.P384]
    others = [make_member(f"{suite}@example.com".lower(), suite) for suite in suites]
    recipients = [recipient("m@example.com", made.public) for made in members]
    recipients += [one._replace(address="o@example.com") for one in of(*others)]
    tails: dict[tuple[int, int], bytes] = {}
    for copy in fan_out(TEXT * 50, recipients, list_signer):
        keys, seipd = parts(copy)
        tail = tails.setdefault((seipd.body[0], keys[-1].end % 48), copy.tail)
        assert tail is copy.tail
    assert 1 < len(tails) < len(recipients)


@settings(max_examples=60)
@given(payload=st.binary(max_size=400))
def test_a_copy_is_one_block_of_armor(
    payload: bytes, everybody_of_all_time: list[Recipient], signer_of_all_time: ListSecretKey
) -> None:
    """CRLF, 64 columns, no line that SMTP would change; what is inside is one whole message, whatever its length."""
    for copy in fan_out(payload, everybody_of_all_time, signer_of_all_time):
        text = copy.head + copy.tail
        lines = text.split(b"\r\n")
        assert b"\n" not in b"".join(lines)
        assert lines[:2] == [b"-----BEGIN PGP MESSAGE-----", b""]
        assert lines[-2:] == [b"-----END PGP MESSAGE-----", b""]
        body = lines[2:-2]
        assert {len(line) for line in body[:-1]} <= {64}
        assert 0 < len(body[-1]) <= 64
        assert copy.head.endswith(b"\r\n")
        _keys, seipd = parts(copy)
        assert seipd.end == len(base64.b64decode(b"".join(body), validate=True))
        if seipd.body[0] == 1:
            # gpg 2.2 takes the END line for base64 where neither padding nor a checksum stands before it.
            assert body[-1].endswith(b"=")


@pytest.fixture(scope="module")
def everybody_of_all_time(anne: Member, cris: Member, dora: Member, two_keys: Forged) -> list[Recipient]:
    """Recipients whose session keys have different lengths, in both feature groups."""
    rsa = forge_rsa_without_seipd2()
    return [*of(anne, cris, dora), recipient("eva@example.com", two_keys.public), *rsa]


@pytest.fixture(scope="module")
def signer_of_all_time(list_signer: ListSecretKey) -> ListSecretKey:
    """The list's key, for tests that run many times."""
    return list_signer


def forge_rsa_without_seipd2() -> list[Recipient]:
    """An RSA encryption subkey below a primary key that takes SEIPDv1 only."""
    tsk = pysequoia.Tsk.generate("x", cipher_suite=pysequoia.CipherSuite.RSA2k, profile=pysequoia.Profile.RFC4880)
    subkey = [one for one in walk(bytes(tsk.extract_certificate())) if one.tag == Tag.PUBLIC_SUBKEY][-1]
    made = forge("rita@example.com")
    made.bind(RawKey(subkey.body), ENCRYPT)
    return [recipient("rita@example.com", made.public)]


@dataclasses.dataclass(frozen=True)
class RawKey(Key):
    """A public key of any algorithm, by its packet body."""

    raw: bytes = b""

    def __init__(self, raw: bytes) -> None:
        object.__setattr__(self, "raw", raw)
        object.__setattr__(self, "created", int.from_bytes(raw[1:5], "big"))

    @property
    def body(self) -> bytes:
        """The body of its packet."""
        return self.raw


def test_large_posts_are_cut_too(anne: Member, bart: Member, list_signer: ListSecretKey) -> None:
    """Where the library writes partial lengths."""
    payload = bytes(range(256)) * 12_000
    one, two = fan_out(payload, of(anne, bart), list_signer)
    assert opened(one, anne.secret, list_signer) == payload
    assert opened(two, bart.secret, list_signer) == payload
    assert one.tail is two.tail


def test_each_of_two_subkeys_opens_the_copy(two_keys: Forged, anne: Member, list_signer: ListSecretKey) -> None:
    """A member with two encryption subkeys gets both session keys, because nobody knows which one they have at hand."""
    recipients = [recipient("eva@example.com", two_keys.public), *of(anne)]
    eva, annes = fan_out(TEXT, recipients, list_signer)
    assert {pkesk_recipient(key) for key in parts(eva)[0]} == {subkey.key.key_id for subkey in two_keys.subkeys}
    assert len(parts(annes)[0]) == 1
    for subkey in two_keys.subkeys:
        alone = dataclasses.replace(two_keys, subkeys=[subkey])
        assert opened(eva, alone.secret, list_signer) == TEXT


def test_session_keys_are_assigned_by_key_id(
    anne: Member, bart: Member, two_keys: Forged, list_signer: ListSecretKey, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In whatever order the library writes them, each goes to its owner."""
    encrypt = pysequoia.encrypt

    def reversed_keys(*args: object, **kwargs: object) -> bytes:
        message = encrypt(*args, **kwargs)
        *keys, seipd = walk(message)
        return b"".join(message[one.start : one.end] for one in [*reversed(keys), seipd])

    monkeypatch.setattr(pysequoia, "encrypt", reversed_keys)
    recipients = [*of(anne, bart), recipient("eva@example.com", two_keys.public)]
    one, two, three = fan_out(TEXT, recipients, list_signer)
    assert opened(one, anne.secret, list_signer) == TEXT
    assert opened(two, bart.secret, list_signer) == TEXT
    assert opened(three, two_keys.secret, list_signer) == TEXT


def test_versions_of_encrypted_data_do_not_mix(everybody: list[Member], list_signer: ListSecretKey) -> None:
    """Who takes SEIPDv2 gets it, who does not gets SEIPDv1, and no session key serves both."""
    bodies: dict[int, set[bytes]] = {1: set(), 2: set()}
    for copy in fan_out(TEXT, of(*everybody), list_signer):
        keys, seipd = parts(copy)
        assert {key.body[0] for key in keys} == {3 if seipd.body[0] == 1 else 6}
        bodies[seipd.body[0]].add(seipd.body)
    assert {version: len(found) for version, found in bodies.items()} == {1: 1, 2: 1}


def test_one_certificate_may_serve_two_addresses(anne: Member, list_signer: ListSecretKey) -> None:
    """Each address gets a copy, and the certificate is encrypted to once."""
    one, two = fan_out(
        TEXT,
        [recipient("anne@example.com", anne.certificate), recipient("a@example.com", anne.certificate)],
        list_signer,
    )
    assert [len(parts(copy)[0]) for copy in (one, two)] == [1, 1]
    assert opened(two, anne.secret, list_signer) == TEXT


def test_an_adopted_subkey_takes_nothing_from_its_owner(list_signer: ListSecretKey) -> None:
    """Anybody can bind another's encryption subkey to their own certificate: both still get what they can open."""
    victim, thief = forge_usable("victim@example.com"), forge_usable("thief@example.com")
    thief.bind(victim.subkeys[0].key, ENCRYPT)
    recipients = [recipient("victim@example.com", victim.public), recipient("thief@example.com", thief.public)]
    one, two = fan_out(TEXT, recipients, list_signer)
    assert opened(one, victim.secret, list_signer) == TEXT
    own = dataclasses.replace(thief, subkeys=thief.subkeys[:1])
    assert opened(two, own.secret, list_signer) == TEXT
    with pytest.raises(RuntimeError):
        opened(one, own.secret, list_signer)


def revoked() -> Recipient:
    """A recipient whose certificate has been revoked since."""
    made = forge_usable("bad@example.com")
    made.revoke(at=now() - DAY)
    return stale("bad@example.com", made.public)


def expired() -> Recipient:
    """One whose certificate has expired since."""
    return stale("bad@example.com", forge_usable("bad@example.com", age=10 * DAY, lifetime=9 * DAY).public)


def without_encryption() -> Recipient:
    """One that never had an encryption subkey."""
    made = forge("bad@example.com")
    return Recipient("bad@example.com", made.public, (), 1, made.fingerprint)


def sha1() -> Recipient:
    """One with self-signatures by SHA-1."""
    made = forge_usable("bad@example.com", digest="sha1")
    return Recipient("bad@example.com", made.public, (made.subkeys[0].key.key_id,), 1, made.fingerprint)


def broken() -> Recipient:
    """One whose stored certificate is damaged."""
    made = forge_usable("bad@example.com")
    return Recipient("bad@example.com", made.public[:-9], (made.subkeys[0].key.key_id,), 1, made.fingerprint)


def two_certificates() -> Recipient:
    """One with a second certificate behind the first."""
    made, more = forge_usable("bad@example.com"), forge_usable("more@example.com")
    return recipient("bad@example.com", made.public)._replace(certificate=made.public + more.public)


def of_somebody_else() -> Recipient:
    """One whose certificate is not the one chosen."""
    other = forge_usable("other@example.com")
    return recipient("bad@example.com", other.public)._replace(fingerprint="A" * 40)


def with_a_dead_subkey() -> Recipient:
    """One of whose two subkeys has been revoked since."""
    made = forge_usable("bad@example.com")
    second = made.bind(Key.encrypting(now() - 50 * DAY), ENCRYPT)
    before = recipient("bad@example.com", made.public)
    made.revoke_subkey(second, at=now() - DAY)
    return before._replace(certificate=made.public)


def of_the_wrong_version() -> Recipient:
    """One that is said to take SEIPDv2 and does not."""
    made = forge_usable("bad@example.com")
    return recipient("bad@example.com", made.public)._replace(seipd=2)


REFUSED = [
    revoked,
    expired,
    without_encryption,
    sha1,
    broken,
    two_certificates,
    of_somebody_else,
    with_a_dead_subkey,
    of_the_wrong_version,
]


@pytest.mark.parametrize("make", REFUSED, ids=lambda make: make.__name__)
def test_who_cannot_be_encrypted_to_is_named_first(
    make: Callable[[], Recipient], anne: Member, dora: Member, list_signer: ListSecretKey
) -> None:
    """The error names the address before anything is yielded, and the others are served by a second call."""
    recipients = [*of(anne), make(), *of(dora)]
    with pytest.raises(FanOutError) as caught:
        fan_out(TEXT, recipients, list_signer)
    assert (caught.value.address, caught.value.addresses) == ("bad@example.com", ("bad@example.com",))
    rest = [one for one in recipients if one.address not in caught.value.addresses]
    assert len(list(fan_out(TEXT, rest, list_signer))) == 2


def test_all_who_cannot_be_encrypted_to_are_named_at_once(anne: Member, list_signer: ListSecretKey) -> None:
    """So one more call is enough, however many keys have died."""
    recipients = [make()._replace(address=f"{make.__name__}@example.com") for make in (revoked, expired, sha1)]
    with pytest.raises(FanOutError) as caught:
        fan_out(TEXT, [*of(anne), *recipients], list_signer)
    assert caught.value.addresses == ("revoked@example.com", "expired@example.com", "sha1@example.com")


def test_the_library_would_encrypt_to_the_dead() -> None:
    """Why there is a gate: should this fail one day, the library has learnt to refuse."""
    for made in (revoked(), expired()):
        assert pysequoia.encrypt(TEXT, [pysequoia.Cert.from_bytes(made.certificate)])


def test_a_certificate_that_expires_in_the_cache_is_refused(
    anne: Member, list_signer: ListSecretKey, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The date is looked at for each post, not when the certificate is parsed."""
    recipients = of(anne)
    assert list(fan_out(TEXT, recipients, list_signer))
    target = fanout._targets.get(recipients[0].certificate)
    assert target is not None
    assert target.expires is not None
    gone = dataclasses.replace(target, expires=target.expires.replace(year=2001))
    monkeypatch.setattr(fanout._targets, "get", lambda _data: gone)
    with pytest.raises(FanOutError):
        fan_out(TEXT, recipients, list_signer)


def _spoil(message: bytes, how: str) -> bytes:
    *keys, seipd = walk(message)
    raw = [message[one.start : one.end] for one in (*keys, seipd)]
    match how:
        case "a key is missing":
            return b"".join(raw[1:])
        case "a key is doubled":
            return raw[0] + b"".join(raw)
        case "there is a key too many":
            return packet(Tag.PKESK, b"\x03" + bytes(range(8)) + b"\x12") + b"".join(raw)
        case "there is no data":
            return b"".join(raw[:-1])
        case "there is something behind the data":
            return b"".join(raw) + packet(Tag.LITERAL, b"b\0\0\0\0\0text")
        case "there is other data":
            return b"".join(raw[:-1]) + packet(Tag.SED, b"\1" + bytes(40))
        case _:
            return b"".join(raw[:-1]) + packet(Tag.SEIPD, b"\2" + bytes(60))


@pytest.mark.parametrize(
    "how",
    [
        "a key is missing",
        "a key is doubled",
        "there is a key too many",
        "there is no data",
        "there is something behind the data",
        "there is other data",
        "the data is of another version",
    ],
)
def test_nothing_unexpected_is_cut(
    how: str, anne: Member, bart: Member, list_signer: ListSecretKey, monkeypatch: pytest.MonkeyPatch
) -> None:
    """When the library writes anything but a session key for each and one packet of data, nobody gets anything."""
    encrypt = pysequoia.encrypt

    def spoilt(data: bytes, *args: object, **kwargs: object) -> bytes:
        message = encrypt(data, *args, **kwargs)
        return _spoil(message, how) if data else message

    monkeypatch.setattr(pysequoia, "encrypt", spoilt)
    with pytest.raises(OpenPGPError):
        fan_out(TEXT, of(anne, bart), list_signer)


def test_what_the_library_says_is_not_passed_on(
    anne: Member, list_signer: ListSecretKey, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its texts may hold stack backtraces, and nobody knows what else."""

    def fail(*_args: object, **_kwargs: object) -> bytes:
        raise RuntimeError("canary")

    monkeypatch.setattr(pysequoia, "encrypt", fail)
    with pytest.raises(FanOutError) as caught:
        fan_out(TEXT, of(anne), list_signer)
    assert "canary" not in "".join(traceback.format_exception(caught.value))


@pytest.mark.parametrize(
    ("problem", "spoil"),
    [
        (CertificateProblem.REVOKED, lambda made: made.revoke(at=now() - DAY)),
        (CertificateProblem.EXPIRED, lambda made: made.user_id("ants@example.com", at=now() - DAY, lifetime=DAY)),
    ],
)
def test_a_dead_list_key_sends_nothing(
    problem: CertificateProblem, spoil: Callable[[Forged], None], anne: Member
) -> None:
    """Members would see a warning at best; the owners get a sentence."""
    made = forge_usable("ants@example.com")
    spoil(made)
    with pytest.raises(CertificateError) as caught:
        fan_out(TEXT, of(anne), ListSecretKey(made.secret))
    assert caught.value.problem is problem


def test_nobody_is_nobody(list_signer: ListSecretKey) -> None:
    """Without recipients there are no copies."""
    assert list(fan_out(TEXT, [], list_signer)) == []


def test_the_cache_is_bounded() -> None:
    """It forgets the certificate that was not used for the longest time."""
    certificates = [forge_usable(f"m{number}@example.com").public for number in range(3)]
    cache = fanout._TargetCache(2)
    first, second = cache.get(certificates[0]), cache.get(certificates[1])
    assert cache.get(certificates[0]) is first
    assert cache.get(certificates[2]) is not None
    assert cache.get(certificates[0]) is first
    assert cache.get(certificates[1]) is not second


def test_a_copy_shows_no_content(anne: Member, list_signer: ListSecretKey) -> None:
    """Its representation is the address and two sizes."""
    (copy,) = fan_out(TEXT, of(anne), list_signer)
    assert repr(copy) == f"Copy('anne@example.com', {len(copy.head)} + {len(copy.tail)} bytes)"


def test_forked_processes_do_not_repeat_each_other(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Runners are forked; a random generator copied by the fork would give two posts one session key."""
    script = textwrap.dedent("""
        import os, sys
        import pysequoia
        tsk = pysequoia.Tsk.generate("a@example.com")
        cert = tsk.extract_certificate()
        pysequoia.encrypt(b"", [cert], signer=tsk.signer())
        for _ in range(3):
            if not os.fork():
                message = pysequoia.encrypt(b"", [cert], armor=False)
                os.write(1, message.hex().encode() + b"\\n")
                os._exit(0)
        for _ in range(3):
            os.wait()
    """)
    home = tmp_path_factory.mktemp("fork")
    done = subprocess.run([sys.executable, "-c", script], cwd=home, capture_output=True, check=True, timeout=60)
    messages = [bytes.fromhex(line.decode()) for line in done.stdout.split()]
    assert len({bytes(next(walk(message)).body) for message in messages}) == 3
    # The end of the encapsulated key, and the salt of the data, would be alike.
    assert len({list(walk(message))[-1].body[:40] for message in messages}) == 3


def in_lf(text: bytes) -> bytes:
    """Text as gosop shows it, after it verified it as it is."""
    return text.replace(b"\r\n", b"\n")


@pytest.mark.peer
@pytest.mark.parametrize("length", range(3))
def test_other_programs_open_every_copy(
    other: Peer, length: int, anne: Member, two_keys: Forged, list_signer: ListSecretKey
) -> None:
    """gpg, sq, rnp, sqop and gosop: wherever the base64 ends, and with two session keys; the signature is good."""
    payload = TEXT + b"x" * length
    recipients = [*of(anne), recipient("eva@example.com", two_keys.public)]
    annes, evas = fan_out(payload, recipients, list_signer)
    for copy, secret in ((annes, anne.secret), (evas, two_keys.secret)):
        done = other.open(copy.head + copy.tail, secret, list_signer.certificate_data)
        assert (in_lf(done.content), done.good) == (in_lf(payload), True)


@pytest.fixture(scope="session")
def rsa_member() -> tuple[Forged, bytes]:
    """A certificate with an RSA subkey that takes SEIPDv1 only, and its secret key."""
    tsk = pysequoia.Tsk.generate("x", cipher_suite=pysequoia.CipherSuite.RSA2k, profile=pysequoia.Profile.RFC4880)
    public = [one for one in walk(bytes(tsk.extract_certificate())) if one.tag == Tag.PUBLIC_SUBKEY][-1]
    secret = [one for one in walk(bytes(tsk)) if one.tag == Tag.SECRET_SUBKEY][-1]
    made = forge("rita@example.com")
    made.bind(RawKey(public.body), ENCRYPT)
    (binding,) = made.subkeys[0].signatures
    bare = dataclasses.replace(made, subkeys=[])
    return made, bare.secret + packet(Tag.SECRET_SUBKEY, secret.body) + binding


@pytest.mark.peer
@pytest.mark.parametrize("length", range(3))
def test_other_programs_open_copies_for_rsa(
    other: Peer, length: int, rsa_member: tuple[Forged, bytes], list_signer: ListSecretKey
) -> None:
    """The same for RSA, whose session keys are longer."""
    payload = TEXT + b"x" * length
    made, secret = rsa_member
    (copy,) = fan_out(payload, [recipient("rita@example.com", made.public)], list_signer)
    done = other.open(copy.head + copy.tail, secret, list_signer.certificate_data)
    assert (in_lf(done.content), done.good) == (in_lf(payload), True)
