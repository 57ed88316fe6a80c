"""Take the pictures that the README shows, of a sandbox of their own: `make pictures`."""

from __future__ import annotations

import shutil
import sys
import tempfile
from pathlib import Path
from typing import Any

from playwright.sync_api import sync_playwright

from django_pgpmailman.sandbox import scene
from django_pgpmailman.sandbox.running import running
from mailman_pgp.sandbox import Options

HERE = Path(__file__).parent
# So wide that a page is read in a README without being opened.
WIDTH, HEIGHT = 900, 600
MOST_BYTES = 150_000
PICTURES = {
    "request.png": (scene.MODERATOR, f"pgp/lists/{scene.LIST_ID}/requests"),
    "members.png": (scene.OWNER, f"pgp/lists/{scene.LIST_ID}/members"),
}
_SWITCHES = ("--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking", "--disable-sync")


def take(chromium: Any, web: dict[str, Any], name: str) -> int:
    """Log in, and take one; its size in bytes."""
    account, path = PICTURES[name]
    context = chromium.new_context(viewport={"width": WIDTH, "height": HEIGHT}, base_url=web["url"], locale="en-US")
    page = context.new_page()
    page.goto("accounts/login/")
    page.get_by_label("Username").fill(account.address)
    page.get_by_label("Password").fill(web["password"])
    page.get_by_role("button", name="Sign In").click()
    page.goto(path)
    whole = page.evaluate("document.querySelector('#pgpmailman-content').getBoundingClientRect().bottom")
    taken = page.screenshot(
        path=HERE / name, full_page=True, clip={"x": 0, "y": 0, "width": WIDTH, "height": whole + 16}
    )
    context.close()
    return len(taken)


def main() -> int:
    """Take all of them; 1 where that is not possible, or one is too large."""
    program = shutil.which("chromium")
    if program is None:
        print("There is no chromium. On Debian: sudo apt install chromium", file=sys.stderr)
        return 1
    with (
        tempfile.TemporaryDirectory() as folder,
        running(Path(folder), Options()) as description,
        sync_playwright() as playwright,
    ):
        chromium = playwright.chromium.launch(executable_path=program, args=list(_SWITCHES))
        sizes = {name: take(chromium, description["web"], name) for name in PICTURES}
        chromium.close()
    for name, size in sizes.items():
        print(f"docs/pictures/{name}: {size // 1000} kB")
    return int(max(sizes.values()) > MOST_BYTES)


if __name__ == "__main__":
    sys.exit(main())
