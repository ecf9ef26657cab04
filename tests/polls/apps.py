"""Registers the slice when Django starts."""

from django.apps import AppConfig


class PollsConfig(AppConfig):
    name = "tests.polls"
    label = "polls"

    def ready(self) -> None:
        from rooms import slices

        from . import slice

        slices.register(slice.SLICE)
