"""What is answered about people's certificates."""

from __future__ import annotations

from mailman_pgp.exchange.adding import Outcome
from mailman_pgp.exchange.keyring_fates import Fate
from mailman_pgp.keys.journal import Act, Door
from mailman_pgp.keys.registry import ChoiceState
from mailman_pgp.rest.schemas.forms import (
    ARMORED,
    FINGERPRINT,
    LINK,
    MOMENT,
    NUMBER,
    TEXT,
    YES_NO,
    many,
    maybe,
    record,
    words,
)

#: What a certificate says of itself, member by member.
DESCRIPTION = {
    "fingerprint": FINGERPRINT,
    "version": {"type": "integer", "description": "That of the key's packets: 4 or 6."},
    "user_ids": many(TEXT),
    "algorithm": TEXT,
    "created": MOMENT,
    "expires": maybe(MOMENT),
}
DESCRIBED = record(**DESCRIPTION)

_CHOSEN = {
    "address": TEXT,
    "member": YES_NO,
    "state": words(ChoiceState),
    "since": MOMENT,
    "origin": TEXT,
    "usable": YES_NO,
    "problem": maybe(TEXT),
    "words": maybe(TEXT),
    "next_step": maybe(TEXT),
    "compared": maybe(MOMENT),
    "self_link": LINK,
}
CHOSEN_ENTRY = record(**_CHOSEN, fingerprint=FINGERPRINT, algorithm=TEXT, created=MOMENT, expires=maybe(MOMENT))

EVENT = record(
    address=TEXT,
    fingerprint=FINGERPRINT,
    act=words(Act),
    at=MOMENT,
    door=words(Door),
    by=maybe(TEXT),
    earlier=maybe(FINGERPRINT),
)
CHOSEN = record(
    **_CHOSEN,
    certificate=DESCRIBED,
    armored=ARMORED,
    history=many(record(fingerprint=FINGERPRINT, state=words(ChoiceState), since=MOMENT, until=MOMENT, origin=TEXT)),
    events=many(EVENT),
)

WAITED = many(record(goes_on=YES_NO, over=YES_NO, failed=YES_NO, sentence=TEXT))
ADDED = record(
    address=TEXT,
    outcome=words(Outcome),
    replaced=maybe(FINGERPRINT),
    problem=maybe(TEXT),
    unserved=many(TEXT),
    certificate=DESCRIBED,
    requests=WAITED,
    self_link=maybe({**LINK, "description": "Null where only something about others was recorded."}),
)
DECIDED = record(address=TEXT, fingerprint=FINGERPRINT, action=TEXT, requests=WAITED)

BROUGHT = record(
    dry_run=YES_NO,
    numbers=record(**{fate.value: NUMBER for fate in Fate}),
    certificates=many(
        record(
            fingerprint=maybe(FINGERPRINT),
            user_ids=many(TEXT),
            addresses={**many(TEXT), "description": "Of people on the list."},
            outcome=words(Fate),
            code=maybe({**TEXT, "description": "Why it is not used."}),
            words=TEXT,
        )
    ),
    without={**many(TEXT), "description": "The members without a certificate that can be used."},
)
