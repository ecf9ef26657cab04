"""Addresses of the pages and of files."""

from django.urls import path

from .features.files import serve as attachments
from .features.tokens import views as tokens
from .pages import views

app_name = "rooms"
urlpatterns = [
    path("", views.home, name="home"),
    path("state/", views.person_state, name="person_state"),
    path("rooms/", views.directory, name="directory"),
    path("rooms/<slug:slug>/", views.room, name="room"),
    path("rooms/<slug:slug>/state/", views.room_state, name="room_state"),
    path("rooms/<slug:slug>/join/", views.join, name="join"),
    path("tokens/", tokens.tokens, name="tokens"),
    path("tokens/<int:pk>/revoke/", tokens.revoke_token, name="revoke_token"),
    path("attachments/<uuid:pk>/<str:name>", attachments.attachment, name="attachment"),
]
