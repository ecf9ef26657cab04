"""Files: those that people bring, to send them with a message."""

from rooms.http import body_bounds
from rooms.limits import limits
from rooms.slices import Slice

from .uploads import forgotten

# What surrounds a file in a form.
FORM_BYTES = 4_096

body_bounds.register("/api/v1/rooms/*/uploads", limits().upload_bytes + FORM_BYTES)

SLICE = Slice(
    name="files",
    rest="rooms.features.files.rest.router",
    housekeeping={"unsent files": forgotten},
    styles=[
        "rooms/features/files/uploads.css",
        "rooms/features/files/viewer.css",
        "rooms/features/files/room-files.css",
    ],
    modules=["rooms/features/files/main.js", "rooms/features/files/viewer.js"],
    templates=["rooms/uploads.html"],
)
