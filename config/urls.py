"""Every route of the site."""

from allauth.account.decorators import secure_admin_login
from django.contrib import admin
from django.urls import include, path

from rooms import health
from rooms.admin import connections
from rooms.metrics import view as scrape
from rooms.pages.server_error import server_error

from . import api

# One way in for everybody: with its limits on guessing, and with what it may ask besides.
admin.site.login = secure_admin_login(admin.site.login)  # type: ignore[method-assign]

handler403 = "rooms.pages.errors.forbidden"
handler404 = "rooms.pages.errors.not_found"
handler500 = server_error

urlpatterns = [
    path("healthz", health.healthz, name="healthz"),
    path("readyz", health.readyz, name="readyz"),
    path("metrics", scrape.metrics, name="metrics"),
    path("accounts/", include("rooms.features.accounts.urls")),
    path("accounts/", include("allauth.urls")),
    *connections.urls(),
    path("admin/", admin.site.urls),
    *api.urlpatterns,
    path("", include("rooms.urls")),
]
