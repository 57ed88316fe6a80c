"""MIME for encrypted lists: what a post claims to be, what it holds, and what members receive.

Pure: bytes in, bytes out, no Mailman, no OpenPGP. All input is taken for an attacker's.
"""

from mailman_pgp.mime.answers import is_no, is_yes
from mailman_pgp.mime.authors import single_address
from mailman_pgp.mime.automatic import is_automatic
from mailman_pgp.mime.compose import compose_payload, status_line
from mailman_pgp.mime.digest import DigestPost, mime_digest, plain_digest, topics
from mailman_pgp.mime.display import display_name, one_line
from mailman_pgp.mime.errors import PayloadError
from mailman_pgp.mime.excerpt import Attached, Excerpt, excerpt
from mailman_pgp.mime.flat import flat
from mailman_pgp.mime.inline import as_text, inline_message
from mailman_pgp.mime.mailboxes import Mailbox, MailboxError, addresses
from mailman_pgp.mime.nested import holds_encrypted
from mailman_pgp.mime.notice import encrypted_notice, signed_notice, whole_message
from mailman_pgp.mime.offered import Offered, offered
from mailman_pgp.mime.outer import OUTER_SUBJECT, OuterParts, is_outer_message, outer_message
from mailman_pgp.mime.outward import Author, Outward
from mailman_pgp.mime.protected import Payload, own_payload, read_payload
from mailman_pgp.mime.said import Said, said
from mailman_pgp.mime.signed import Signed, as_signed
from mailman_pgp.mime.structure import Incoming, Structure, examine
from mailman_pgp.mime.subject import bare
from mailman_pgp.mime.threads import Thread, message_id, message_ids, single_id, thread_of

__all__ = [
    "OUTER_SUBJECT",
    "Attached",
    "Author",
    "DigestPost",
    "Excerpt",
    "Incoming",
    "Mailbox",
    "MailboxError",
    "Offered",
    "OuterParts",
    "Outward",
    "Payload",
    "PayloadError",
    "Said",
    "Signed",
    "Structure",
    "Thread",
    "addresses",
    "as_signed",
    "as_text",
    "bare",
    "compose_payload",
    "display_name",
    "encrypted_notice",
    "examine",
    "excerpt",
    "flat",
    "holds_encrypted",
    "inline_message",
    "is_automatic",
    "is_no",
    "is_outer_message",
    "is_yes",
    "message_id",
    "message_ids",
    "mime_digest",
    "offered",
    "one_line",
    "outer_message",
    "own_payload",
    "plain_digest",
    "read_payload",
    "said",
    "signed_notice",
    "single_address",
    "single_id",
    "status_line",
    "thread_of",
    "topics",
    "whole_message",
]
