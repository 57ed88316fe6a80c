"""`mailman pgp explain` says before what becomes of a mail, and what has become of it, and is in no way of it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from mailman_pgp.sandbox import until

if TYPE_CHECKING:
    from people import EncryptedList


def explained(made: EncryptedList, mail: bytes) -> Any:
    """What is said of a mail."""
    return json.loads(made.pgp("explain", "--json", stdin=mail.decode()))


def test_before_and_after(encrypted_list: EncryptedList) -> None:
    """Explained before, a good post is posted all the same, and once; a bad one is refused for the reason that was said."""
    anne, bart = encrypted_list.member("Anne"), encrypted_list.member("Bart")
    good, bad = anne.write("The whinchat flies"), anne.write("The whinchat falls", sign=False)
    for mail, action, problem in ((good, "accept", None), (bad, "reject", "unsigned")):
        found = explained(encrypted_list, mail)
        assert (found["action"], found["problem"], found["came_before"]) == (action, problem, False)
        assert "whinchat" not in json.dumps(found)
        anne.send(mail)
    (post,) = bart.read()
    assert "The whinchat flies" in post.as_string()
    until(lambda: encrypted_list.happened()["refused"], "the refusal is recorded")
    (refused,) = encrypted_list.happened()["refused"]
    assert refused["reason"] == "unsigned"
    assert explained(encrypted_list, good)["came_before"]
    assert "whinchat" not in encrypted_list.sandbox.logs()
