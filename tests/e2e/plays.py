"""Conversations between people and a list: one of each kind that there is, whole."""

from __future__ import annotations

from typing import TYPE_CHECKING

from conversations import armored, asked, clear, encrypted, reply, tell
from keys import POSITIVE, certified, signature
from keys import now as seconds

from mailman_pgp.openpgp.memberkeys import MemberKey
from mailman_pgp.openpgp.packets import walk

if TYPE_CHECKING:
    from collections.abc import Callable

    from scenes import Scene


def helped(scene: Scene) -> None:
    """What everybody may ask, and is answered in the clear."""
    scene.tell(scene.anne, clear(scene.anne, "help"))


def key_get(scene: Scene) -> None:
    """The list's certificate, asked for as commands are that need a proof."""
    scene.tell(scene.anne, encrypted(scene.anne, "key get"))


def join(scene: Scene) -> None:
    """Somebody joins with a key."""
    scene.config(subscription_policy="confirm")
    scene.answer(scene.nora, clear(scene.nora, "join", attached=scene.nora.key.certificate))


def join_encrypted(scene: Scene) -> None:
    """The same, encrypted and signed from the beginning."""
    scene.config(subscription_policy="confirm")
    scene.answer(scene.nora, encrypted(scene.nora, "join", attached=scene.nora.key.certificate))


def join_with_known_key(scene: Scene) -> None:
    """The key counts already."""
    scene.config(subscription_policy="confirm")
    scene.here.certify(scene.nora)
    scene.answer(scene.nora, encrypted(scene.nora, "join"))


def join_moderated(word: str) -> Callable[[Scene], None]:
    """A moderator decides."""

    def run(scene: Scene) -> None:
        scene.config(subscription_policy="confirm_then_moderate")
        scene.answer(scene.nora, clear(scene.nora, "join", attached=scene.nora.key.certificate))
        scene.tell(scene.olga, reply(scene.olga, scene.asked_of_olga("asks to join"), word))

    return run


def join_on_the_web(word: str) -> Callable[[Scene], None]:
    """Asked for by another door than mail, and answered by mail."""

    def run(scene: Scene) -> None:
        scene.config(subscription_policy="confirm")
        scene.here.certify(scene.nora)
        scene.here.sandbox.rest(
            "members", {"list_id": scene.here.list_id, "subscriber": scene.nora.address, "pre_verified": "yes"}
        )
        scene.tell(scene.nora, reply(scene.nora, asked(scene.nora), word))

    return run


def key_on_the_web(scene: Scene) -> None:
    """A key that is brought by another door than mail, and answered for by mail."""
    certificate = armored(scene.nora.key.certificate)
    scene.here.rest("offers", {"address": scene.nora.address, "certificate": certificate})
    scene.tell(scene.nora, reply(scene.nora, asked(scene.nora)))


def key_set(scene: Scene) -> None:
    """A key before a membership."""
    scene.answer(scene.nora, clear(scene.nora, "key set", attached=scene.nora.key.certificate))


def key_change(scene: Scene) -> None:
    """By the old key and the new one."""
    new = MemberKey.generate(f"Anne <{scene.anne.address}>")
    scene.answer(scene.anne, encrypted(scene.anne, "key change", attached=new.certificate), key=new)


def key_change_moderated(word: str) -> Callable[[Scene], None]:
    """By the new key and a moderator."""

    def run(scene: Scene) -> None:
        new = MemberKey.generate(f"Anne <{scene.anne.address}>")
        scene.answer(scene.anne, clear(scene.anne, "key change", attached=new.certificate), key=new)
        scene.tell(scene.olga, reply(scene.olga, scene.asked_of_olga("Another key"), word))

    return run


def key_revoke(scene: Scene) -> None:
    """By a signature."""
    scene.answer(scene.anne, encrypted(scene.anne, "key revoke"))


def key_revoked(scene: Scene) -> None:
    """By the revocation itself."""
    scene.here.certify(scene.nora)
    scene.here.subscribe(scene.nora)
    scene.nora_key.revoke(at=seconds() - 10)
    scene.tell(scene.nora, clear(scene.nora, "key revoke", attached=scene.nora_key.public))


def key_refresh(scene: Scene) -> None:
    """A newer copy."""
    scene.here.certify(scene.nora)
    scene.here.subscribe(scene.nora)
    scene.nora_key.user_id("Nora <nora@example.org>")
    scene.tell(scene.nora, clear(scene.nora, "key refresh", attached=scene.nora_key.public))


def key_sign(scene: Scene) -> None:
    """A certification of the list's certificate."""
    scene.here.certify(scene.nora)
    scene.here.subscribe(scene.nora)
    scene.here.sandbox.rest(f"plugins/pgp/lists/{scene.here.list_id}", {"key_sign_by": "members"}, "PATCH")
    primary, *rest = walk(scene.here.certificate)
    user_id = next(one.body.decode() for one in rest if one.tag == 13)
    made = signature(scene.nora_key.primary, POSITIVE, certified(primary.body, user_id), at=seconds())
    at = next(one.end for one in rest if one.tag == 13)
    copy = scene.here.certificate[:at] + made + scene.here.certificate[at:]
    scene.answer(scene.nora, encrypted(scene.nora, "key sign", attached=copy))


def simple(command: str) -> Callable[[Scene], None]:
    """A member's command."""

    def run(scene: Scene) -> None:
        scene.answer(scene.anne, encrypted(scene.anne, command))

    return run


def several(scene: Scene) -> None:
    """Several commands, as one confirmation."""
    scene.answer(scene.anne, encrypted(scene.anne, "echo\nkey show\nwho"))


def refused(scene: Scene) -> None:
    """It was not them."""
    scene.answer(scene.anne, encrypted(scene.anne, "leave"), word="no")


def never_answered(scene: Scene) -> None:
    """The question is open still."""
    scene.tell(scene.anne, encrypted(scene.anne, "leave"))
    asked(scene.anne)


def leave_without_key(scene: Scene) -> None:
    """A lost key, and a moderator."""
    scene.tell(scene.anne, clear(scene.anne, "leave"))
    scene.tell(scene.olga, reply(scene.olga, scene.asked_of_olga("is to leave"), "accept"))


def leave_by_proof(scene: Scene) -> None:
    """Asked for in the clear, answered with the key."""
    scene.answer(scene.anne, clear(scene.anne, "leave"))


def stay(scene: Scene) -> None:
    """Somebody else has asked that they leave."""
    tell(scene.anne, clear(scene.anne, "leave"))
    asked(scene.anne)
    scene.answer(scene.anne, encrypted(scene.anne, "stay"), number=2)


def held_post(word: str) -> Callable[[Scene], None]:
    """A post that waits."""

    def run(scene: Scene) -> None:
        scene.config(default_member_action="hold")
        scene.tell(scene.anne, scene.anne.write("The post"), "")
        scene.tell(scene.olga, reply(scene.olga, scene.asked_of_olga("waits"), word))

    return run


CONVERSATIONS: dict[str, Callable[[Scene], None]] = {
    "help": helped,
    "key-get": key_get,
    "join": join,
    "join-encrypted": join_encrypted,
    "join-known-key": join_with_known_key,
    "join-accepted": join_moderated("accept"),
    "join-rejected": join_moderated("reject"),
    "join-discarded": join_moderated("discard"),
    "join-on-the-web": join_on_the_web("yes"),
    "join-on-the-web-no": join_on_the_web("no"),
    "key-set": key_set,
    "key-on-the-web": key_on_the_web,
    "key-change": key_change,
    "key-change-accepted": key_change_moderated("accept"),
    "key-change-rejected": key_change_moderated("reject"),
    "key-revoke": key_revoke,
    "key-revoked": key_revoked,
    "key-refresh": key_refresh,
    "key-sign": key_sign,
    "key-show": simple("key show"),
    "leave": simple("leave"),
    "leave-without-key": leave_without_key,
    "leave-by-proof": leave_by_proof,
    "stay": stay,
    "who": simple("who"),
    "echo": simple("echo"),
    "several": several,
    "no": refused,
    "not-answered": never_answered,
    "post-accepted": held_post("accept"),
    "post-rejected": held_post("reject"),
    "post-discarded": held_post("discard"),
}


#: The conversations that begin with something unsigned which anybody can write.
ASKED_IN_THE_CLEAR = ("leave-without-key", "leave-by-proof")
