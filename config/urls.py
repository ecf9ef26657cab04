"""Every route of the site."""

from django.contrib import admin
from django.urls import include, path

from rooms import health

from . import api

urlpatterns = [
    path("healthz", health.healthz, name="healthz"),
    path("readyz", health.readyz, name="readyz"),
    path("accounts/", include("allauth.urls")),
    path("admin/", admin.site.urls),
    *api.urlpatterns,
    path("", include("rooms.urls")),
]
