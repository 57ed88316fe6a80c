"""What stands below most of our texts: the list's certificate and its owners."""

from __future__ import annotations

END = """

The list's certificate is attached. Its fingerprint is

    {fingerprint}

Please compare it with one that you got in another way.

The owners of the list: {owner}
"""
