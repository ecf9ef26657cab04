"""Addresses beside those of allauth."""

from django.urls import path

from . import views

urlpatterns = [
    path("sessions/", views.sessions, name="account_sessions"),
    path("sessions/<int:pk>/end/", views.end_session, name="account_end_session"),
    path("sessions/end-others/", views.end_other_sessions, name="account_end_other_sessions"),
    path("invitation/<str:secret>/", views.invitation, name="account_invitation"),
]
