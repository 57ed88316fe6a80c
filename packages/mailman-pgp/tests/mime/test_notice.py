"""Notices as they leave: what a mail program finds in them."""

from __future__ import annotations

import email
from email.mime.application import MIMEApplication
from email.mime.multipart import MIMEMultipart
from email.mime.text import MIMEText
from typing import TYPE_CHECKING

import pytest

from mailman_pgp.mime import encrypted_notice, signed_notice

if TYPE_CHECKING:
    from email.message import Message

SIGNATURE = b"-----BEGIN PGP SIGNATURE-----\n\nabcd\n-----END PGP SIGNATURE-----\n"


def _notice(text: str) -> Message:
    notice = MIMEMultipart()
    notice.attach(MIMEText(text))
    notice.attach(MIMEApplication(b"certificate", "pgp-keys"))
    for name, value in (
        ("Subject", "Not accepted"),
        ("From", "ants-owner@example.com"),
        ("To", "anne@example.com"),
        ("Message-ID", "<1@example.com>"),
        ("List-Id", "<ants.example.com>"),
        ("List-Subscribe", "<mailto:ants-join@example.com>"),
        ("List-Unsubscribe", "<mailto:ants-leave@example.com>"),
    ):
        notice[name] = value
    return notice


@pytest.mark.parametrize("text", ["Please encrypt.\n", "Bitte verschlüsseln.\n", "From here\n.\n--\n\n", ""])
def test_signed_notice_is_read_as_one(text: str) -> None:
    """A mail program finds two parts (RFC 3156 §5): the notice, and a signature over exactly the bytes of its part."""
    signed: list[bytes] = []

    def sign(data: bytes) -> bytes:
        signed.append(data)
        return SIGNATURE

    whole = signed_notice(_notice(text), sign, "pgp-sha512")
    assert b"\n" not in whole.replace(b"\r\n", b"")
    message = email.message_from_bytes(whole)
    assert message.get_content_type() == "multipart/signed"
    assert (message.get_param("protocol"), message.get_param("micalg")) == ("application/pgp-signature", "pgp-sha512")
    assert message.preamble is None
    content, signature = message.get_payload()
    (data,) = signed
    delimiter = f"--{message.get_boundary()}\r\n".encode()
    assert whole.split(delimiter)[1] == data + b"\r\n"
    assert signature.get_content_type() == "application/pgp-signature"
    assert signature.get_payload().encode().replace(b"\r\n", b"\n").strip() == SIGNATURE.strip()
    body, certificate = content.get_payload()
    assert body.get_payload(decode=True).decode().replace("\r\n", "\n") == text
    assert certificate.get_payload(decode=True) == b"certificate"
    assert message["subject"] == "Not accepted"
    assert message.get_all("mime-version") == ["1.0"]


def test_encrypted_notice_names_its_recipient() -> None:
    """One notice may go to several owners; each copy names one, and its headers are protected (RFC 9788)."""
    notice = _notice("x")
    message = email.message_from_bytes(encrypted_notice(notice, "bart@example.com"))
    assert message.get_all("to") == ["bart@example.com"]
    assert message.get_param("hp") == "cipher"
    assert notice["to"] == "anne@example.com"
