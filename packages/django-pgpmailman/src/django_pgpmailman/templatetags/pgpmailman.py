"""What templates of ours use: entries in Postorius' menus, the panel of a list, fingerprints.

The tags stand on stock pages, too: whatever goes wrong here, these pages are as they would be without us.
"""

from __future__ import annotations

import functools
import logging
from typing import TYPE_CHECKING, Any, cast

from django import template
from django.template.loader import render_to_string
from django.utils.safestring import mark_safe

from django_pgpmailman import policy, waiting_state, words
from django_pgpmailman.archive_posting import Writing, writing_to
from django_pgpmailman.key_check import addresses
from django_pgpmailman.key_files import MOST_BYTES
from django_pgpmailman.knowledge import Encryption, NoEncryption, encryption_of, own_places

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.template import Context
    from django.template.base import Parser, Token

register = template.Library()
log = logging.getLogger(__name__)

_END = "</ul>"
_KNOWN = "pgpmailman_writing"


@register.filter  # type: ignore[untyped-decorator]  # Django is untyped
def in_fours(fingerprint: str) -> str:
    """A fingerprint in groups of four."""
    return words.in_fours(fingerprint)


@register.filter  # type: ignore[untyped-decorator]
def moment(text: str | None) -> Any:
    """A time of REST, for Django's own filters."""
    return words.moment(text)


@register.filter  # type: ignore[untyped-decorator]
def said(word: str) -> str:
    """A word of REST in the language of the reader, where translators have it (`rest_texts`)."""
    return words.said(word)


@register.filter  # type: ignore[untyped-decorator]
def marked(sentence: Any) -> Any:
    """A sentence in which what stands in marks is shown as what is typed."""
    return words.marked(sentence)


for _state in (waiting_state.state_of_request, waiting_state.state_of_change, waiting_state.state_of_post):
    register.filter(_state.__name__, _state)


@register.inclusion_tag("django_pgpmailman/key_check.html", takes_context=True)  # type: ignore[untyped-decorator]
def key_check(context: Context) -> dict[str, Any]:
    """In a form that takes a key: what looks at it before it is sent, where the browser runs scripts."""
    script, openpgp = addresses()
    if not script:
        return {}
    return {
        "nonce": policy.nonce(context["request"]),
        "script": script,
        "openpgp": openpgp,
        "most": str(MOST_BYTES),  # no number: they may be written for people, with dots
    }


def _harmless(part: Callable[..., Any]) -> Callable[..., Any]:
    """Nothing instead of what can't be made."""

    @functools.wraps(part)
    def made(*asked: Any) -> Any:
        try:
            return part(*asked)
        except Exception as error:  # noqa: BLE001 - it stands on stock pages
            log.warning("%s is left out of a page: %s", part.__name__, type(error).__name__)
            return ""

    return made


@register.simple_tag(takes_context=True)  # type: ignore[untyped-decorator]
@_harmless
def encryption_panel(context: Context) -> Any:
    """For everybody, on a list's page: that it is encrypted, what that means, and its key; nothing for a plain list."""
    if context.get("current") != "list_summary":
        return ""
    request = context.get("request")
    encryption = encryption_of(context["list"].list_id, request)
    if not isinstance(encryption, Encryption):
        return ""
    own = own_places(context["user"], encryption.list_id, request)
    return render_to_string("django_pgpmailman/panel.html", {"encryption": encryption, "own": own})


@_harmless
def list_entry(context: Any) -> Any:
    """In the menu of a list, for those who look after it: the way to our pages; of a plain list, to what will encrypt it."""
    user, list_id = context["user"], context["list"].list_id
    owns = user.is_superuser or getattr(user, "is_list_owner", False)
    if not (owns or getattr(user, "is_list_moderator", False)):
        return ""
    encryption = encryption_of(list_id, context.get("request"))
    if isinstance(encryption, Encryption):
        page = "pgpmailman:settings" if owns else "pgpmailman:requests"
    elif owns and encryption is NoEncryption.PLAIN:
        page = "pgpmailman:encryption"
    else:
        return ""
    current = str(context.get("current")).startswith("pgpmailman:")
    return render_to_string("django_pgpmailman/list_entry.html", {"list_id": list_id, "page": page, "current": current})


@_harmless
def user_entry(context: Any) -> Any:
    """In the menu of a person: the way to their keys."""
    if not context["user"].is_authenticated:
        return ""
    return render_to_string(
        "django_pgpmailman/user_entry.html", {"current": context.get("current") == "pgpmailman:keys"}
    )


_ENTRIES = {"postorius/menu/list_nav.html": list_entry, "postorius/menu/user_nav.html": user_entry}


class _Menu(template.Node):  # type: ignore[misc]  # Django is untyped
    """The menu that is there without us, with an entry of ours at its end."""

    def __init__(self, name: str, origin: Any) -> None:
        self._name = name
        self._origin = origin

    def render(self, context: Context) -> Any:
        """See `Node`."""
        menu = str(_next(context.template.engine, self._name, self._origin).render(context))
        entry = _ENTRIES[self._name](context)
        if not entry:
            return mark_safe(menu)  # noqa: S308 - as the template made it
        before, end, after = menu.rpartition(_END)
        # Whoever is not signed in has no menu; and a later Postorius may have another one.
        entry = entry if end else f'<ul class="nav nav-pills">{entry}</ul>'
        return mark_safe(f"{before}{entry}{end}{after}" if end else f"{menu}{entry}")  # noqa: S308 - templates' own, both


@register.tag  # type: ignore[untyped-decorator]
def menu_with_entry(parser: Parser, token: Token) -> _Menu:
    """``{% menu_with_entry "postorius/menu/list_nav.html" %}``, in our own template of that name."""
    _, name = token.split_contents()
    return _Menu(name.strip('"'), parser.origin)


class _Table(template.Node):  # type: ignore[misc]  # Django is untyped
    """A table in its frame, in which one that is too wide is moved: also by the keyboard, so the frame has a name."""

    def __init__(self, name: Any, rows: Any) -> None:
        self._name = name
        self._rows = rows

    def render(self, context: Context) -> Any:
        """See `Node`."""
        table = {"name": self._name.resolve(context), "rows": self._rows.render(context)}
        return render_to_string("django_pgpmailman/table.html", table)


@register.tag  # type: ignore[untyped-decorator]
def table(parser: Parser, token: Token) -> _Table:
    """``{% table name %}``, head and body of the table, ``{% endtable %}``; its cells name their column as `data-label`, for small screens."""
    _, name = token.split_contents()
    rows = parser.parse(("endtable",))
    parser.delete_first_token()
    return _Table(parser.compile_filter(name), rows)


class _Message(template.Node):  # type: ignore[misc]  # Django is untyped
    """A message of a web archive as it is there without us; unless its list is plain, without what sends an answer in the clear."""

    def __init__(self, name: str, origin: Any) -> None:
        self._name = name
        self._origin = origin
        self._found: Any = None

    def render(self, context: Context) -> Any:
        """See `Node`."""
        if self._found is None:  # a thread has many messages
            self._found = _next(context.template.engine, self._name, self._origin)
        writing = _writing(context) if context.get("posting_enabled") else Writing.OPEN
        if writing is Writing.OPEN:
            return self._found.render(context)
        with context.push(posting_enabled=False):
            return mark_safe(f"{self._found.render(context)}{_writing_note(context, writing)}")  # noqa: S308 - templates' own, both


def _writing(context: Any) -> Writing:
    """Whether answers to this message are taken; asked once for a page."""
    try:
        mlist = context["mlist"]
        known = vars(mlist)  # the object is the page's own
        if _KNOWN not in known:
            known[_KNOWN] = writing_to(mlist.list_id)
        return cast("Writing", known[_KNOWN])
    except Exception as error:  # noqa: BLE001 - whatever it is, it is not known
        log.warning("Whether a list is encrypted is not known: %s", type(error).__name__)
        return Writing.NOT_KNOWN


@_harmless
def _writing_note(context: Any, writing: Writing) -> Any:
    values = {"list_id": context["mlist"].list_id, "encrypted": writing is Writing.ENCRYPTED}
    return render_to_string("django_pgpmailman/writing_note.html", values)


@register.tag  # type: ignore[untyped-decorator]
def message_with_writing(parser: Parser, token: Token) -> _Message:
    """``{% message_with_writing "hyperkitty/messages/message.html" %}``, in our own template of that name."""
    _, name = token.split_contents()
    return _Message(name.strip('"'), parser.origin)


def _next(engine: Any, name: str, origin: Any) -> Any:
    """The template of this name that is found where ours, from `origin`, and all before it are not there.

    Not just the first that is not ours: another app that does the same before us would come again, without end.
    """
    skipped = []
    for loader in engine.template_loaders:
        for source in loader.get_template_sources(name):
            skipped.append(source)
            if source.name == origin.name:
                return engine.find_template(name, skip=skipped)[0]
    raise template.TemplateDoesNotExist(name)
