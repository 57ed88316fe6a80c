"""A page: where it is, what it answers to which method, and who may ask for that.  All of ours go through the one door here.

A method that is not named is not answered, whoever asks; so is a role that nobody has thought of.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import RequestDataTooBig
from django.http import HttpResponseNotAllowed
from django.shortcuts import render
from django.urls import path
from django.utils.translation import gettext_lazy as _
from django.views.decorators.csrf import csrf_exempt, csrf_protect
from django.views.decorators.debug import sensitive_post_parameters

from django_pgpmailman import core, own_addresses, permissions
from django_pgpmailman.key_files import InMemory
from django_pgpmailman.permissions import addresses_of
from django_pgpmailman.policy import protect
from django_pgpmailman.refusal_texts import said
from django_pgpmailman.roles import Role
from mailman_pgp_client import EncryptedLists, RefusedError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from django.http import HttpRequest, HttpResponse
    from mailmanclient import Client

_WANTED = {
    Role.LOGGED_IN: _("This page is for people who are signed in."),
    Role.MEMBER: _("This page is for members of the list. Sign in with the account that has their address."),
    Role.MODERATOR: _("This page is for moderators and owners of the list."),
    Role.OWNER: _("This page is for owners of the list."),
    Role.SITE_ADMIN: _("This page is for the administrators of the site."),
}
_NOT_OWN = _(
    "This page is for whoever has shown that this address is theirs. If it is yours, add it to your account and confirm it."
)
_TOO_LONG = _("This is longer than what can be sent at once. Send less at a time.")


@dataclass(frozen=True, slots=True)
class Visit:
    """Somebody asks for a page, and may.

    :ivar names: The parts of the address that name something.
    :ivar core: Mailman's own client, with a limit of time.
    :ivar mlist: The list that the role is on, as that client has it; None where it is on none.
    :ivar role: What they were found to be, which may be more than the page asks for.
    """

    request: HttpRequest
    names: Mapping[str, str]
    core: Client = field(repr=False)  # its own repr has the password of REST
    mlist: Any = field(default=None, repr=False)
    role: Role = Role.EVERYBODY

    @property
    def lists(self) -> EncryptedLists:
        """The encrypted lists, by the same client."""
        return EncryptedLists(self.core)

    @property
    def by(self) -> str | None:
        """The address in whose name the visitor acts on the list; raises TroubleError."""
        return permissions.acts_as(self.request.user, self.mlist)

    def show(self, template: str, status: HTTPStatus = HTTPStatus.OK, **context: Any) -> HttpResponse:
        """The page, by a template of ours; `list` is there for the menu of Postorius."""
        if self.mlist is not None:
            context["list"] = self.mlist
        return render(self.request, f"django_pgpmailman/{template}", context, status=int(status))


@dataclass(frozen=True, slots=True)
class Method:
    """What a page does for one method of HTTP.

    :ivar meaning: That, as a sentence for the manual.
    :ivar role: Who may ask for it.
    """

    meaning: str
    role: Role
    answer: Callable[[Visit], HttpResponse]


@dataclass(frozen=True, slots=True)
class Page:
    """A page.

    :ivar name: Its name for `reverse`, below ``pgpmailman:``.
    :ivar route: Its path, as Django writes it; the list of a role on a list is ``<list:list_id>``, an address that has to be one
        of the visitor's own ``<own:own_address>``.
    :ivar most_bytes: Of a form, with its files.  None of it lies in a file on the way, and what is longer is not read.
    """

    name: str
    route: str
    methods: Mapping[str, Method] = field(default_factory=dict)
    most_bytes: int = 3 * 2**20

    @property
    def pattern(self) -> Any:
        """As `urlpatterns` take it."""

        @csrf_protect  # type: ignore[untyped-decorator]  # Django is untyped; here also where the project has no middleware for it
        def answer(request: HttpRequest, **names: str) -> HttpResponse:
            return protect(request, self._answer(request, names))

        @sensitive_post_parameters()  # type: ignore[untyped-decorator]  # what people upload by mistake is in no report of an error
        @csrf_exempt  # type: ignore[untyped-decorator]  # the middleware would read the form before it is said where files go
        def view(request: HttpRequest, **names: str) -> HttpResponse:
            if request.method == "POST":
                if int(request.META.get("CONTENT_LENGTH") or 0) > self.most_bytes:
                    return protect(request, sentence(request, HTTPStatus.REQUEST_ENTITY_TOO_LARGE, _TOO_LONG))
                request.upload_handlers = [InMemory(request)]
            try:
                return answer(request, **names)
            except RequestDataTooBig:
                return protect(request, sentence(request, HTTPStatus.REQUEST_ENTITY_TOO_LARGE, _TOO_LONG))

        return path(self.route, view, name=self.name)

    def _answer(self, request: HttpRequest, names: Mapping[str, str]) -> HttpResponse:
        method = self.methods.get("GET" if request.method == "HEAD" else request.method)
        if method is None:
            return HttpResponseNotAllowed(sorted(self.methods))
        visit = Visit(request, names, core.client())
        try:
            response = _answered(visit, method)
        except core.TroubleError as error:
            response = _trouble(visit, method, error)
        except RefusedError as error:
            response = sentence(request, HTTPStatus(error.status), said(error))
        return response


def _answered(visit: Visit, method: Method) -> HttpResponse:
    user = visit.request.user
    if method.role is not Role.EVERYBODY and not user.is_authenticated and visit.request.method in {"GET", "HEAD"}:
        return redirect_to_login(visit.request.get_full_path())
    if method.role.of_list and user.is_authenticated:
        try:
            mlist = core.mailing_list(visit.core, visit.names["list_id"])
        except core.TroubleError as error:
            if error.trouble is not core.Trouble.NOT_THERE or user.is_superuser:
                raise
            # As of a list on which they are nothing: names of lists are not to be found out here.
            return sentence(visit.request, HTTPStatus.FORBIDDEN, _WANTED[method.role])
        visit = Visit(visit.request, {**visit.names, "list_id": mlist.list_id}, visit.core, mlist)
    role = permissions.found(method.role, user, visit.core, visit.mlist)
    if role is None:
        return sentence(visit.request, HTTPStatus.FORBIDDEN, _WANTED[method.role])
    if own_addresses.NAME in visit.names and visit.names[own_addresses.NAME] not in addresses_of(user):
        return sentence(visit.request, HTTPStatus.FORBIDDEN, _NOT_OWN)
    if method.role.of_list:
        _tell_menu(user, role)
    with core.asking():
        return method.answer(replace(visit, role=role))


def _tell_menu(user: Any, role: Role) -> None:
    """Postorius' menu of a list asks for these attributes; its own views set them."""
    user.is_list_owner = user.show_list_members = role >= Role.OWNER
    user.is_list_moderator = role >= Role.MODERATOR


_NO_SUCH = frozenset({core.Trouble.NOT_THERE, core.Trouble.NOT_ENCRYPTED})


def _trouble(visit: Visit, method: Method, error: core.TroubleError) -> HttpResponse:
    detail = error.detail if visit.request.user.is_superuser else ""
    trouble = core.Trouble.NONE if error.trouble in _NO_SUCH and not method.role.of_list else error.trouble
    return sentence(visit.request, trouble.status, trouble.sentence, detail)


def sentence(request: HttpRequest, status: HTTPStatus, words: Any, detail: str = "") -> HttpResponse:
    """A page that says just this."""
    context = {"sentence": words, "detail": detail}
    return render(request, "django_pgpmailman/sentence.html", context, status=int(status))
