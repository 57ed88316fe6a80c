"""Keys that somebody uploads, as a file or pasted.

It may be a secret key, by mistake.  So files are held in memory only, where Django would write a long one to the disk; and a secret
key is refused here already, without being sent on or shown again.
"""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

from django.core.files.uploadedfile import InMemoryUploadedFile
from django.core.files.uploadhandler import FileUploadHandler
from django.utils.translation import gettext as _

from django_pgpmailman.uploads import UploadError, armored, refuse_secret

if TYPE_CHECKING:
    from django.http import HttpRequest

#: What is taken at most; Django's own limit of a form without files is half a MiB above.
MOST_BYTES = 2 * 2**20
_ARMOR = "-----BEGIN PGP "


class InMemory(FileUploadHandler):  # type: ignore[misc]  # Django is untyped
    """Takes files in memory; of one that is too long, the beginning."""

    def new_file(self, *args: Any, **kwargs: Any) -> None:
        """See Django."""
        super().new_file(*args, **kwargs)
        self._content = io.BytesIO()

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:
        """See Django."""
        if start <= MOST_BYTES:
            self._content.write(raw_data)

    def file_complete(self, file_size: int) -> InMemoryUploadedFile:
        """See Django."""
        self._content.seek(0)
        return InMemoryUploadedFile(
            self._content, self.field_name, self.file_name, self.content_type, file_size, self.charset
        )


def keys_in(request: HttpRequest) -> str:
    """What was uploaded in the fields `file` or `keys` of a form, in ASCII armor; a file goes before what was pasted.

    :raises UploadError: when there is nothing, too much, or a secret key.
    """
    file = request.FILES.get("file")
    content: bytes = file.read() if file else request.POST.get("keys", "").encode("utf-8", "replace")
    if (file.size if file else len(content)) > MOST_BYTES:
        raise UploadError(_("This is longer than 2 MiB. Send less at a time."))
    if not content.strip():
        raise UploadError(_("Choose a file with the public key, or paste the key."))
    refuse_secret(content)
    text = content.decode("utf-8", "replace")
    return text if _ARMOR in text else armored(content)
