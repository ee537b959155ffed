"""The Celery application: `celery -A comparison.contestants.django_documented worker`."""

import os

from celery import Celery

PROJECT = "comparison.contestants.django_documented"
os.environ.setdefault("DJANGO_SETTINGS_MODULE", f"{PROJECT}.settings")

app = Celery("django_documented")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks([PROJECT])
