"""A person's own page: what other people read of them."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from rooms.models import User
from rooms.protocol import Refusal
from rooms.rest.limits import spend

from . import actions
from .forms import ProfileForm


@require_http_methods(["GET", "POST"])
@login_required
def profile(request: HttpRequest) -> HttpResponse:
    """A change is one of the person's calls, as over REST."""
    assert isinstance(request.user, User)
    if request.method == "GET":
        return render(request, "account/profile.html", {"form": ProfileForm.of(request.user)})
    form = ProfileForm(request.POST)
    if form.is_valid():
        try:
            spend(request, request.user.pk)
            actions.change_profile(request.user, form.cleaned_data)
        except Refusal as refusal:
            form.refuse(refusal.message, refusal.errors)
        else:
            messages.success(request, "Saved. People see it at once.")
            return redirect("rooms:profile")
    return render(request, "account/profile.html", {"form": form})
