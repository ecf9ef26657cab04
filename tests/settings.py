"""Settings of the tests: the real ones, in a data directory of their own."""

import atexit
import os
import shutil
import tempfile

from tests.support import environment

for name in filter(environment.leaks, list(os.environ)):
    if name != "DJANGO_SETTINGS_MODULE":
        del os.environ[name]

folder = tempfile.mkdtemp(prefix="parley-t-")
atexit.register(shutil.rmtree, folder, ignore_errors=True)
os.environ["PARLEY_DATA_DIR"] = folder
os.environ["PARLEY_SERVING"] = "1"
os.environ.update(environment.IMPATIENT)
# The tests empty the tables, and with them the id that Redis knows.
os.environ["PARLEY_INSTALLATION"] = "tests"
if (environment.ROOT / "tests" / "kinds.py").exists():
    os.environ["PARLEY_KINDS"] = "tests.kinds,tests.asking_kinds,tests.parts_kinds"
if environment.database_url():
    os.environ["DATABASE_URL"] = environment.database_url()

from config.settings import *  # noqa: E402, F403

# Hashing a password is slow on purpose; the tests make hundreds of users.
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
