"""What others put into a copy of a certificate is left out, whoever they say they are; all that its own key signed stays."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pysequoia
import pytest
from certificates import ANNE
from hypothesis import given
from hypothesis import strategies as st
from keys import (
    BACK,
    BINDING,
    CERTIFY,
    DAY,
    DIRECT,
    ENCRYPT,
    POSITIVE,
    PUBLIC_SUBKEY,
    RETIRED,
    REVOKE_KEY,
    REVOKE_SUBKEY,
    SIGN,
    SIGNATURE,
    USER_ATTRIBUTE,
    Forged,
    Key,
    Subkey,
    features,
    flags,
    forge_usable,
    now,
    packet,
    signature,
    subpacket,
)

from mailman_pgp import openpgp
from mailman_pgp.openpgp.cleaning import clean
from mailman_pgp.openpgp.errors import PacketError
from mailman_pgp.openpgp.packets import Tag, walk
from mailman_pgp.openpgp.subpackets import Areas, subpackets

if TYPE_CHECKING:
    from collections.abc import Callable

    from others import Gpg


SIMPLE = forge_usable(ANNE)


def user_id_data(made: Forged, text: str) -> bytes:
    """What a certification of a user ID signs."""
    raw = text.encode()
    return made.primary.hashed + b"\xb4" + len(raw).to_bytes(4, "big") + raw


def broken(raw: bytes) -> bytes:
    """A signature packet with another value: all that it says of itself still fits."""
    return raw[:-1] + bytes([raw[-1] ^ 1])


def with_unhashed(raw: bytes, *subpackets: bytes, before: bool = False) -> bytes:
    """A signature packet of version 4 with more in the area that it does not sign."""
    body = next(walk(raw)).body
    at = 6 + int.from_bytes(body[4:6], "big")
    length = int.from_bytes(body[at : at + 2], "big")
    more, old = b"".join(subpackets), body[at + 2 : at + 2 + length]
    area = more + old if before else old + more
    return packet(SIGNATURE, body[:at] + len(area).to_bytes(2, "big") + area + body[at + 2 + length :])


def long_subpacket(kind: int, content: bytes) -> bytes:
    """A subpacket of any length."""
    return b"\xff" + (len(content) + 1).to_bytes(4, "big") + bytes([kind]) + content


class Claiming(Key):
    """A stranger's key that says it is another one."""

    claimed: str

    @property
    def fingerprint(self) -> str:
        """Whose it says it is."""
        return self.claimed


def in_the_name_of(made: Forged) -> Key:
    """A stranger's key, whose signatures name the primary key of `made` as their issuer."""
    key = Claiming.signing(now() - 99 * DAY)
    object.__setattr__(key, "claimed", made.fingerprint)
    return key


def forged_user_ids(made: Forged, mallory: Key) -> None:
    for number in range(20):
        text = f"Anne {number} <anne{number}@example.com>"
        made.user_ids.append((text, [signature(mallory, POSITIVE, user_id_data(made, text), at=now() - number)]))


def uncertified_user_ids(made: Forged, _mallory: Key) -> None:
    made.forged_user_id("x" * 5000)


def moved_certifications(made: Forged, _mallory: Key) -> None:
    made.user_ids.append(("Anne <other@example.com>", list(made.user_ids[0][1])))


def forged_certifications(made: Forged, mallory: Key) -> None:
    data = user_id_data(made, ANNE)
    for at in range(20):
        made.user_ids[0][1].append(signature(mallory, POSITIVE, data, at=now() - at, extra=flags(CERTIFY)))
    made.user_ids[0][1].append(signature(mallory, POSITIVE, data, at=now(), issuer=False))
    made.user_ids[0][1].insert(0, broken(made.user_ids[0][1][0]))


def forged_on_the_key(made: Forged, mallory: Key) -> None:
    for kind in (DIRECT, REVOKE_KEY):
        made.direct.append(signature(mallory, kind, made.primary.hashed, at=now() - DAY))


def signatures_of_other_things(made: Forged, _mallory: Key) -> None:
    made.user_ids[0][1].extend(signature(made.primary, kind, b"junk", at=now() - 9) for kind in (0x00, POSITIVE))


def grafted_subkeys(made: Forged, mallory: Key) -> None:
    for number in range(20):
        key = Key.encrypting(now() - number)
        binding = signature(mallory, BINDING, made.primary.hashed + key.hashed, at=now() - 9, extra=flags(ENCRYPT))
        made.subkeys.append(Subkey(key, [binding]))
    made.subkeys.append(Subkey(Key.encrypting(now() - DAY)))


def forged_on_a_subkey(made: Forged, mallory: Key) -> None:
    data = made.primary.hashed + made.subkeys[0].key.hashed
    made.subkeys[0].signatures += [signature(mallory, kind, data, at=now() - 9) for kind in (BINDING, REVOKE_SUBKEY)]


def unknown_subkeys(made: Forged, _mallory: Key) -> None:
    made.subkeys.append(Subkey(_Raw(b"\x63" + b"junk" * 1000)))  # type: ignore[arg-type]  # it has a body, too


def unsigned_subpackets(made: Forged, mallory: Key) -> None:
    false = next(walk(signature(mallory, BACK, b"", at=now()))).body
    for signatures in (made.direct, made.user_ids[0][1], *(subkey.signatures for subkey in made.subkeys)):
        for position, raw in enumerate(signatures):
            junk = [long_subpacket(60, b"x" * 5000), features(9), subpacket(16, b"\x01" * 8)]
            embedded = [long_subpacket(32, false + bytes([n])) for n in range(5)]
            signatures[position] = with_unhashed(raw, *junk, *embedded, before=position % 2 == 0)


class _Raw:
    """A key packet of any bytes."""

    def __init__(self, body: bytes) -> None:
        self.body = body


JUNK: list[Callable[[Forged, Key], None]] = [
    forged_user_ids,
    uncertified_user_ids,
    moved_certifications,
    forged_certifications,
    forged_on_the_key,
    signatures_of_other_things,
    grafted_subkeys,
    forged_on_a_subkey,
    unknown_subkeys,
    unsigned_subpackets,
]


def complete() -> Forged:
    """A certificate that has some of everything, all of it signed by its own key."""
    made = forge_usable(ANNE)
    made.direct.append(signature(made.primary, DIRECT, made.primary.hashed, at=now() - DAY))
    made.user_id("Anne <old@example.com>")
    made.revoke_user_id("Anne <old@example.com>", at=now() - DAY)
    made.user_id(ANNE, at=now() + DAY, lifetime=400 * DAY)  # not yet
    data = user_id_data(made, ANNE)
    made.user_ids[0][1].append(signature(made.primary, POSITIVE, data, at=now() - DAY, issuer=False))
    made.user_ids[0][1].append(signature(made.primary, POSITIVE, data, at=now() - DAY, digest="sha1"))
    made.bind(Key.signing(now() - 90 * DAY), SIGN)
    made.bind(Key.encrypting(now() - 90 * DAY), ENCRYPT, lifetime=10 * DAY)
    made.revoke_subkey(made.bind(Key.encrypting(now() - 80 * DAY), ENCRYPT), at=now() - DAY)
    made.revoke(at=now() + DAY, code=RETIRED)
    return made


def packets(data: bytes) -> set[tuple[int, bytes]]:
    """The packets of a certificate, whatever their order."""
    return {(one.tag, one.body) for one in walk(data)}


def test_what_its_own_key_has_signed_stays() -> None:
    """Also what does not count now, or never: it is reason enough for a sentence, and may count one day."""
    made = complete()
    assert packets(openpgp.inspect(made.public).data) == packets(made.public)


@pytest.mark.parametrize("junk", JUNK, ids=lambda junk: junk.__name__)
@pytest.mark.parametrize("make", [complete, lambda: forge_usable(ANNE)], ids=["complete", "simple"])
def test_what_others_made_up_is_left_out(junk: Callable[[Forged, Key], None], make: Callable[[], Forged]) -> None:
    """Signatures that only say they are the owner's, what hangs on them, and what a signature does not sign."""
    made = make()
    before = openpgp.inspect(made.public)
    junk(made, in_the_name_of(made))
    assert openpgp.inspect(made.public) == before
    assert openpgp.merge(before.data, made.public) == before


def test_pictures_are_left_out() -> None:
    """Also those that the owner has put there: nobody here looks at them."""
    made = forge_usable(ANNE)
    before = openpgp.inspect(made.public)
    picture = b"\xff" + (2001).to_bytes(4, "big") + b"\x01" + b"x" * 2000
    data = made.primary.hashed + b"\xd1" + len(picture).to_bytes(4, "big") + picture
    certified = signature(made.primary, POSITIVE, data, at=now() - DAY)
    assert openpgp.inspect(made.public + packet(USER_ATTRIBUTE, picture) + certified) == before


def test_all_junk_at_once() -> None:
    """Together they do no more."""
    made = complete()
    before = openpgp.inspect(made.public)
    for junk in JUNK:
        junk(made, in_the_name_of(made))
    assert openpgp.inspect(made.public) == before


def test_cleaning_twice_changes_nothing() -> None:
    """What is stored is the same each time that it is looked at."""
    once = clean(complete().public)
    assert clean(once) == once


@pytest.mark.parametrize("suite", ["Cv25519", "RSA2k", "P256", "Cv448", "MLDSA65_Ed25519"])
def test_every_kind_of_key(suite: str) -> None:
    """Nothing is lost of keys that the library makes itself, of version 6 and post-quantum ones too."""
    profile = pysequoia.Profile.RFC9580 if suite in {"Cv448", "MLDSA65_Ed25519"} else pysequoia.Profile.RFC4880
    made = pysequoia.Tsk.generate(ANNE, cipher_suite=getattr(pysequoia.CipherSuite, suite), profile=profile)
    public = bytes(made.extract_certificate())
    assert packets(clean(public)) == packets(public)


@pytest.mark.peer
def test_signing_subkeys_of_gpg(gpg: Gpg) -> None:
    """GnuPG keeps the subkey's own signature where anybody could put another one; the true one is found and stays."""
    gpg("--quick-generate-key", ANNE, "ed25519", "cert", "never")
    fingerprint = openpgp.inspect(gpg("--export", ANNE).stdout).fingerprint
    for algorithm, usage in (("cv25519", "encr"), ("ed25519", "sign")):
        gpg("--quick-add-key", fingerprint, algorithm, usage, "never")
    public = gpg("--export", ANNE).stdout
    assert packets(clean(public)) == packets(public)
    *others, last = walk(public)
    false = next(walk(signature(Key.signing(now()), BACK, b"", at=now()))).body
    huge = long_subpacket(32, false + b"x" * 40_000)
    junk = [long_subpacket(32, false), long_subpacket(32, b""), long_subpacket(60, b"x" * 5000), huge]
    for before in (False, True):
        soiled = with_unhashed(public[last.start :], *junk, before=before)
        assert clean(public[: others[-1].end] + soiled) == clean(public)
    # The true one, with junk in the part of it that it does not sign itself
    areas = Areas.of(last.body)
    ((_, true),) = (one for one in subpackets(areas.unhashed) if one[0] == 32)
    inner = with_unhashed(packet(SIGNATURE, true), long_subpacket(60, b"x" * 5000))
    soiled = packet(SIGNATURE, areas.with_unhashed((32, next(walk(inner)).body)).body)
    found = clean(public[: others[-1].end] + soiled)
    assert len(found) <= len(public)
    assert openpgp.merge(clean(public), found).data == clean(public)


@given(st.binary(max_size=64))
def test_hostile_signatures_raise_nothing_else(noise: bytes) -> None:
    """Taken apart, put together, and read as far as they go."""
    for body in (noise, b"\x04" + noise, b"\x06" + noise):
        try:
            areas = Areas.of(body)
        except PacketError:
            continue
        assert areas.body == body
        for area in (areas.hashed, areas.unhashed):
            found = list(subpackets(area))
            assert list(subpackets(areas.with_unhashed(*found).unhashed)) == found


@given(st.integers(min_value=0), st.integers(min_value=1, max_value=255))
def test_a_changed_octet_makes_nothing_true(position: int, change: int) -> None:
    """Whatever octet of a copy is changed, merging it in adds nothing that its own key did not sign."""
    soiled = bytearray(SIMPLE.public)
    soiled[position % len(soiled)] ^= change
    try:
        found = clean(bytes(soiled))
    except (PacketError, RuntimeError, OSError, ValueError):
        return
    if openpgp.inspect(found).fingerprint == SIMPLE.fingerprint:
        assert signed_parts(found) <= signed_parts(SIMPLE.public)


def signed_parts(data: bytes) -> set[tuple[int, bytes]]:
    """The packets of a certificate, without the areas of signatures that are not signed."""
    return {
        (one.tag, Areas.of(one.body).with_unhashed().body if one.tag == Tag.SIGNATURE else one.body)
        for one in walk(data)
    }


def test_a_mark_of_ours_hides_nothing() -> None:
    """Who knows how we tell what is verified cannot use it to have their junk taken for it, or a certificate cut short."""
    made = forge_usable(ANNE)
    before = clean(made.public)
    mark = packet(PUBLIC_SUBKEY, b"\x63What follows is not verified.")
    *_, first, second = walk(made.public)
    assert clean(made.public[: first.start] + mark + made.public[first.start :]) == before
    assert clean(made.public + mark + made.public[second.start :]) == before
    assert any(one.tag == Tag.PUBLIC_SUBKEY for one in walk(before))


def test_what_is_not_signed_says_nothing() -> None:
    """Nobody can make a certificate announce what its owner's program does not read, or end it."""
    made = forge_usable(ANNE)
    mallory: Any = in_the_name_of(made)
    extra = flags(CERTIFY | SIGN) + features(9)
    made.user_ids[0][1].append(signature(mallory, POSITIVE, user_id_data(made, ANNE), at=now() - 9, extra=extra))
    read = openpgp.read_certificate(made.public)
    assert (read.usability.seipd, read.usability.until, read.expires) == (1, None, None)
