"""A person's page of API tokens. Making one asks for the password again."""

from allauth.account.decorators import reauthentication_required
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST

from rooms.models import ApiToken, User
from rooms.pages import page_state
from rooms.protocol import Refusal

from . import actions
from .forms import TokenForm


@require_http_methods(["GET", "POST"])
@login_required
@reauthentication_required(allow_get=True)
def tokens(request: HttpRequest) -> HttpResponse:
    """A new token is shown in the answer to the form, and never again."""
    assert isinstance(request.user, User)
    user = request.user
    form = TokenForm(request.POST or None)
    secret = None
    if request.method == "POST" and form.is_valid():
        try:
            secret = actions.create_token(user, **form.wanted())
            form = TokenForm()
        except Refusal as refusal:
            form.add_error(None, refusal.message)
    rows = ApiToken.objects.filter(user=user).order_by("-created_at")
    context = {
        "tokens": [(row, row.ended(user)) for row in rows],
        "secret": secret,
        "form": form,
        "state": page_state.of_person(user),
    }
    response = render(request, "rooms/tokens.html", context)
    response["Cache-Control"] = "no-store"
    return response


@require_POST
@login_required
def revoke_token(request: HttpRequest, pk: int) -> HttpResponse:
    assert isinstance(request.user, User)
    actions.revoke_token(request.user, pk)
    return redirect("rooms:tokens")
