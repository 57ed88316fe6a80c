"""Our own notices: the only mail that may leave an encrypted list for somebody without a certificate.

A notice is a template of ours with addresses, reasons and the list's certificate in it, never anything derived from a
post.  The queue entry names its template, and delivery lets nothing else out (`mailman_pgp.delivery.notes`).
"""
