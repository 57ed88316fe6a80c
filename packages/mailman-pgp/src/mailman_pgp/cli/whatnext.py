"""Turn the sandbox's line of JSON into a text of what to look at, and to type, next.

A filter, for `make serve`, and for a sandbox without a website: ``mailman-pgp sandbox --dir DIR | python -m mailman_pgp.cli.whatnext``.
"""

from __future__ import annotations

import json
import os
import shlex
import signal
import sys
from pathlib import Path
from typing import Any

import click

LIST = "team@example.com"
MEMBER = "anne@example.com"


def text(place: dict[str, Any], programs: Path, *, as_root: bool) -> str:
    """What to type next.

    `place` is what the sandbox announces, `programs` the directory of the scripts, `as_root` whether Mailman's command
    has to be told that it may run as root.
    """
    config = shlex.quote(place["config"])
    mailman = f"{shlex.quote(str(programs / 'mailman'))}{' --run-as-root' if as_root else ''} -C {config}"
    rest, lmtp = place["rest"], place["lmtp"]
    return f"""\
A Mailman with encrypted lists is running.  Ctrl-C here stops it; its data stay for the next start.
{website(place["web"]) if "web" in place else ""}
In another terminal, make an encrypted list of your own, and a member with a key:

    alias mm={shlex.quote(mailman)}
    mm create {LIST}
    mm pgp enable {LIST}
    gpg --quick-generate-key {MEMBER}
    gpg --armor --export {MEMBER} > anne.asc
    echo {MEMBER} | mm addmembers - {LIST}
    mm pgp certificate add {LIST} {MEMBER} anne.asc
    mm pgp list-key export {LIST} | gpg --import
    mm pgp status {LIST}

Where the doors are:

    mail in    LMTP on {lmtp["host"]} port {lmtp["port"]}: post there as {MEMBER}, encrypted to {LIST} and signed
    mail out   files in {place["mail"]}/RECIPIENT/: everything that Mailman sends
    REST       curl -u {rest["user"]}:{rest["password"]} {rest["url"]}/lists
    doctor     {shlex.quote(str(programs / "mailman-pgp"))} check --config {config}
    logs       {place["logs"]}

`make demo` tells the whole story of a post, and ends.
"""


def website(web: dict[str, Any]) -> str:
    """What to look at on the website that the sandbox announces, as text with an empty line at its beginning."""
    width = max(len(person["address"]) for person in web["people"])
    people = "\n".join(f"    {person['address']:{width}}  {person['who']}" for person in web["people"])
    pages = "\n".join(f"    {page['as']}: {page['shown']}\n        {page['url']}" for page in web["pages"])
    joins = web["joins"]
    return f"""
Its website is at {web["url"]}, for this machine alone.  Everybody there has the password {web["password"]}

{people}

Worth a look, each as the person before it:

{pages}

What they are mailed is opened with their key, and answered, by

    alias mail-of={shlex.quote(shlex.join(web["read"]))}
    mail-of {joins["address"]}

To join, log in as {joins["address"]}, subscribe on the page of the list, and bring the key there, which is in
{shlex.quote(joins["certificate"])}.  Then answer the mail that comes, and look at the requests as the moderator:

    mail-of {joins["address"]} --answer yes
"""


def main() -> None:
    """Read standard input to its end; the announcement becomes the text, all else passes as it is."""
    # Ctrl-C is for the sandbox: we stay until it has ended.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    for line in sys.stdin:
        try:
            place = json.loads(line)
        except ValueError:
            click.echo(line, nl=False)
            continue
        click.echo(text(place, Path(sys.executable).parent, as_root=os.geteuid() == 0))


if __name__ == "__main__":
    main()
