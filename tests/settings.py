"""The settings of the tests: Flack's own, with a key, a hasher that costs little, and no data."""

import os
import tempfile

os.environ["SECRET_KEY"] = "of-the-tests-and-of-no-server-at-all"
os.environ["VAR"] = tempfile.gettempdir()  # nothing is stored there: tests/conftest.py

from flack_project.settings import *  # noqa: F403

PASSWORD_HASHERS = ["tests.hashers.Argon2PasswordHasher", *PASSWORD_HASHERS[1:]]  # noqa: F405
# WhiteNoise reads no folder before it serves a file: each client of a test starts another one.
WHITENOISE_AUTOREFRESH = True
