"""A certificate as a file that a browser keeps."""

from __future__ import annotations

from django.http import HttpResponse
from django.utils.http import content_disposition_header

_TYPE = "application/pgp-keys"  # RFC 3156 §7


def certificate_file(armored: str, name: str) -> HttpResponse:
    """The file.

    :param armored: The certificate, in ASCII armor.
    :param name: Whose it is, by which the file is called; any text.
    """
    response = HttpResponse(armored, content_type=_TYPE)
    # Neither a path, nor lines, nor what turns around how the rest of it is shown.
    plain = "".join(char if char.isprintable() and char not in "/\\" else "_" for char in name)
    response["Content-Disposition"] = content_disposition_header(as_attachment=True, filename=f"{plain}.asc")
    return response
