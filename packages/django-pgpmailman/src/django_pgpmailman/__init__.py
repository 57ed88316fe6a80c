"""Encrypted lists in the web interface of Mailman: an app that stands beside Postorius and HyperKitty.

It talks to Mailman Core by REST alone.  See docs/web.md.
"""
