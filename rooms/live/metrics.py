"""What a web process counts of its live side, for Prometheus. Names and meanings in one place.

Counted by the parts of `live/` where it happens, and never once a member in a fan-out: a round
counts all of its deliveries at once.
"""

from prometheus_client import Counter, Gauge, Histogram

_BATCHES = (1, 2, 4, 8, 16, 32, 64, 128, 256)

CONNECTIONS = Gauge(
    "parley_connections", "Open sockets of people who are let in.", multiprocess_mode="livesum"
)
SUBSCRIPTIONS = Gauge(
    "parley_subscriptions", "Rooms listened to, over all sockets.", multiprocess_mode="livesum"
)
LAGGING = Gauge(
    "parley_lagging_connections",
    "Sockets that hold bytes which their clients have not taken.",
    multiprocess_mode="livesum",
)
BEHIND = Gauge(
    "parley_behind_seconds",
    "For how long the socket that is longest without progress has been so.",
    multiprocess_mode="livemax",
)
EVENTS = Counter("parley_events_sent", "Durable events written to sockets.")
FRAMES = Counter("parley_frames_sent", "Frames written to sockets.")
BYTES = Counter("parley_sent_bytes", "Bytes written to sockets.")
SHED = Counter("parley_ephemeral_shed", "Ephemeral events dropped because a socket was slow.")
COMMANDS = Counter("parley_commands", "Commands of clients.", ["type", "outcome"])
REFUSED = Counter("parley_rate_limited", "Commands refused because they came too fast.")
CLOSES = Counter("parley_closes", "Connections that the server ended, by close code.", ["code"])
JOURNAL_DEPTH = Gauge(
    "parley_journal_depth", "Posts that wait to be written.", multiprocess_mode="livesum"
)
JOURNAL_BATCH = Histogram("parley_journal_batch", "Posts in a transaction.", buckets=_BATCHES)
JOURNAL_BUSY = Counter("parley_journal_busy", "Posts refused because the journal was full.")
FAN_OUT = Histogram(
    "parley_fan_out_seconds",
    "From the first to the last member of one round.",
    buckets=(0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5),
)
GAPS = Counter("parley_gaps_repaired", "Gaps that were read from the log.")
INBOX_OVERFLOWS = Counter(
    "parley_inbox_overflows", "Times that bells were thrown away and read from the log instead."
)
RESUMES = Counter(
    "parley_resumes", "Subscriptions with a position: from memory, the log, or too far.", ["kind"]
)
