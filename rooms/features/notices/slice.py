"""Notices: what a page tells of while nobody looks at it."""

from rooms.slices import Slice

SLICE = Slice(
    name="notices",
    modules=["rooms/features/notices/main.js"],
    templates=["rooms/notices.html"],
)
