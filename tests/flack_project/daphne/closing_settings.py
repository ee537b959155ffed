"""The settings of Flack with the application of closing.py, for `runserver`."""

from flack_project.settings import *  # noqa: F403

ASGI_APPLICATION = "tests.flack_project.daphne.closing.application"
