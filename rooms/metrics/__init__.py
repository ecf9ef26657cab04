"""/metrics: the numbers of all parts of the site, for Prometheus."""
