"""What plain throughput does not show, each a module with `run(options) -> Section`."""

# In the order of the report.
SCENARIOS = (
    "rooms",
    "crowd",
    "connect",
    "idle",
    "stalled",
    "hostile",
    "storm",
    "processes",
    "page",
    "search",
    "jobs",
)
