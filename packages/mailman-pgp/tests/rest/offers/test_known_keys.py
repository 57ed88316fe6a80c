"""What a key says of itself counts at once, also through the web."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from keys import CERTIFY, DAY, REVOKE_KEY, SIGN, forge_usable, now, signature
from talkers import armored, text_of
from told import told
from webpeople import ANTS, Web, ask_to_join, with_key_that_counts

if TYPE_CHECKING:
    from conftest import Door, Members
    from keys import Forged

ANNE, BART, OLGA = "anne@example.net", "bart@example.net", "olga@example.net"


def test_refreshed(anne: Web) -> None:
    """An extended copy of the key that counts counts at once, and its person is told that they have brought it."""
    forged = forge_usable(f"Anne <{ANNE}>", lifetime=101 * DAY)
    anne = with_key_that_counts(anne, forged)
    forged.user_id(f"Anne <{ANNE}>", lifetime=500 * DAY, usage=CERTIFY | SIGN, at=now() - 10)
    answer = anne.offer(forged.public)
    assert answer["outcome"] == "refreshed"
    assert answer["certificate"]["expires"] == anne.door.get(f"{ANTS}/certificates/{ANNE}")["certificate"]["expires"]
    event = anne.door.get(f"{ANTS}/events")["entries"][0]
    assert (event["act"], event["door"], event["by"]) == ("updated", "rest", ANNE)
    said = "".join(text_of(one) for one in anne.talker.read(told()))
    assert "By you, on" in said
    assert anne.offer(forged.public)["outcome"] == "counts"


def test_extended_for_a_request(door: Door) -> None:
    """A request that waits since the key has expired goes on with the extended copy."""
    forged = forge_usable(f"Anne <{ANNE}>", lifetime=50 * DAY)
    anne = with_key_that_counts(Web.person(door, ANNE), forged)
    ask_to_join(door, ANNE)
    code, sentence = anne.refused(forged.public, 400)
    assert code == "expired"
    assert "expired" in sentence
    forged.user_id(f"Anne <{ANNE}>", lifetime=500 * DAY, usage=CERTIFY | SIGN, at=now() - 10)
    answer = anne.offer(forged.public)
    assert (answer["outcome"], [went["goes_on"] for went in answer["requests"]]) == ("refreshed", [True])


def test_older_copy(anne: Web) -> None:
    """A copy from before the key was revoked does not bring it back, and the sentence says why."""
    forged = forge_usable(f"Anne <{ANNE}>")
    older = forged.public
    anne = with_key_that_counts(anne, forged)
    forged.revoke(at=now() - 10)
    assert anne.offer(forged.public)["outcome"] == "revoked"
    code, sentence = anne.refused(older, 400)
    assert code == "revoked"
    assert sentence == "An earlier copy of this key says more than this one: your key is revoked. Send another key."
    assert anne.door.get(f"{ANTS}/certificates/{ANNE}")["problem"] == "revoked"


@pytest.mark.parametrize("alone", [False, True])
def test_revoked(anne: Web, alone: bool) -> None:  # noqa: FBT001 - a parameter of the test
    """A revoked copy, or the revocation alone, counts at once."""
    forged = forge_usable(f"Anne <{ANNE}>")
    anne = with_key_that_counts(anne, forged)
    answer = anne.offer(revocation(forged) if alone else revoked(forged))
    assert (answer["outcome"], answer["certificate"]["fingerprint"]) == ("revoked", forged.fingerprint)
    assert anne.door.get(f"{ANTS}/certificates/{ANNE}")["problem"] == "revoked"
    assert any("Your key is revoked" in one.text for one in told() if one.template)


def revoked(made: Forged) -> bytes:
    """A copy of a certificate that is revoked; the key itself is as before."""
    copy = replace(made, direct=[*made.direct])
    copy.revoke(at=now() - 10)
    return copy.public


def revocation(made: Forged) -> str:
    """The revocation of a certificate, without that."""
    return armored(signature(made.primary, REVOKE_KEY, made.primary.hashed, at=now() - 10))


@pytest.mark.parametrize("alone", [False, True])
def test_somebody_elses_revocation(anne: Web, members: Members, alone: bool) -> None:  # noqa: FBT001 - as above
    """It counts, whoever brings it, who is named to nobody; and nobody learns by it whose key is known."""
    known, unknown = forge_usable(f"Bart <{BART}>"), forge_usable(f"Bart <{BART}>")
    members.add(anne.door.mlist(), BART)
    bart = with_key_that_counts(Web.person(anne.door, BART), known)
    bring: Any = revocation if alone else revoked
    answers = [anne.offer(bring(made)) for made in (known, unknown)]
    for answer in answers:
        answer.pop("http_etag")
    assert answers[0] == answers[1]
    assert answers[0]["outcome"] == "recorded"
    assert anne.door.get(f"{ANTS}/certificates/{BART}")["problem"] == "revoked"
    event = anne.door.get(f"{ANTS}/events")["entries"][0]
    assert (event["act"], event["door"], event["by"]) == ("revoked", "site", None)
    assert bart.counting() == known.fingerprint


def test_by_another_address_of_theirs(anne: Web) -> None:
    """Who acts by another address of theirs is the person; an owner who brings it is not."""
    from mailman.interfaces.usermanager import IUserManager  # noqa: PLC0415 - core must be initialised
    from zope.component import getUtility  # noqa: PLC0415

    users = getUtility(IUserManager)
    users.get_user(ANNE).link(users.create_address("anne.other@example.net"))
    anne.door.store.commit()
    forged = forge_usable(f"Anne <{ANNE}>", lifetime=101 * DAY)
    anne = with_key_that_counts(anne, forged)
    for days, by, recorded in ((500, "anne.other@example.net", ANNE), (600, OLGA, OLGA)):
        forged.user_id(f"Anne <{ANNE}>", lifetime=days * DAY, usage=CERTIFY | SIGN, at=now() - 700 + days)
        anne.offer(forged.public, by=by)
        assert anne.door.get(f"{ANTS}/events")["entries"][0]["by"] == recorded
