"""Every bound of rooms and sockets, each a `PARLEY_<NAME>` variable. Read through `limits()`."""

from functools import lru_cache
from typing import Annotated, Any

from django.conf import settings
from django.core.signals import setting_changed
from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

Positive = Annotated[int, Field(gt=0)]
Seconds = Annotated[float, Field(gt=0)]


class Limits(BaseSettings):
    """Sizes are in bytes, times in seconds, unless the name says otherwise."""

    model_config = SettingsConfigDict(env_prefix="PARLEY_", env_ignore_empty=True, extra="ignore")

    message_characters: Positive = 10_000
    frame_bytes: Positive = 64 * 1024
    waiting_frames: Positive = 32
    commands_per_second: Seconds = 20
    commands_burst: Positive = 40
    # This many refused commands end the connection; each second `commands_per_second` of them are
    # forgiven.
    flood_commands: Positive = 200
    # Both of one process.
    connections: Positive = 20_000
    connections_per_user: Positive = 20
    # Connections that are no sockets of somebody known: half requests, handshakes, kept alive.
    guests: Positive = 2_000
    guests_per_address: Positive = 200
    # Connections that one address opens. Thousands of an office come back after a restart.
    arrivals_per_second: Seconds = 500
    arrivals_burst: Positive = 5_000
    # HTTP requests that are worked on at a time, in all and of one client (a person, else an
    # address); the others wait for their turn.
    requests_at_once: Positive = 8
    requests_at_once_per_client: Positive = 4
    # Seconds of work a second that a client may have done; more than that has to wait.
    request_work_per_second: Seconds = 0.5
    # Of one address: wrong tokens and handshakes of nobody.
    credential_failures_per_second: Seconds = 10
    credential_failures_burst: Positive = 100
    # Of a request line and its header together.
    header_bytes: Positive = 16 * 1024
    header_seconds: Seconds = 15
    # What forms take; `core.body_bounds` has those addresses that take more.
    body_bytes: Positive = 64 * 1024
    api_body_bytes: Positive = 2_500 * 1024
    # Of all requests of a process, in memory or in files.
    bodies_bytes: Positive = 64 * 1024 * 1024
    # Time for a body; a larger one has longer if it arrives at this pace or faster.
    body_seconds: Seconds = 30
    body_bytes_per_second: Positive = 4 * 1024
    # Between two requests of a connection.
    idle_seconds: Seconds = 60
    handshake_seconds: Seconds = 30
    # Of one connection; `live.sendbuffer.Shares` divides it.
    send_buffer_bytes: Annotated[int, Field(ge=16)] = 256 * 1024
    tail_events: Positive = 512
    tail_bytes: Positive = 1024 * 1024
    resume_events: Positive = 2_000
    journal_posts: Positive = 10_000
    # Nobody waits longer for the database than this; then the answer is "busy".
    answer_seconds: Seconds = 5
    inbox_bells: Positive = 10_000
    inbox_bytes: Positive = 32 * 1024 * 1024
    # What was read from the log for those behind a tail, kept for the next of them.
    page_bytes: Positive = 8 * 1024 * 1024
    subscriptions: Positive = 500
    presence_names: Positive = 100
    presence_lease_seconds: Seconds = 45
    # What a room is told of, from one process.
    typing_per_second: Positive = 20
    heartbeat_seconds: Seconds = 25
    stalled_seconds: Seconds = 60
    drain_seconds: Seconds = 25
    # A web process whose event loop gives no sign of life for this long is killed; 0: never.
    silence_seconds: Annotated[float, Field(ge=0)] = 20
    position_check_seconds: Seconds = 30
    echo_seconds: Seconds = 5
    # All credentials and subscriptions of a process are compared with the database this often.
    access_check_seconds: Seconds = 60
    # What a room's log keeps at least: its last events, and those of the last days.
    log_events: Positive = 10_000
    log_days: Positive = 30
    tokens_per_person: Positive = 50
    # What need not be kept is removed this often.
    log_trim_seconds: Seconds = 60
    # Of one person: how many rooms they are in, and make in a day; how many open invitations they
    # have made, and are offered (further ones do not reach them, and nobody is told).
    memberships_per_user: Positive = 500
    rooms_per_day: Positive = 50
    direct_rooms_per_day: Positive = 50
    invitations_made: Positive = 100
    invitations_received: Positive = 50
    invitation_days: Positive = 14
    bans_per_room: Positive = 1_000
    invite_links_per_room: Positive = 50
    incoming_webhooks_per_room: Positive = 20
    # Each is told to all rooms of the person.
    renames_per_day: Positive = 10
    # Letters to addresses that nobody has proven yet: to one in a day, and of the site in an hour.
    letters_per_address: Positive = 5
    letters_per_hour: Positive = 300
    # Of one message: different emoji in all, and of one person.
    reaction_emoji: Positive = 20
    reactions_per_person: Positive = 10
    # What waits in an inbox goes after so many days, and what is done after fewer.
    inbox_days: Positive = 90
    saved_messages: Positive = 1_000
    inbox_done_days: Positive = 30
    pins_per_room: Positive = 50
    # What was done in a room by who looks after it can be read for so long.
    moderation_log_days: Positive = 365
    # Members of a room whom one message can mention together, by `@room`.
    mentioned_at_once: Positive = 1_000
    # REST, of one person over all processes; and of one address, for calls that prove nothing.
    requests_per_second: Seconds = 20
    requests_burst: Positive = 40
    # How often a message may be edited: what stood there before is kept.
    message_edits: Positive = 50
    upload_bytes: Positive = 20 * 1024 * 1024
    # All that one person has sent, and what waits to be sent.
    upload_quota_bytes: Positive = 1024 * 1024 * 1024
    uploads_waiting: Positive = 50
    # Of a picture; what is unpacked takes up to four bytes for each.
    picture_pixels: Positive = 50_000_000
    # What a search of messages may take of the database; then it tells what it has.
    search_seconds: Seconds = 1


@lru_cache
def limits() -> Limits:
    """The limits that this process was started with. Every message asks for them several times, and
    Django's settings take longer to find such an object than many of these steps."""
    value: Limits = settings.PARLEY_LIMITS
    return value


def _changed(*, setting: str, **_: Any) -> None:
    if setting == "PARLEY_LIMITS":
        limits.cache_clear()


# Tests change settings; nothing else does.
setting_changed.connect(_changed)
