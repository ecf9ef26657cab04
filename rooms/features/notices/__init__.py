"""Notices of the browser, on the devices where a person wants them: a matter of the page alone."""
