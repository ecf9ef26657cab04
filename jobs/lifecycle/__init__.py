"""States of jobs and the guarded transitions between them, and how jobs are shown."""
