"""unit: no I/O. integration: database, Redis. e2e: real processes, browser. faults: what breaks."""
