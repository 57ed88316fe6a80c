"""Each person is written to in their own language, whoever has caused it and in whichever language."""

from __future__ import annotations

import datetime as dt
import re
from typing import TYPE_CHECKING, Any

import pytest
from keys import DAY, forge_usable
from talkers import Talker, armored, code_in, entity, text_of
from told import told

from mailman_pgp.i18n import _
from mailman_pgp.openpgp.memberkeys import MemberKey

if TYPE_CHECKING:
    from told import Told


def german() -> Any:
    """Core's German."""
    from mailman.interfaces.languages import ILanguageManager  # noqa: PLC0415 - core must be initialised
    from zope.component import getUtility  # noqa: PLC0415

    return getUtility(ILanguageManager).get("de")


def prefers_german(address: str) -> None:
    """The user with this address has chosen German."""
    from mailman.interfaces.usermanager import IUserManager  # noqa: PLC0415 - core must be initialised
    from zope.component import getUtility  # noqa: PLC0415

    getUtility(IUserManager).make_user(address).preferences.preferred_language = german()


def a_day_goes_by() -> None:
    """The answers of today are counted no more."""
    from mailman_pgp.model.database import store  # noqa: PLC0415 - core must be initialised
    from mailman_pgp.model.tables import Answer  # noqa: PLC0415

    store().query(Answer).delete()
    store().commit()


def to(address: str, found: list[Told]) -> list[Told]:
    """What of this goes to an address."""
    return [one for one in found if one.recipient == address]


@pytest.fixture
def nora(encrypted: Any) -> Talker:
    """A stranger who has chosen German."""
    made = Talker.make("nora@example.net", encrypted)
    prefers_german(made.address)
    return made


@pytest.fixture(autouse=True)
def _english_afterwards() -> Any:
    """Nothing stays in a language that it was changed to."""
    yield
    assert _("Fingerprint") == "Fingerprint"


def test_question_and_answer(anne: Talker, olga: Talker) -> None:
    """What a member is asked and answered is in their language, and of an English one in English."""
    prefers_german(anne.address)
    question = anne.asked(anne.command("key show"))
    assert question["subject"] == "Bitte bestätigen: key show"
    assert "Schreiben Sie das Wort `yes` oder `ja`" in " ".join(text_of(question).split())
    answer = anne.answers(anne.reply(question, "ja"))
    assert "Zustand: geprüft" in answer
    english = olga.asked(olga.command("key show"))
    assert english["subject"] == "Please confirm: key show"
    assert "State: approved" in olga.answers(olga.reply(english))


def test_templates(nora: Talker) -> None:
    """So are templates, as UTF-8, with the reasons that are put into them."""
    (helped,) = nora.tell(nora.clear(entity("help")))
    assert "Wie die Liste Ant benutzt wird" in helped.headers
    assert "Wählen Sie dann für Ihr Konto" in helped.text.replace("\n    ", " ")
    assert "Das Zertifikat der Liste hängt an." in helped.text
    assert b'charset="utf-8"' in helped.content
    (refused,) = nora.tell(nora.clear(entity("key set", attached=nora.key.secret)))
    assert "Dies enthält einen geheimen Schlüssel" in refused.text
    (unsigned,) = nora.tell(nora.clear(entity("who")))
    assert "Sie haben an ant-request@example.com geschrieben" in unsigned.text
    bart = Talker.make("bart@example.net", nora.mlist)
    (english,) = bart.tell(bart.clear(entity("help")))
    assert "How to use the list Ant" in english.headers


def bad_mails(nora: Talker) -> dict[str, bytes]:
    """What people send by mistake, or somebody in their name."""
    other = MemberKey.generate(f"Nora <{nora.address}>")
    question = nora.asked(nora.clear(entity("key set", attached=nora.key.certificate)))
    seen = nora.asked(nora.clear(entity("key set", attached=other.certificate)), by=other)
    code = code_in(question)
    old, seen_text = text_of(question), text_of(seen)
    two = (armored(nora.key.certificate) + armored(other.certificate)).encode()
    whole = nora.command("who")
    at = whole.index(b"-----BEGIN PGP MESSAGE-----") + 400
    expired = forge_usable(f"Nora <{nora.address}>", lifetime=DAY).public
    return {
        "two certificates": nora.clear(entity("join", attached=two)),
        "a secret key": nora.clear(entity("join", attached=nora.key.secret)),
        "of somebody else": nora.clear(entity("join", attached=MemberKey.generate("<bart@example.net>").certificate)),
        "expired": nora.clear(entity("join", attached=expired)),
        "no key": nora.clear(entity("key set")),
        "not signed": nora.clear(entity("who")),
        "by another key": nora.reply(question, by=other),
        "not signed, an answer": nora.reply(question, sign=False),
        "another code": nora.command(f"yes\n\ncode {code[::-1]}"),
        "no code": nora.command("yes"),
        "neither yes nor no": nora.reply(question, "Hm"),
        "in the clear": nora.clear(entity(f"yes\n\n{seen_text}")),
        "of two authors": nora.clear(entity("help")).replace(b"From: ", b"From: Anne <anne@example.net>, ", 1),
        "not to be opened": whole[:at] + whole[at + 130 :],
        "said no": nora.command(f"nein\n\n{old}"),
    }


def test_bad_input(nora: Talker) -> None:
    """Whatever is wrong with a mail is said in the language of its author, all of it: what it is, why, and what to do."""
    heard = {}
    for what, mail in bad_mails(nora).items():
        heard[what] = [one for one in nora.tell(mail) if one.recipient == nora.address]
        a_day_goes_by()
    assert {what for what, found in heard.items() if len(found) != 1} == {"of two authors"}  # whom nobody can answer
    for what, found in heard.items():
        for one in found:
            assert "Das Zertifikat der Liste hängt an" in one.text, what
            words = set(re.findall(r"[A-Za-z]+", one.text.partition("--===")[0].partition("-----BEGIN")[0]))
            assert not words & {"the", "your", "Your", "not", "and", "Nothing"}, (what, one.text)


def test_last_answer(nora: Talker) -> None:
    """The last answer of a day says so in the language of the rest."""
    found = [one for _number in range(12) for one in nora.tell(nora.clear(entity("help")))]
    assert "Dies ist für einen Tag die letzte Antwort" in found[-1].text


def test_list_in_german(encrypted: Any, nora: Talker, olga: Talker) -> None:
    """Of whom Mailman knows no language is written to in that of the list; moderators always."""
    encrypted.preferred_language = german()
    bart = Talker.make("bart@example.net", encrypted)
    (helped,) = bart.tell(bart.clear(entity("help")))
    assert "Wie die Liste Ant benutzt wird" in helped.headers
    from mailman.interfaces.mailinglist import SubscriptionPolicy  # noqa: PLC0415 - core must be initialised

    encrypted.subscription_policy = SubscriptionPolicy.moderate
    question = bart.asked(bart.command("join", attached=bart.key.certificate))
    (asked,) = [said for said in olga.read(bart.tell(bart.reply(question))) if "bart" in str(said["subject"])]
    assert asked["subject"] == "bart@example.net möchte in Ant aufgenommen werden"
    assert "Niemand hat" not in text_of(asked)
    assert "Alter in Tagen     0" in text_of(asked)
    assert nora.mlist is encrypted


def test_a_language_that_is_gone(encrypted: Any, nora: Talker) -> None:
    """Who has chosen a language that this Mailman has no more is written to in that of the list, and so is everybody where that is gone."""
    from mailman.interfaces.usermanager import IUserManager  # noqa: PLC0415 - core must be initialised
    from zope.component import getUtility  # noqa: PLC0415

    user = getUtility(IUserManager).get_user(nora.address)
    user.preferences.preferred_language = "tlh"
    (helped,) = nora.tell(nora.clear(entity("help")))
    assert "How to use the list Ant" in helped.headers
    encrypted.preferred_language = german()
    (helped,) = nora.tell(nora.clear(entity("help")))
    assert "Wie die Liste Ant benutzt wird" in helped.headers
    encrypted.preferred_language = "tlh"
    (helped,) = nora.tell(nora.clear(entity("help")))
    assert "How to use the list Ant" in helped.headers


def test_moderators_of_an_english_list(encrypted: Any, nora: Talker, olga: Talker) -> None:
    """A German person's request is asked about in English there, and what becomes of it is told in German."""
    from mailman.interfaces.mailinglist import SubscriptionPolicy  # noqa: PLC0415 - core must be initialised

    encrypted.subscription_policy = SubscriptionPolicy.moderate
    question = nora.asked(nora.command("join", attached=nora.key.certificate))
    assert question["subject"] == "Bitte bestätigen: join"
    found = nora.tell(nora.reply(question))
    (asked,) = [said for said in olga.read(found) if "nora" in str(said["subject"])]
    assert asked["subject"] == "nora@example.net asks to join Ant"
    assert "write one of the words `accept`" in " ".join(text_of(asked).split())
    (answered,) = nora.read(found)
    assert "Über Ihre Aufnahme entscheidet die Moderation" in " ".join(text_of(answered).split())
    assert "The request is accepted." in olga.answers(olga.reply(asked, "accept"))


def test_changes_of_a_key(anne: Talker, olga: Talker, encrypted: Any) -> None:
    """A member is told in their language, encrypted and in the clear; the owners of an English list in English."""
    from mailman_pgp.exchange import changing  # noqa: PLC0415 - core must be initialised
    from mailman_pgp.keys.journal import Actor, Door  # noqa: PLC0415

    prefers_german(anne.address)
    changing.suspend(encrypted, anne.address, Actor(Door.REST, olga.address))
    found = told()
    (owners,) = to(encrypted.owner_address, found)
    assert "The key of anne@example.net was suspended." in owners.text
    assert "Through the web interface by olga@example.net, on" in " ".join(owners.text.split())
    (read,) = anne.read(found)
    assert read["subject"] == "Ihr Schlüssel für die Liste Ant"
    assert "Durch die Verantwortlichen der Liste, am" in text_of(read)
    (clear,) = [one for one in to(anne.address, found) if one.template == "key-changed-clear"]
    assert "Ihr Schlüssel wurde gesperrt." in clear.text


def test_notices_that_nobody_asked_for(anne: Talker, encrypted: Any) -> None:
    """Nor does it matter that they come from the daily work or from delivery."""
    from mailman_pgp.model.database import now  # noqa: PLC0415 - core must be initialised
    from mailman_pgp.notices import reminding, unsent  # noqa: PLC0415
    from mailman_pgp.notices.passage import send_leaving  # noqa: PLC0415

    prefers_german(anne.address)
    unsent.send_skipped(encrypted, anne.address, "expired")
    unsent.send_unread(encrypted, anne.address, "revoked", unsent.Fate.REFUSED)
    reminding.send_ending(encrypted, anne.address, now() - dt.timedelta(days=1), now())
    send_leaving(encrypted, anne.address, now() + dt.timedelta(days=3), None)
    unsent.send_undelivered(encrypted, "given-up")
    texts = {one.template: " ".join(one.text.split()) for one in told()}
    assert "Ihr Zertifikat ist abgelaufen. Verlängern Sie es in Ihrem Mailprogramm" in texts["skipped"]
    assert "Ihr Zertifikat ist widerrufen. Sie wurde abgelehnt, weil" in texts["unread"]
    assert "Es ist am" in texts["ending"]
    assert "Ihr Austritt geschieht am" in texts["leaving"]
    assert "The mail server refused the copies of some members" in texts["undelivered"]


def test_reasons_of_core(anne: Talker, encrypted: Any) -> None:
    """Why a post waits is said by core's own translation."""
    from mailman_pgp.conversation.holding import HoldChain  # noqa: PLC0415 - core must be initialised
    from mailman_pgp.posts.record import Kind, Record  # noqa: PLC0415

    prefers_german(anne.address)
    encrypted.respond_to_post_requests = True
    record = Record(kind=Kind.POST, author=anne.address, message_id="<a@example.net>", fingerprint="F")
    HoldChain._tell_author(encrypted, None, record, ["The message is not from a list member"])
    (held,) = told()
    assert "wartet auf die Moderation, aus diesem Grund" in " ".join(held.text.split())
    assert "Die Nachricht stammt nicht von einem Listenmitglied" in " ".join(held.text.split())


def test_a_refused_post(anne: Talker, encrypted: Any) -> None:
    """What is wrong with a post, and how it is done, are both in the language of its author."""
    from mailman_pgp.delivery.ledger import Answered  # noqa: PLC0415 - core must be initialised
    from mailman_pgp.notices.answering import answer_refused  # noqa: PLC0415
    from mailman_pgp.posts.problems import Problem  # noqa: PLC0415

    prefers_german(anne.address)
    answer_refused(encrypted, anne.address, Problem.NOT_ENCRYPTED, None, Answered.UNPROVEN)
    (refused,) = told()
    text = " ".join(refused.text.split())
    assert "Ihre Nachricht war nicht verschlüsselt, und diese Liste nimmt nur verschlüsselte" in text
    assert "Nachrichten an. Bitte verschlüsseln Sie Ihre Nachricht an das Zertifikat" in text
