"""The admin's page that submits a job: the kind is chosen, then its form is filled in.
A part of the admin of jobs."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import Model
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from unfold.admin import ModelAdmin

from jobs import registry
from jobs.models import Job
from jobs.registry import Kind
from rooms.admin.base import TypedAddresses

from .submit_form import fieldsets, form_of


class SubmittingAdmin(TypedAddresses, ModelAdmin):
    """Adding a job is submitting one, through the same action as REST and the socket."""

    def add_view(
        self,
        request: HttpRequest,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> Any:
        """First the kind is chosen, by a link: the form's fields are the kind's."""
        if not self.has_add_permission(request):
            raise PermissionDenied
        name = request.GET.get("kind", "")
        kind = registry.find(name)
        if kind is None:
            context = {
                **admin.site.each_context(request),
                "opts": self.opts,
                "title": "Submit a job",
                "kinds": registry.offered(),
                "unknown": name[:80],
            }
            return render(request, "admin/jobs/job/choose_kind.html", context)
        named = {
            "title": f"Submit a job: {kind.title}",
            "submits": True,
            "other_kind": reverse("admin:jobs_job_add"),
        }
        return super().add_view(request, form_url, {**(extra_context or {}), **named})

    def _kind(self, request: HttpRequest) -> Kind:
        return registry.get(request.GET.get("kind", ""))

    def get_form(
        self, request: HttpRequest, obj: Model | None = None, change: bool = False, **kwargs: Any
    ) -> Any:
        kwargs["form"] = forms.ModelForm if obj else form_of(self._kind(request))
        form = super().get_form(request, obj, change, **kwargs)
        form.user = request.user
        return form

    def get_fieldsets(self, request: HttpRequest, obj: Model | None = None) -> Any:
        return self.fieldsets if obj else fieldsets(self._kind(request))

    def response_add(
        self, request: HttpRequest, obj: Job, post_url_continue: str | None = None
    ) -> HttpResponse:
        messages.success(request, f"{obj.title} was submitted.")
        return redirect("admin:jobs_job_change", obj.pk)
