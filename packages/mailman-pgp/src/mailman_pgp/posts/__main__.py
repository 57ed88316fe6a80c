"""Print the table of reasons that stands in docs/posts.md."""

import click

from mailman_pgp.overview.reasons import refused
from mailman_pgp.posts.policy import POLICIES, Policy


def _row(policy: Policy) -> str:
    reasons = "; ".join(refused(reason) for reason in policy.reasons)
    choices = ", ".join(f"**{choice}**" if choice is policy.default else choice for choice in policy.choices)
    return f"| `{policy.setting}` | {reasons} | {choices} | {policy.because} |\n"


def table() -> str:
    """Each setting with its reasons, its values with the default in bold, and why that is the default, in Markdown."""
    head = "| setting | a post that is | values | why |\n| --- | --- | --- | --- |\n"
    return head + "".join(map(_row, POLICIES))


if __name__ == "__main__":
    click.echo(table(), nl=False)
