"""The settings of the tests: Flack's own, with a key, a hasher that costs little, and no data."""

import os
import tempfile

os.environ["SECRET_KEY"] = "of-the-tests-and-of-no-server-at-all"
os.environ["VAR"] = tempfile.gettempdir()  # nothing is stored there: tests/conftest.py

from flack_project.settings import *  # noqa: F403

PASSWORD_HASHERS = ["tests.hashers.Argon2PasswordHasher", *PASSWORD_HASHERS[1:]]  # noqa: F405
# Look for a file when it is requested: each client of a test would list all static files first.
# `pytest tests/api` takes 12 s of CPU time instead of 26 (28 November 2026).
WHITENOISE_AUTOREFRESH = True
