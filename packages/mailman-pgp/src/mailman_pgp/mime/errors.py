"""What reading a decrypted message can end in."""


class PayloadError(Exception):
    """The decrypted content is no MIME entity that a list can carry on.

    The text is a sentence for the person who wrote the message; it quotes nothing of the content.
    """
