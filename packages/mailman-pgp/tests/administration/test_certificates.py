"""An owner adds, looks at and removes certificates; each bad one is refused with a sentence, and leaves no trace."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from keys import DAY, ENCRYPT, Key, forge, forge_usable, now
from sqlalchemy import func, select
from sqlalchemy.exc import OperationalError
from told import told

from mailman_pgp import openpgp
from mailman_pgp.keys import registry, upkeep
from mailman_pgp.model import database
from mailman_pgp.model.tables import Choice, StoredCertificate
from mailman_pgp.site import health

if TYPE_CHECKING:
    from conftest import CommandLine, Files, Members
    from sqlalchemy.orm import Session

ANNE = "anne@example.com"


@pytest.fixture
def anne(encrypted: Any, members: Members) -> str:
    """A member without a certificate."""
    members.add(encrypted, ANNE)
    return ANNE


def counts(store: Session) -> tuple[int, int]:
    """How many rows say which certificate counts, and how many certificates are stored."""
    return (
        store.scalar(select(func.count()).select_from(Choice)) or 0,
        store.scalar(select(func.count()).select_from(StoredCertificate)) or 0,
    )


def bad_uploads() -> dict[str, tuple[bytes, str, str]]:
    """What people upload by mistake: the bytes, the code, and a part of the sentence."""
    good = forge_usable(f"<{ANNE}>")
    revoked = forge_usable(f"<{ANNE}>")
    revoked.revoke(at=now() - DAY)
    future = forge_usable(f"<{ANNE}>", age=-10 * DAY)
    forged = forge_usable("<bart@example.com>")
    forged.forged_user_id(f"<{ANNE}>")
    stale = forge(f"<{ANNE}>")
    stale.bind(Key.encrypting(now() - 100 * DAY), ENCRYPT, lifetime=DAY)
    armored = openpgp.armor(good.public, "PGP PUBLIC KEY BLOCK")
    secret = openpgp.armor(good.secret, "PGP PRIVATE KEY BLOCK")
    return {
        "secret": (secret, "secret-key", "Export the public part (gpg --armor --export anne@example.com)"),
        "secret and public": (armored + secret, "secret-key", "Nothing of it was kept"),
        "nothing": (b"", "no-key", "There is no OpenPGP public key in this"),
        "a letter": (b"Dear list, here is my key", "no-key", "There is no OpenPGP public key in this"),
        "two": (
            armored + openpgp.armor(forge_usable("<b@example.com>").public, "PGP PUBLIC KEY BLOCK"),
            "several-keys",
            "",
        ),
        "cut off": (good.public[:-40], "broken", "damaged or incomplete"),
        "expired": (forge_usable(f"<{ANNE}>", lifetime=DAY).public, "expired", "This public key has expired"),
        "revoked": (revoked.public, "revoked", "has been revoked"),
        "no encryption": (forge(f"<{ANNE}>").public, "no-encryption-subkey", "no encryption subkey"),
        "expired subkey": (stale.public, "no-encryption-subkey", "no encryption subkey"),
        "sha1": (forge_usable(f"<{ANNE}>", digest="sha1").public, "refused-by-policy", "SHA-1"),
        "another's": (forge_usable("<bart@example.com>").public, "wrong-address", "and carries bart@example.com"),
        "forged": (forged.public, "wrong-address", "and carries bart@example.com"),
        "not yet": (future.public, "not-yet-valid", "future"),
    }


KINDS = (
    "secret, secret and public, nothing, a letter, two, cut off, expired, revoked, no encryption, expired subkey, sha1, "
    "another's, forged, not yet"
)


@pytest.mark.parametrize("kind", KINDS.split(", "))
@pytest.mark.usefixtures("anne")
def test_bad_uploads(encrypted: Any, run: CommandLine, files: Files, store: Session, kind: str) -> None:
    """Each has its sentence and its code; nothing of it is kept."""
    data, code, words = bad_uploads()[kind]
    file = files.write("upload", data)
    sentence = run.refused("certificate", "add", encrypted.list_id, ANNE, file)
    assert sentence.startswith(f"Nothing was added from {file}. ")
    assert words in sentence
    error = run.json("certificate", "add", encrypted.list_id, ANNE, file, status=1)["error"]
    assert error == {"code": code, "sentence": sentence.rstrip("\n")}
    assert counts(store) == (0, 0)


def test_all_kinds_are_tried() -> None:
    """No bad upload is forgotten above."""
    assert set(KINDS.split(", ")) == set(bad_uploads())


def test_add(encrypted: Any, anne: str, run: CommandLine, files: Files) -> None:
    """A good certificate counts from now on; the answer asks to compare the fingerprint."""
    file = files.certificate(anne, "Anne")
    text = run.ok("certificate", "add", encrypted.list_id, "Anne@Example.com", file)
    shown = run.json("certificate", "show", encrypted.list_id, anne)
    assert openpgp.grouped(shown["certificate"]["fingerprint"]) in text
    assert "Anne <anne@example.com>" in text
    assert "Compare the fingerprint with anne@example.com" in text
    assert "not a member" not in text
    assert shown["usable"] is True
    assert shown["origin"] == "cli"


def test_add_from_standard_input(encrypted: Any, anne: str, run: CommandLine, files: Files) -> None:
    """Without a file, or with `-`, the certificate is read from standard input; binary will do."""
    made = forge_usable(f"<{anne}>")
    for words in ([], ["-"]):
        answer = run.json("certificate", "add", encrypted.list_id, anne, *words, typed=made.public)
        assert answer["certificate"]["fingerprint"] == made.fingerprint
    assert files.directory.is_dir()


def test_outcomes(encrypted: Any, anne: str, run: CommandLine, files: Files) -> None:
    """A second certificate replaces the first, which stays in the history; the same one is an update."""
    first, second = files.certificate(anne), files.certificate(anne)
    answers = [run.json("certificate", "add", encrypted.list_id, anne, file) for file in (first, second, second)]
    assert [answer["outcome"] for answer in answers] == ["added", "replaced", "updated"]
    assert answers[1]["replaced"] == answers[0]["certificate"]["fingerprint"]
    shown = run.json("certificate", "show", encrypted.list_id, anne)
    assert [past["fingerprint"] for past in shown["history"]] == [answers[1]["replaced"]]
    assert openpgp.grouped(answers[1]["replaced"]) in run.ok("certificate", "show", encrypted.list_id, anne)


def test_an_old_copy_of_a_revoked_key(encrypted: Any, anne: str, run: CommandLine, store: Session) -> None:
    """What an earlier copy says of a key is not forgotten: a copy without the revocation is refused."""
    made = forge_usable(f"<{anne}>")
    before = made.public
    run.ok("certificate", "add", encrypted.list_id, anne, typed=before)
    made.revoke(at=now() - DAY)
    upkeep.keep(openpgp.inspect(made.public), database.now())
    store.commit()
    assert "the certificate is revoked" in run.refused("certificate", "add", encrypted.list_id, anne, typed=before)
    assert run.json("certificate", "show", encrypted.list_id, anne)["problem"] == "revoked"


def test_suspended(encrypted: Any, anne: str, run: CommandLine, files: Files) -> None:
    """Nothing is encrypted to a suspended certificate, and it signs no post, until it is let count again."""
    file = files.certificate(anne)
    run.ok("certificate", "add", encrypted.list_id, anne, file)
    text = run.ok("certificate", "suspend", encrypted.list_id, anne)
    assert "is suspended. Nothing is encrypted to it" in text
    assert f"mailman pgp certificate resume {encrypted.list_id} {anne}" in text
    assert "was suspended already" in run.ok("certificate", "suspend", encrypted.list_id, anne)
    assert "no: the certificate is suspended" in run.ok("certificate", "show", encrypted.list_id, anne)
    assert registry.signers(encrypted.list_id, anne) == []
    shown = run.json("status", encrypted.list_id, status=1)["lists"][0]["unserved"]
    assert [(who["address"], who["reason"]) for who in shown] == [(anne, "suspended")]
    assert run.json("certificate", "resume", encrypted.list_id, anne)["before"] == "suspended"
    shown = run.json("certificate", "show", encrypted.list_id, anne)
    assert shown["usable"] is True
    assert [(old["state"], old["fingerprint"]) for old in shown["history"]] == [
        ("suspended", shown["certificate"]["fingerprint"]),
        ("approved", shown["certificate"]["fingerprint"]),
    ]


def test_suspended_while_the_plugin_is_not_healthy(encrypted: Any, anne: str, run: CommandLine, files: Files) -> None:
    """At once: who was told to do it can't wait for somebody to mend the site."""
    run.ok("certificate", "add", encrypted.list_id, anne, files.certificate(anne))
    health.forget()
    run.ok("certificate", "suspend", encrypted.list_id, anne)
    assert registry.signers(encrypted.list_id, anne) == []


def test_suspended_and_added_again(encrypted: Any, anne: str, run: CommandLine, files: Files) -> None:
    """The same certificate stays suspended; another one takes its place."""
    file = files.certificate(anne)
    run.ok("certificate", "add", encrypted.list_id, anne, file)
    run.ok("certificate", "suspend", encrypted.list_id, anne)
    assert "stays so" in run.refused("certificate", "add", encrypted.list_id, anne, file)
    assert run.json("certificate", "show", encrypted.list_id, anne)["problem"] == "suspended"
    another = files.certificate(anne)
    assert run.json("certificate", "add", encrypted.list_id, anne, another)["outcome"] == "replaced"
    assert run.json("certificate", "show", encrypted.list_id, anne)["usable"] is True


def test_suspending_what_is_not_there(encrypted: Any, anne: str, run: CommandLine, files: Files) -> None:
    """Each mistake has its sentence, and changes nothing."""
    assert "No certificate is chosen" in run.refused("certificate", "suspend", encrypted.list_id, anne)
    assert "No certificate is chosen" in run.refused("certificate", "resume", encrypted.list_id, anne)
    run.ok("certificate", "add", encrypted.list_id, anne, files.certificate(anne))
    assert "is not suspended" in run.refused("certificate", "resume", encrypted.list_id, anne)
    assert run.json("certificate", "show", encrypted.list_id, anne)["usable"] is True


def test_suspended_and_revoked_meanwhile(encrypted: Any, anne: str, run: CommandLine, store: Session) -> None:
    """Resuming says that nothing can be encrypted to it all the same."""
    made = forge_usable(f"Anne <{anne}>")
    run.ok("certificate", "add", encrypted.list_id, anne, typed=made.public)
    run.ok("certificate", "suspend", encrypted.list_id, anne)
    made.revoke(at=now() - DAY)
    upkeep.keep(openpgp.inspect(made.public), database.now())
    store.commit()
    answer = run.json("certificate", "resume", encrypted.list_id, anne)
    assert (answer["state"], answer["problem"]) == ("approved", "revoked")


def test_add_before_joining(encrypted: Any, run: CommandLine, files: Files) -> None:
    """A certificate may wait for its person; the answer says that they are no member yet."""
    text = run.ok("certificate", "add", encrypted.list_id, "bart@example.com", files.certificate("bart@example.com"))
    assert "bart@example.com is not a member of ant@example.com yet" in text
    assert "bart@example.com (no member)" in run.ok("certificate", "list", encrypted.list_id)


def test_list(encrypted: Any, anne: str, run: CommandLine, files: Files) -> None:
    """All that count, by address, with what is wrong with them."""
    assert run.ok("certificate", "list", encrypted.list_id) == "ant@example.com: 0 certificates.\n"
    run.ok("certificate", "add", encrypted.list_id, "bart@example.com", files.certificate("bart@example.com"))
    run.ok("certificate", "add", encrypted.list_id, anne, files.certificate(anne))
    found = run.json("certificate", "list", encrypted.list_id)["certificates"]
    assert [(row["address"], row["member"], row["usable"]) for row in found] == [
        (anne, True, True),
        ("bart@example.com", False, True),
    ]
    assert "ant@example.com: 2 certificates." in run.ok("certificate", "list", encrypted.list_id)


def test_expired_since(encrypted: Any, anne: str, run: CommandLine, store: Session) -> None:
    """A certificate that has expired since it was added is shown as such, with what to do."""
    made = forge_usable(f"<{anne}>")
    run.ok("certificate", "add", encrypted.list_id, anne, typed=made.public)
    row = store.scalars(select(StoredCertificate)).one()
    row.usable, row.problem = False, "expired"
    store.commit()
    text = run.ok("certificate", "show", encrypted.list_id, anne)
    assert "no: the certificate has expired" in text
    assert "Ask them to extend it" in text
    text = run.ok("certificate", "list", encrypted.list_id)
    assert "1 certificate, 1 of them can't be used now." in text
    assert run.json("certificate", "show", encrypted.list_id, anne)["problem"] == "expired"


def test_remove(encrypted: Any, anne: str, run: CommandLine, files: Files) -> None:
    """Afterwards none counts, and the answer says that the member gets no posts; a second time is refused."""
    run.ok("certificate", "add", encrypted.list_id, anne, files.certificate(anne))
    assert f"{anne} is a member, and gets no posts" in run.ok("certificate", "remove", encrypted.list_id, anne)
    for command in ("remove", "show"):
        assert f"No certificate is chosen for {anne}" in run.refused("certificate", command, encrypted.list_id, anne)


def test_told(encrypted: Any, anne: str, run: CommandLine, files: Files) -> None:
    """Each command that changes something tells the member and the owners; a refused one nobody."""
    told()
    commands = [
        ("add", files.certificate(anne)),
        ("add", files.certificate(anne)),
        ("suspend",),
        ("resume",),
        ("compare", "AA"),
        ("resume",),
        ("remove",),
        ("remove",),
    ]
    numbers = []
    for name, *words in commands:
        run("certificate", name, encrypted.list_id, anne, *words)
        numbers.append(sorted(one.template for one in told()))
    assert numbers == [
        ["", "encrypted"],
        ["", "encrypted", "encrypted"],
        ["", "encrypted", "key-changed-clear"],
        ["", "encrypted"],
        [],
        [],
        ["", "encrypted", "key-changed-clear"],
        [],
    ]


def test_log(encrypted: Any, anne: str, run: CommandLine, files: Files) -> None:
    """Who did what, the latest first; an owner on the command line has no name.  It stays when the member has left."""
    assert run.ok("certificate", "log", encrypted.list_id) == "ant@example.com: 0 events.\n"
    run.ok("certificate", "add", encrypted.list_id, anne, files.certificate(anne))
    run.ok("certificate", "add", encrypted.list_id, "bart@example.com", files.certificate("bart@example.com"))
    run.ok("certificate", "suspend", encrypted.list_id, anne)
    encrypted.members.get_member(anne).unsubscribe()
    run.store.commit()
    found = run.json("certificate", "log", encrypted.list_id, anne)["events"]
    assert [(event["act"], event["door"], event["by"]) for event in found] == [
        ("suspended", "cli", None),
        ("added", "cli", None),
    ]
    every = run.json("certificate", "log", encrypted.list_id)["events"]
    assert [event["address"] for event in every] == [anne, "bart@example.com", anne]
    text = run.ok("certificate", "log", encrypted.list_id)
    assert "ant@example.com: 3 events.\n" in text
    assert openpgp.grouped(found[0]["fingerprint"]) in text
    assert "command line" in text
    text = run.ok("certificate", "log", encrypted.list_id, anne, "--last", "1")
    assert f"{anne} on ant@example.com: 1 event, the latest." in text
    assert "added" not in text


def test_compare(encrypted: Any, anne: str, run: CommandLine, files: Files) -> None:
    """What an owner was told by telephone, in groups or not; shown from then on, for this certificate alone."""
    compare = ("certificate", "compare", encrypted.list_id, anne)
    assert "No certificate is chosen" in run.refused(*compare, "AA")
    run.ok("certificate", "add", encrypted.list_id, anne, files.certificate(anne))
    shown = run.json("certificate", "show", encrypted.list_id, anne)
    assert shown["compared"] is None
    assert "Compared     not recorded" in run.ok("certificate", "show", encrypted.list_id, anne)
    fingerprint = shown["certificate"]["fingerprint"]
    groups = openpgp.grouped(fingerprint).lower().split()
    assert run.json(*compare, *groups)["fingerprint"] == fingerprint
    assert run.json(*compare, fingerprint)["outcome"] == "compared"
    shown = run.json("certificate", "show", encrypted.list_id, anne)
    assert (shown["compared"]["door"], shown["compared"]["by"]) == ("cli", None)
    assert [event["act"] for event in shown["events"]] == ["compared", "compared", "added"]
    text = run.ok("certificate", "show", encrypted.list_id, anne)
    assert "(command line)" in text
    assert "Done last:" in text
    run.ok("certificate", "add", encrypted.list_id, anne, files.certificate(anne))
    assert run.json("certificate", "show", encrypted.list_id, anne)["compared"] is None


def test_compare_another(encrypted: Any, anne: str, run: CommandLine, files: Files) -> None:
    """The end of a fingerprint will not do, nor another one; the answer does not give it away to be copied."""
    run.ok("certificate", "add", encrypted.list_id, anne, files.certificate(anne))
    fingerprint = run.json("certificate", "show", encrypted.list_id, anne)["certificate"]["fingerprint"]
    for typed in (fingerprint[-16:], forge_usable(f"<{anne}>").fingerprint):
        sentence = run.refused("certificate", "compare", encrypted.list_id, anne, typed)
        assert "has another fingerprint than this one" in sentence
        assert f"mailman pgp certificate suspend {encrypted.list_id} {anne}" in sentence
        assert fingerprint not in sentence.replace(" ", "")
        error = run.json("certificate", "compare", encrypted.list_id, anne, typed, status=1)["error"]
        assert error["code"] == "other-fingerprint"
    assert run.json("certificate", "show", encrypted.list_id, anne)["compared"] is None


def test_requests_that_waited(
    encrypted: Any, run: CommandLine, files: Files, monkeypatch: pytest.MonkeyPatch, members: Members
) -> None:
    """After each change they look again, when it is committed; the answer says what became of them, without their tokens."""
    from mailman_pgp.exchange import waiting  # noqa: PLC0415 - core must be initialised
    from mailman_workflows.again import Looked  # noqa: PLC0415

    bart, asked = "bart@example.com", []

    def look_again(mlist: Any, address: str) -> list[Looked]:
        run.store.rollback()  # what was not committed is gone
        asked.append(address)
        if registry.current(mlist.list_id, address) is None:
            return [Looked("secret", "waits for a key.")]
        if mlist.members.get_member(address) is None:
            members.add(mlist, address)
        return [Looked("secret", "goes on.", goes_on=True)]

    monkeypatch.setattr(waiting, "look_again", look_again)
    add = ("certificate", "add", encrypted.list_id, bart, files.certificate(bart))
    text = run.ok(*add)
    assert f"The request of {bart}, which has waited: goes on." in text
    assert f"{bart} has joined ant@example.com now." in text
    assert "not a member" not in text
    answer = run.json("certificate", "suspend", encrypted.list_id, bart)
    assert answer["requests"] == [{"goes_on": False, "over": False, "failed": False, "sentence": "waits for a key."}]
    for name, goes_on in (("resume", True), ("remove", False)):
        (request,) = run.json("certificate", name, encrypted.list_id, bart)["requests"]
        assert request["goes_on"] is goes_on
        assert "secret" not in str(request)
    assert asked == [bart] * 4


@pytest.mark.parametrize("error", [OperationalError("", {}, Exception("locked")), RuntimeError("nobody's business")])
def test_requests_that_could_not_be_looked_at(
    encrypted: Any, anne: str, run: CommandLine, files: Files, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    """The change is made all the same, and is not said to have failed; and it is said how to try again."""
    from mailman_pgp.exchange import waiting  # noqa: PLC0415 - core must be initialised

    def broken(_mlist: Any, _address: str) -> None:
        raise error

    monkeypatch.setattr(waiting, "look_again", broken)
    answer = run.json("certificate", "add", encrypted.list_id, anne, files.certificate(anne))
    assert [request["failed"] for request in answer["requests"]] == [True]
    said = run.ok("certificate", "add", encrypted.list_id, anne, files.certificate(anne))
    assert f"mailman workflows resume {encrypted.list_id}" in said
    assert "nobody's business" not in said
    assert run.json("certificate", "show", encrypted.list_id, anne)["usable"] is True


def test_mistakes(encrypted: Any, anne: str, run: CommandLine, files: Files) -> None:
    """Wrong names are mistakes: status 2, and a sentence."""
    add = ("certificate", "add", encrypted.list_id)
    assert "'anne' is no mail address" in run.refused(*add, "anne", files.certificate(anne), status=2)
    assert "can't be read (No such file" in run.refused(*add, anne, "/no/such/file", status=2)
    assert "can't be read (Is a directory" in run.refused(*add, anne, str(files.directory), status=2)
    assert run("certificate", "show", encrypted.list_id).exit_code == 2


def test_plain_lists_take_none(mlist: Any, run: CommandLine, files: Files) -> None:
    """A plain list has no certificates."""
    file = files.certificate(ANNE)
    assert "is not an encrypted list" in run.refused("certificate", "add", mlist.list_id, ANNE, file)
