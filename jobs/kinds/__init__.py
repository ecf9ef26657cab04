"""The kinds that come with Parley, one a file. Found by `registry.autodiscover`."""
