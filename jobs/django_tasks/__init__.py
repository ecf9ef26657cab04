"""Django's tasks framework: what other apps enqueue becomes jobs."""
