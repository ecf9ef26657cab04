"""Addresses of the pages and of files."""

from django.urls import path

from .features.files import serve as attachments
from .features.inbox import views as inbox
from .features.incoming_webhooks import views as incoming_webhooks
from .features.invite_links import views as invite_links
from .features.profiles import views as profiles
from .features.search import views as message_search
from .features.tokens import views as tokens
from .pages import views

app_name = "rooms"
urlpatterns = [
    path("", views.home, name="home"),
    path("state/", views.person_state, name="person_state"),
    path("rooms/", views.directory, name="directory"),
    path("rooms/<slug:slug>/", views.room, name="room"),
    path("rooms/<slug:slug>/<int:message>", views.room, name="message"),
    path("rooms/<slug:slug>/state/", views.room_state, name="room_state"),
    path("rooms/<slug:slug>/join/", views.join, name="join"),
    path("invite/<str:secret>/", invite_links.invite, name="invite"),
    path("hooks/<str:secret>", incoming_webhooks.receive, name="hook"),
    path("inbox/", inbox.page, name="inbox"),
    path("profile/", profiles.profile, name="profile"),
    path("search", message_search.search, name="search"),
    path("tokens/", tokens.tokens, name="tokens"),
    path("tokens/<int:pk>/revoke/", tokens.revoke_token, name="revoke_token"),
    path("attachments/<uuid:pk>/<str:name>", attachments.attachment, name="attachment"),
]
