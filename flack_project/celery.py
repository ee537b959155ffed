"""The Celery application: `celery -A flack_project worker`."""

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "flack_project.settings")

app = Celery("flack")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks(["chat"])
app.autodiscover_tasks(["api"], related_name="deferred")
