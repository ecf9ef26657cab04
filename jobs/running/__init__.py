"""Running one attempt of a job in a worker."""
