"""The project: settings, and what the servers run."""

from flack_project.celery import app as celery_app

__all__ = ["celery_app"]
