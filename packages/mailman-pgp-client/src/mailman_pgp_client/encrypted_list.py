"""One encrypted list, and all that waits, is known and can be done there."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mailman_pgp_client.place import Answer, Place


class EncryptedList:
    """One encrypted list.  `by` is the address of whoever decides, where a program acts for somebody."""

    def __init__(self, place: Place) -> None:
        self._place = place

    def show(self) -> Answer:
        """The list, with its settings."""
        return self._place.ask()

    def change(self, by: str | None = None, /, **settings: Any) -> Answer:
        """Change settings, all or none; None takes one back."""
        values = {name: "default" if to is None else to for name, to in settings.items()}
        return self._place.ask("PATCH", **values, by=by)

    def enabling(self) -> Answer:
        """What it will do to encrypt it, while it is a plain list: what stands in its way, and what will change."""
        return self._place.below("enabling").ask()

    def disabling(self) -> Answer:
        """What it will do to make it a plain list, while it is encrypted."""
        return self._place.below("disabling").ask()

    def disable(self, confirm: str, by: str | None = None) -> None:
        """Turn it into a plain list; `confirm` is the fingerprint of its key, which is destroyed."""
        self._place.ask("DELETE", confirm=confirm, by=by)

    def certificate(self) -> Answer:
        """The list's own certificate."""
        return self._place.below("certificate").ask()

    def extend_key(self, years: int | None = None, by: str | None = None) -> Answer:
        """Let the list's key live for some years from now on."""
        return self._place.below("key").ask("POST", action="extend", years=years, by=by)

    def keys(self) -> Answer:
        """The list's key, and those that it had before."""
        return self._place.below("key").ask()

    def rotate_key(
        self,
        overlap: int | None = None,
        by: str | None = None,
        follows: str | None = None,
        *,
        profile: str | None = None,
        allow_experimental: bool = False,
    ) -> Answer:
        """Give the list a new key; the one of now opens mail for so many days more.

        :param profile: Its kind: "usual", "v6" or "post-quantum"; that of the key of now when it is left out.
        :param allow_experimental: To say that "v6" or "post-quantum" is meant; else it is refused, with what comes of it.
        :param follows: The fingerprint of the key of now, as it was seen; it is refused where the list has another one by now.
        """
        meant = "yes" if allow_experimental else None
        asked = {"overlap": overlap, "profile": profile, "allow_experimental": meant, "follows": follows, "by": by}
        return self._place.below("key").ask("POST", action="rotate", **asked)

    def unserved(self) -> Iterator[Answer]:
        """Who gets nothing, and why."""
        return self._place.below("unserved").pages()

    def requests(self) -> Iterator[Answer]:
        """The requests that wait, each with its key."""
        return self._place.below("requests").pages()

    def page_of_requests(self, page: int, count: int) -> Answer:
        """One page of them, with the number of all (`total_size`)."""
        return self._place.below("requests").ask(page=page, count=count)

    def request(self, token: str) -> Answer:
        """One of them."""
        return self._place.below("requests", token).ask()

    def decide_request(self, token: str, action: str, reason: str | None = None, by: str | None = None) -> Answer:
        """Accept, reject or discard one; the reason is mailed to whoever is rejected."""
        return self._place.below("requests", token).ask("POST", action=action, reason=reason, by=by)

    def challenge(self, token: str, by: str | None = None) -> Answer:
        """Ask the person of a request once more for their proof."""
        return self._place.below("requests", token, "challenge").ask("POST", by=by)

    def changes(self) -> Iterator[Answer]:
        """The keys that wait for a moderator, since the old one has not signed for them."""
        return self._place.below("changes").pages()

    def page_of_changes(self, page: int, count: int) -> Answer:
        """One page of them, with the number of all (`total_size`)."""
        return self._place.below("changes").ask(page=page, count=count)

    def change_of(self, token: str) -> Answer:
        """One of them."""
        return self._place.below("changes", token).ask()

    def decide_change(self, token: str, action: str, by: str | None = None) -> Answer:
        """Accept, reject or discard one of them."""
        return self._place.below("changes", token).ask("POST", action=action, by=by)

    def test(self, address: str, by: str | None = None) -> Answer:
        """Send a member a test message."""
        return self._place.below("test").ask("POST", address=address, by=by)

    def posts(self) -> Iterator[Answer]:
        """What became of posts, the latest first."""
        return self._place.below("posts").pages()

    def page_of_posts(self, page: int, count: int) -> Answer:
        """One page of them, with the number of all (`total_size`)."""
        return self._place.below("posts").ask(page=page, count=count)

    def post(self, message_id: str) -> Answer:
        """What became of a post: how many got it, and how many did not for each reason."""
        return self._place.below("posts", message_id).ask()

    def missed(self, message_id: str) -> Iterator[Answer]:
        """Who did not get a post, why, and since when; who still waits for it among them."""
        return self._place.below("posts", message_id, "missed").pages()

    def page_of_missed(self, message_id: str, page: int, count: int, **chosen: str) -> Answer:
        """One page of them, of one `reason` where that is given, with the number of all (`total_size`)."""
        return self._place.below("posts", message_id, "missed").ask(page=page, count=count, **chosen)

    def held(self) -> Iterator[Answer]:
        """The posts that wait for a moderator, without their content."""
        return self._place.below("held").pages()

    def held_post(self, number: int) -> Answer:
        """One of them."""
        return self._place.below("held", str(number)).ask()

    def page_of_held(self, page: int, count: int) -> Answer:
        """One page of them, with the number of all (`total_size`)."""
        return self._place.below("held").ask(page=page, count=count)

    def decide_held(self, number: int, action: str, comment: str | None = None, by: str | None = None) -> Answer:
        """Accept, reject or discard one; the comment is mailed to the author of what is rejected."""
        return self._place.below("held", str(number)).ask("POST", action=action, comment=comment, by=by)

    def copy_held(self, number: int, address: str, by: str | None = None) -> Answer:
        """Send it, encrypted, to an owner or moderator of the list."""
        return self._place.below("held", str(number), "copy").ask("POST", address=address, by=by)

    def show_held(self, number: int, address: str, by: str | None = None) -> Answer:
        """It with its `content`, for an owner or moderator of a list that has held posts shown."""
        return self._place.below("held", str(number), "content").ask("POST", address=address, by=by)

    def events(self, address: str | None = None) -> Iterator[Answer]:
        """Who did what about the certificates, or about that of an address, the latest first."""
        return self._place.below("events").pages(address=address)

    def log(self) -> Iterator[Answer]:
        """Who did what about the list, its settings, its key and the requests at it, the latest first."""
        return self._place.below("log").pages()

    def members(self, **chosen: str) -> Iterator[Answer]:
        """Everybody on the list: members, owners and moderators; by `find` or `state` those who fit."""
        return self._place.below("members").pages(**chosen)

    def page_of_members(self, page: int, count: int, **chosen: str) -> Answer:
        """One page of them, with the number of all (`total_size`)."""
        return self._place.below("members").ask(page=page, count=count, **chosen)

    def offer(self, address: str, certificate: str, by: str | None = None) -> Answer:
        """Bring a key (in ASCII armor), or a revocation, in the name of its person, who is asked about it by mail."""
        return self._place.below("offers").ask("POST", address=address, certificate=certificate, by=by)

    def ask_again(self, address: str, by: str | None = None) -> Answer:
        """Ask somebody once more about the key that was offered for them last."""
        return self._place.below("offers", address, "again").ask("POST", by=by)

    def take_back(self, address: str, by: str | None = None) -> None:
        """Take back what was offered for an address and does not count yet."""
        self._place.below("offers", address).ask("DELETE", by=by)

    def certificates(self) -> Iterator[Answer]:
        """The certificates of people, in short."""
        return self._place.below("certificates").pages()

    def certificate_of(self, address: str) -> Answer:
        """The certificate of an address, with its history."""
        return self._of(address).ask()

    def add(self, address: str, certificate: str, by: str | None = None) -> Answer:
        """Let a certificate (in ASCII armor) count for an address that has no other."""
        return self._place.below("certificates").ask("POST", address=address, certificate=certificate, by=by)

    def bring(
        self, keyring: str, by: str | None = None, *, dry_run: bool = False, all_or_nothing: bool = False
    ) -> Answer:
        """Let the certificates of a keyring count for the people whose addresses they name, or say what would come of it.

        :param keyring: Armored blocks, or a binary keyring in base64.
        :param all_or_nothing: Nothing is done when one of them is refused; the answer has ``dry_run`` then.
        """
        told, every = ("yes" if flag else None for flag in (dry_run, all_or_nothing))
        return self._place.below("keyring").ask("POST", keyring=keyring, dry_run=told, all_or_nothing=every, by=by)

    def replace(
        self, address: str, certificate: str, by: str | None = None, *, fingerprint: str | None = None
    ) -> Answer:
        """Let another certificate count for an address; or only in the place of the one with this fingerprint."""
        return self._of(address).ask("PUT", certificate=certificate, fingerprint=fingerprint, by=by)

    def decide(self, address: str, action: str, fingerprint: str | None = None, by: str | None = None) -> Answer:
        """Approve, suspend, resume or compare the certificate with this fingerprint; to suspend, none is needed."""
        return self._of(address).ask("POST", action=action, fingerprint=fingerprint, by=by)

    def remove(self, address: str, fingerprint: str | None = None, by: str | None = None) -> None:
        """Let no certificate count for an address any more; or only if it is the one with this fingerprint."""
        self._of(address).ask("DELETE", fingerprint=fingerprint, by=by)

    def _of(self, address: str) -> Place:
        return self._place.below("certificates", address)
