"""`manage.py backup` and `manage.py restore`: the database and the files of a site in one archive,
taken while people talk."""
