"""Every bound of jobs, each a `PARLEY_<NAME>` variable. Read through `job_limits()`."""

from django.conf import settings
from pydantic_settings import BaseSettings, SettingsConfigDict

from rooms.limits import Positive, Seconds


class JobLimits(BaseSettings):
    """Times in seconds."""

    model_config = SettingsConfigDict(env_prefix="PARLEY_", env_ignore_empty=True, extra="ignore")

    job_lease_seconds: Seconds = 30
    job_beat_seconds: Seconds = 10
    job_sweep_seconds: Seconds = 2
    job_ring_again_seconds: Seconds = 10
    job_ageing_seconds: Seconds = 300
    job_losses: Positive = 3
    job_waits: Positive = 200
    webhooks_per_user: Positive = 20
    job_canary_seconds: Seconds = 15
    job_params_bytes: Positive = 64 * 1024
    jobs_in_flight_per_user: Positive = 50
    jobs_queued: Positive = 10_000
    job_oldest_seconds: Seconds = 3600
    job_cancel_grace_seconds: Seconds = 10
    job_drain_seconds: Seconds = 10
    job_keep_days: Positive = 90
    job_keep_per_kind: Positive = 100_000
    schedules_per_user: Positive = 50
    schedules_per_room: Positive = 100
    schedule_shortest_seconds: Positive = 60
    schedule_late_seconds: Seconds = 600
    schedule_catch_up: Positive = 100
    worker_memory_mb: Positive = 1024
    worker_loop_seconds: Seconds = 30


def job_limits() -> JobLimits:
    """The limits that this process was started with."""
    value: JobLimits = settings.PARLEY_JOB_LIMITS
    return value
