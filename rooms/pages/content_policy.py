"""The Content-Security-Policy of every page: one for all, and exceptions for pages of others'
making (`settings.CONTENT_SECURITY_EXCEPTIONS`), each with no more than it needs."""

from typing import Any

from csp.middleware import CSPMiddleware, PolicyParts
from django.conf import settings
from django.http import HttpRequest
from django.http.response import HttpResponseBase


class ContentPolicyMiddleware(CSPMiddleware):
    def get_policy_parts(
        self, request: HttpRequest, response: HttpResponseBase, report_only: bool = False
    ) -> PolicyParts:
        parts = super().get_policy_parts(request, response, report_only)
        for prefix, directives in settings.CONTENT_SECURITY_EXCEPTIONS.items():
            if request.path_info.startswith(prefix):
                both: dict[str, Any] = {**directives, **(parts.replace or {})}
                parts.replace = both
        return parts
