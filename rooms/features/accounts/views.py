"""The page behind an invitation's link: it remembers the invitation and leads to the sign-up."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.http import urlencode
from django.views.decorators.http import require_GET

from . import invitations
from .adapter import INVITATION


@require_GET
def invitation(request: HttpRequest, secret: str) -> HttpResponse:
    if request.user.is_authenticated:
        return redirect("/")
    found = invitations.find(secret)
    if found is None:
        messages.error(request, "The invitation has been used, or has run out.")
        return redirect("account_login")
    request.session[INVITATION] = secret
    response = redirect("account_signup")
    if found.email:
        response["Location"] += "?" + urlencode({"email": found.email})
    return response
