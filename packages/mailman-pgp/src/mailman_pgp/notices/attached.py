"""The list's certificate, as it is attached to notices."""

from __future__ import annotations

from email.encoders import encode_7or8bit
from email.mime.application import MIMEApplication
from typing import Any

from public import public

from mailman_pgp.keys import certifications
from mailman_pgp.openpgp import armor

_ARMOR = "PGP PUBLIC KEY BLOCK"


@public
def list_certificate(mlist: Any) -> MIMEApplication:
    """The certificate of the list as it is given out, as a file."""
    return certificate_file(certifications.certified(mlist.list_id).certificate, mlist.list_name)


@public
def certificate_file(certificate: bytes, name: str) -> MIMEApplication:
    """A binary certificate as a file called ``NAME.asc`` (RFC 3156 §7)."""
    attached = MIMEApplication(armor(certificate, _ARMOR), "pgp-keys", encode_7or8bit)
    attached.add_header("Content-Disposition", "attachment", filename=f"{name}.asc")
    return attached
