"""The Django side: takes the events at one address, and keeps Postorius and HyperKitty fresh.

It needs nothing of Mailman core.  See docs/receiving.md.
"""
