"""What a web process counts of its live side, for Prometheus. Names and meanings in one place.

Counted by the parts of `live/` where it happens, and never once a member in a fan-out: a round
counts all of its deliveries at once. `rooms.metrics` shows them; where PROMETHEUS_MULTIPROC_DIR is
set, which has to be before this is imported, those of all processes that share the directory.
"""

from prometheus_client import Counter, Gauge, Histogram, disable_created_metrics

from .batched_histogram import BatchedHistogram

# A time of creation for each series doubles their number and tells what `started` tells.
disable_created_metrics()

_BATCH_SIZES = (1, 2, 4, 8, 16, 32, 64, 128, 256)

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
WITHDRAWN = Counter(
    "parley_access_withdrawn",
    "Connections and subscriptions ended because their access was withdrawn.",
    ["kind"],
)
JOURNAL_DEPTH = Gauge(
    "parley_journal_depth", "Posts that wait to be written.", multiprocess_mode="livesum"
)
JOURNAL_BATCH = Histogram("parley_journal_batch", "Posts in a transaction.", buckets=_BATCH_SIZES)
JOURNAL_BUSY = Counter("parley_journal_busy", "Posts refused because the journal was full.")
FAN_OUT = BatchedHistogram(
    "parley_fan_out_seconds",
    "From the first to the last member of one round.",
    buckets=(0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5),
)
LOG_READS = Counter("parley_log_reads", "Pages of events read from the database.")
GAPS = Counter("parley_gaps_repaired", "Gaps that were read from the log.")
EVENTS_TRIMMED = Counter("parley_events_trimmed", "Old events removed from rooms' logs.")
EPOCHS = Counter("parley_epochs", "Times that the database was found to have gone back.")
INBOX_OVERFLOWS = Counter(
    "parley_inbox_overflows", "Times that bells were thrown away and read from the log instead."
)
PRESENCE_LEASES = Gauge(
    "parley_presence_leases",
    "People in rooms, as this process has told Redis: one of each person and room.",
    multiprocess_mode="livesum",
)
TYPING_DROPPED = Counter(
    "parley_typing_dropped", "Not told that somebody types: too many did in one room."
)
RESUMES = Counter(
    "parley_resumes", "Subscriptions with a position: from memory, the log, or too far.", ["kind"]
)

GUESTS = Gauge(
    "parley_guests",
    "Connections that are not sockets of somebody known.",
    multiprocess_mode="livesum",
)
TURNED_AWAY = Counter(
    "parley_guests_turned_away",
    "Connections closed because there were too many: refused, or made way for a newer one.",
    ["how"],
)
ACCEPT_PAUSES = Counter(
    "parley_accept_pauses", "Times that no more connections were accepted for a while."
)
HTTP_REFUSED = Counter(
    "parley_http_refused", "Requests refused before the application saw them.", ["reason"]
)

# The process itself. The client library's own collectors know nothing of several processes.
INFO = Gauge("parley_info", "Always 1.", ["version", "python"], multiprocess_mode="livemax")
STARTED = Gauge(
    "parley_process_start_time_seconds", "When it began, in Unix time.", multiprocess_mode="liveall"
)
RESIDENT = Gauge(
    "parley_process_resident_bytes", "Memory that is really used.", multiprocess_mode="liveall"
)
CPU = Gauge(
    "parley_process_cpu_seconds",
    "Processor time used since the start.",
    multiprocess_mode="liveall",
)
OPEN_FILES = Gauge(
    "parley_process_open_files", "Open files and sockets.", multiprocess_mode="liveall"
)
MOST_FILES = Gauge(
    "parley_process_max_files",
    "How many files and sockets the process may have open.",
    multiprocess_mode="liveall",
)
WHOLE_COLLECTIONS = Counter(
    "parley_whole_collections",
    "Times that the garbage collector looked at everything, which stops the process.",
)
LOOP_LAG = Gauge(
    "parley_loop_lag_seconds",
    "The longest that the event loop kept somebody waiting, of late.",
    multiprocess_mode="liveall",
)
