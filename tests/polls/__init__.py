"""A third app, as somebody else would write it: polls in rooms. It is installed in the tests only,
and shows that a feature needs no change in rooms or jobs (CONTRIBUTING.md, "Add a feature").
"""
