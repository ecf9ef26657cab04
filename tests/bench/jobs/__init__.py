"""What measures jobs: the contenders, each behind the same few methods, and their loads.

`scenarios.jobs` conducts. Submitting, whether by a loop or over HTTP, goes on in a process of its
own; the programs of the peers are in `tests.bench.peers`. Nothing is held to a core here: workers,
web and load have them all, for every contender alike.
"""
