"""The settings of the tests: Flack's own, with a key, and without any data of this checkout."""

import os
import tempfile

os.environ["SECRET_KEY"] = "of-the-tests-and-of-no-server-at-all"
os.environ["VAR"] = tempfile.gettempdir()  # nothing is stored there: tests/conftest.py

from flack_project.settings import *  # noqa: F403
