"""A client of what mailman-pgp adds to Mailman's REST, over Mailman's own client library.

    client = mailmanclient.Client("http://localhost:8001/3.1", "restadmin", "restpass")
    ants = EncryptedLists(client).of("ant.example.com")
    for person in ants.unserved():
        print(person["address"], person["words"])

Answers are as docs/rest.md says.  When Mailman can't be reached, `mailmanclient.MailmanConnectionError` is raised.
"""

from mailman_pgp_client.encrypted_list import EncryptedList
from mailman_pgp_client.encrypted_lists import EncryptedLists
from mailman_pgp_client.place import RefusedError

__all__ = ["EncryptedList", "EncryptedLists", "RefusedError"]
