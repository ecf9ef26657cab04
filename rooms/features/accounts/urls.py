"""Addresses beside those of allauth."""

from django.urls import path

from . import views

urlpatterns = [
    path("invitation/<str:secret>/", views.invitation, name="account_invitation"),
]
