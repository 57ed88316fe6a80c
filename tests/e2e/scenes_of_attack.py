"""Posts that are put together to pass for somebody else's, or to have a reader's program open what is not theirs to open.

Cris is the member in whose name they come; her key is really used, as somebody uses it who has got signed mail of hers.  Each has the
reason that the owners see, and a part of the sentence that its sender reads.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from keys import Key, forge_usable, now
from messages import encrypted, literal, made_by, signed
from refusals import armored

from mailman_pgp.openpgp import armor
from mailman_pgp.openpgp.memberkeys import MemberKey

if TYPE_CHECKING:
    from collections.abc import Callable

    from keys import Forged
    from people import Person
    from refusals import Guarded

UNSIGNED = ("unsigned", "was encrypted but not signed")
BAD = ("bad", "does not fit its content")
SOMEBODY_ELSE = ("signed-by-somebody-else", "does not count for the address in its From line")
INSIDE = ("encrypted-inside", "there is another one that is encrypted")
NO_AUTHOR = ("no-single-author", "names no single author in its From line")
MARK = b'hp="cipher"; protected-headers="v1"'


@dataclass(frozen=True)
class Stage:
    """The list, and Cris with her key."""

    guarded: Guarded
    cris: Person
    key: Forged

    @classmethod
    def make(cls, guarded: Guarded) -> Stage:
        """Let Cris join the list."""
        cris = guarded.list.person("Cris")
        key = forge_usable(f"<{cris.address}>")
        cris = replace(cris, key=MemberKey(key.secret))
        guarded.list.join(cris)
        return cls(guarded, cris, key)

    def fields(self, author: Person | None = None, subject: str = "A subject") -> bytes:
        """Protected header fields of an author's, CRLF; of Cris when it is nobody else."""
        author = author or self.cris
        return (
            f"From: {author.name} <{author.address}>\r\nTo: {author.list.address}\r\nSubject: {subject}\r\n"
            "MIME-Version: 1.0\r\n"
        ).encode()

    def text(self, fields: bytes = b"", mark: bytes = b"") -> bytes:
        """A text with the canary in it, CRLF."""
        kind = b'Content-Type: text/plain; charset="utf-8"' + (b"; " + mark if mark else b"") + b"\r\n"
        return kind + fields + b"\r\nThe " + self.guarded.canary.body.encode() + b" flies at noon.\r\n"

    def signed_by_cris(
        self, entity: bytes, fields: bytes = b"", *, key: Key | None = None, after: bytes = b""
    ) -> bytes:
        """A `multipart/signed` of hers (RFC 3156 §5), CRLF; `fields` stand beside its Content-Type, `after` behind the signature."""
        signature = armor(made_by(key or self.key.primary, entity), "PGP SIGNATURE").replace(b"\r\n", b"\n")
        return (
            b"Content-Type: multipart/signed; micalg=pgp-sha512;"
            b' protocol="application/pgp-signature"; boundary="s"\r\n' + fields + b"\r\n--s\r\n" + entity
            + b"\r\n--s\r\nContent-Type: application/pgp-signature\r\n\r\n" + signature.replace(b"\n", b"\r\n")
            + after + b"\r\n--s--\r\n"
        )  # fmt: skip

    def letter(self) -> bytes:
        """What Cris has signed, with her header fields in it."""
        return self.signed_by_cris(self.text(self.fields(), MARK))

    def container(self, kind: bytes, *parts: bytes) -> bytes:
        """Parts side by side, in the name of Cris."""
        head = b"Content-Type: multipart/" + kind + b'; boundary="o"; ' + MARK + b"\r\n" + self.fields() + b"\r\n"
        return head + b"".join(b"--o\r\n" + part + b"\r\n" for part in parts) + b"--o--\r\n"

    def sealed(self, content: bytes, author: Person | None = None) -> bytes:
        """The message with this inside its encryption, unsigned; Cris's by its From line when it is nobody else's."""
        packets = self.guarded.session_key + encrypted(literal(content))
        return (author or self.cris).envelope(armored(packets))

    def sealed_by_bart(self, content: bytes) -> bytes:
        """The same, signed by Bart, in his name."""
        bart = self.guarded.bart
        return bart.envelope(bart.key.write(content, self.guarded.list.certificate))

    def captured(self) -> bytes:
        """Armor of a message that Anne alone can open."""
        return self.guarded.anne.key.write(b"For Anne alone", self.guarded.anne.key.certificate, sign=False)


@dataclass(frozen=True)
class Attack:
    """A message, by whom it says that it is, and what is due to it."""

    author: Person
    message: bytes
    due: tuple[str, str]


def _beside(kind: bytes, *, first: bool) -> Callable[[Stage], Attack]:
    def attack(stage: Stage) -> Attack:
        parts = [stage.text(), stage.letter()]
        return Attack(stage.cris, stage.sealed(stage.container(kind, *(parts if first else parts[::-1]))), UNSIGNED)

    return attack


def in_the_middle(stage: Stage) -> Attack:
    inner = stage.container(b"mixed", stage.letter()).replace(b'"o"', b'"i"').replace(b"--o", b"--i")
    return Attack(stage.cris, stage.sealed(stage.container(b"mixed", stage.text(), inner, stage.text())), UNSIGNED)


def forwarded(stage: Stage) -> Attack:
    content = b"Content-Type: message/rfc822; " + MARK + b"\r\n" + stage.fields() + b"\r\n" + stage.fields()
    return Attack(stage.cris, stage.sealed(content + stage.letter()), UNSIGNED)


def third_part(stage: Stage) -> Attack:
    after = b"\r\n--s\r\n" + stage.text()
    return Attack(
        stage.cris, stage.sealed(stage.signed_by_cris(stage.text(stage.fields(), MARK), after=after)), UNSIGNED
    )


def signature_first(stage: Stage) -> Attack:
    head, entity, signature, end = stage.letter().split(b"--s", 3)
    content = b"--s".join((head, signature, entity, end))
    return Attack(stage.cris, stage.sealed(content), UNSIGNED)


def protocol_twice(stage: Stage) -> Attack:
    other = b'protocol="application/pkcs7-signature"; protocol='
    return Attack(stage.cris, stage.sealed(stage.letter().replace(b"protocol=", other, 1)), UNSIGNED)


def type_twice(stage: Stage) -> Attack:
    content = stage.letter()
    message = stage.sealed(b'Content-Type: multipart/mixed; boundary="s"\r\n' + content)
    return Attack(stage.cris, message, ("unreadable-content", "no message that the list can read"))


def other_charset(stage: Stage) -> Attack:
    return Attack(stage.cris, stage.sealed(stage.letter().replace(b'"utf-8"', b'"utf-7"', 1)), BAD)


def other_encoding(stage: Stage) -> Attack:
    content = stage.letter().replace(b"From: ", b"Content-Transfer-Encoding: base64\r\nFrom: ", 1)
    return Attack(stage.cris, stage.sealed(content), BAD)


def other_content(stage: Stage) -> Attack:
    return Attack(stage.cris, stage.sealed(stage.letter().replace(b"noon", b"dawn", 1)), BAD)


def clear_signed(stage: Stage) -> Attack:
    text = f"The {stage.guarded.canary.body} flies at noon.".encode()
    signature = armor(made_by(stage.key.primary, text, 1), "PGP SIGNATURE")
    body = b"-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA512\n\n" + text + b"\n" + signature
    head = b"Content-Type: text/plain; " + MARK + b"\n" + stage.fields().replace(b"\r", b"")
    return Attack(stage.cris, stage.sealed(head + b"\n" + body), UNSIGNED)


def signed_inline(stage: Stage) -> Attack:
    body = armored(signed(b"Send money", stage.key.primary))
    head = b"Content-Type: text/plain; " + MARK + b"\n" + stage.fields().replace(b"\r", b"")
    return Attack(stage.cris, stage.sealed(head + b"\n" + body), INSIDE)


def _nested(part: Callable[[Stage], bytes]) -> Callable[[Stage], Attack]:
    def attack(stage: Stage) -> Attack:
        bart = stage.guarded.bart
        content = stage.container(b"mixed", stage.text(), part(stage)).replace(stage.fields(), stage.fields(bart))
        return Attack(bart, stage.sealed_by_bart(content), INSIDE)

    return attack


def _pgp_mime(stage: Stage) -> bytes:
    return stage.guarded.anne.envelope(stage.captured()).partition(b"MIME-Version: 1.0\n")[2]


def _pgp_mime_in_a_mail(stage: Stage) -> bytes:
    return b"Content-Type: message/rfc822\r\n\r\n" + stage.guarded.anne.envelope(stage.captured())


def _inline(stage: Stage) -> bytes:
    return b"Content-Type: text/plain\r\n\r\n" + b"\r\n" * 100 + stage.captured()


def _inline_in_html(stage: Stage) -> bytes:
    return b"Content-Type: text/html\r\n\r\n<div style='display:none'><pre>" + stage.captured() + b"</pre></div>"


def _inline_in_references(stage: Stage) -> bytes:
    armor = stage.captured().replace(b"BEGIN PGP", b"BEGIN<b></b>&#32;PGP")
    return b"Content-Type: text/html\r\n\r\n<pre>" + armor + b"</pre>"


def _inline_quoted(stage: Stage) -> bytes:
    return b"Content-Type: text/plain\r\n\r\nYou wrote:\r\n> " + stage.captured().replace(b"\n", b"\n> ")


def _inline_flowed(stage: Stage) -> bytes:
    return b"Content-Type: text/plain; format=flowed\r\n\r\n " + stage.captured().replace(b"\n", b"\n ")


def _smime(stage: Stage) -> bytes:  # noqa: ARG001 - as the others
    return b"Content-Type: application/pkcs7-mime; smime-type=enveloped-data\r\n\r\nMIAG\r\n"


def message_in_a_message(stage: Stage) -> Attack:
    bart, session_key = stage.guarded.bart, stage.guarded.session_key
    packets = session_key + encrypted(session_key + encrypted(literal(stage.guarded.inside(bart))))
    return Attack(bart, bart.envelope(armored(packets)), ("structure", "could not open your message"))


def text_beside_encryption(stage: Stage) -> Attack:
    bart = stage.guarded.bart
    head, _, rest = stage.sealed_by_bart(stage.text(stage.fields(bart), MARK)).partition(b"MIME-Version: 1.0\n")
    mixed = b'Content-Type: multipart/mixed; boundary="x"\n\n--x\n\nhello\n--x\n'
    return Attack(bart, head + mixed + rest + b"\n--x--\n", ("broken-pgp-mime", "is not built as PGP/MIME"))


def third_part_beside_encryption(stage: Stage) -> Attack:
    bart = stage.guarded.bart
    message = stage.sealed_by_bart(stage.text(stage.fields(bart), MARK))
    more = b"\n--b\nContent-Type: text/plain\n\nhello\n--b--"
    due = ("broken-pgp-mime", "is not built as PGP/MIME")
    return Attack(bart, message.replace(b"\n--b--", more), due)


def _from_inside(line: Callable[[Stage], bytes], due: tuple[str, str]) -> Callable[[Stage], Attack]:
    def attack(stage: Stage) -> Attack:
        usual = stage.fields().partition(b"\r\n")[0] + b"\r\n"
        entity = stage.text(stage.fields(), MARK).replace(usual, line(stage) + b"\r\n", 1)
        return Attack(stage.cris, stage.sealed(stage.signed_by_cris(entity)), due)

    return attack


def _anne(stage: Stage) -> bytes:
    return stage.guarded.anne.address.encode()


def _cris(stage: Stage) -> bytes:
    return stage.cris.address.encode()


def another_user_id(stage: Stage) -> Attack:
    """Whose certificate names the address too, which is not to say that it counts for it."""
    anne = stage.guarded.anne
    person = stage.guarded.list.person("Dora")
    forged = forge_usable(f"<{person.address}>")
    forged.user_id(f"{anne.name} <{anne.address}>")
    dora = replace(person, key=MemberKey(forged.secret))
    stage.guarded.list.join(dora)
    return Attack(
        anne, anne.envelope(dora.key.write(stage.guarded.inside(anne), stage.guarded.list.certificate)), SOMEBODY_ELSE
    )


def user_id_of_a_strangers_key(stage: Stage) -> Attack:
    anne = stage.guarded.anne
    eve = MemberKey.generate(f"{anne.name} <{anne.address}>")
    message = anne.envelope(eve.write(stage.guarded.inside(anne), stage.guarded.list.certificate))
    return Attack(anne, message, ("unknown-key", "does not count for the address in its From line"))


def other_name_beside_the_signature(stage: Stage) -> Attack:
    anne = stage.guarded.anne
    content = stage.signed_by_cris(stage.text(), b"X-Mark: 1\r\n" + stage.fields(anne))
    return Attack(anne, stage.sealed(content.replace(b'"s"\r\n', b'"s"; ' + MARK + b"\r\n", 1), anne), SOMEBODY_ELSE)


def signed_twice(stage: Stage) -> Attack:
    """Inside stands a letter of Cris, around it the signature of another key."""
    other = Key.signing(now() - 100)
    content = stage.signed_by_cris(stage.letter().replace(b'"s"', b'"t"').replace(b"--s", b"--t"), key=other)
    return Attack(stage.cris, stage.sealed(content), ("unknown-key", "does not count for the address in its From line"))


ATTACKS: dict[str, Callable[[Stage], Attack]] = {
    "signed part beside a text": _beside(b"mixed", first=True),
    "signed part before a text": _beside(b"mixed", first=False),
    "signed part as an alternative": _beside(b"alternative", first=True),
    "signed part as the lesser alternative": _beside(b"alternative", first=False),
    "signed part in related parts": _beside(b"related", first=False),
    "signed part in the middle": in_the_middle,
    "signed mail, forwarded": forwarded,
    "third part behind the signature": third_part,
    "signature before what it signs": signature_first,
    "protocol twice": protocol_twice,
    "type twice": type_twice,
    "other charset": other_charset,
    "other transfer encoding": other_encoding,
    "other content": other_content,
    "clear-signed text": clear_signed,
    "signed text in armor": signed_inline,
    "encrypted part": _nested(_pgp_mime),
    "encrypted part in a forwarded mail": _nested(_pgp_mime_in_a_mail),
    "armor in a text": _nested(_inline),
    "armor in hidden HTML": _nested(_inline_in_html),
    "armor that HTML hides": _nested(_inline_in_references),
    "armor in a quotation": _nested(_inline_quoted),
    "armor in flowed text": _nested(_inline_flowed),
    "S/MIME": _nested(_smime),
    "message in a message": message_in_a_message,
    "text beside the encrypted part": text_beside_encryption,
    "third part beside the encrypted one": third_part_beside_encryption,
    "two From inside": _from_inside(lambda stage: b"From: <%s>\r\nFrom: <%s>" % (_cris(stage), _anne(stage)), NO_AUTHOR),
    "two addresses inside": _from_inside(lambda stage: b"From: %s, %s" % (_cris(stage), _anne(stage)), NO_AUTHOR),
    "group inside": _from_inside(lambda stage: b"From: Anne: %s;" % _cris(stage), NO_AUTHOR),
    "nobody inside": _from_inside(lambda _: b"From: ", NO_AUTHOR),
    "address for a name": _from_inside(lambda stage: b"From: %s <%s>" % (_anne(stage), _cris(stage)), NO_AUTHOR),
    "another inside": _from_inside(
        lambda stage: b"From: <%s>" % _anne(stage), ("author-differs-inside", "names another address than the one inside")
    ),
    "user ID of somebody else": another_user_id,
    "user ID of a stranger's key": user_id_of_a_strangers_key,
    "other name beside the signature": other_name_beside_the_signature,
    "signed twice": signed_twice,
}  # fmt: skip
