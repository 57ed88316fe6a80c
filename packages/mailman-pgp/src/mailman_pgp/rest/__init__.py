"""REST, below ``/3.1/plugins/pgp``: what the web interface and other programs see and do.  docs/rest.md is its manual.

What a resource takes and answers is data (`mailman_pgp.rest.operations`): its validation and its description are made of it.
"""
