"""Flack as the documentation of Django, DRF, Channels and Celery teaches it."""

from comparison.contestants.django_documented.celery import app as celery_app

__all__ = ["celery_app"]
