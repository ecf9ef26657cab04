"""Many observations at once say what they say one by one."""

from prometheus_client import CollectorRegistry, Histogram

from rooms.live.metrics.batched_histogram import BatchedHistogram

BOUNDS = (0.5, 1, 2)
SEEN = (0.0, 0.5, 0.50001, 1, 1.5, 2, 2.1, 1e9)


def samples(histogram: Histogram) -> list[tuple[str, dict[str, str], float]]:
    (metric,) = histogram.collect()
    return [(each.name, each.labels, each.value) for each in metric.samples]


def test_a_batch_is_what_its_observations_are() -> None:
    single = Histogram("seen", "", buckets=BOUNDS, registry=CollectorRegistry())
    batched = BatchedHistogram("seen", "", buckets=BOUNDS, registry=CollectorRegistry())
    batch = batched.batch()
    for amount in SEEN:
        single.observe(amount)
        batch.observe(amount)
    batched.observe_batch(batch)
    assert samples(batched) == samples(single)
    batched.observe_batch(batch)
    assert samples(batched) == samples(single), "a batch is handed on once"
