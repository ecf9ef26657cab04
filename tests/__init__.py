"""unit: no I/O. integration: database, real Redis. e2e: real processes, browser. faults: what breaks."""
