"""The settings of the tests: Flack's own, with a key, and without any data of this checkout."""

import os

os.environ["SECRET_KEY"] = "of-the-tests"
os.environ["VAR"] = "/nonexistent"

from flack_project.settings import *  # noqa: F403
