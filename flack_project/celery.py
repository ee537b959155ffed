"""The Celery application: `celery -A flack_project worker`."""

import os
from logging.config import dictConfig
from typing import Any

from celery import Celery
from celery.signals import setup_logging
from django.conf import settings

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "flack_project.settings")

app = Celery("flack")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks(["chat"])
app.autodiscover_tasks(["api"], related_name="deferred")


@setup_logging.connect
def configure_logging(**kwargs: Any) -> None:
    """Use the LOGGING setting, which Celery would otherwise replace."""
    dictConfig(settings.LOGGING)
