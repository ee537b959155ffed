"""The settings of "django-documented", with one subscription a process if TUNED has "pubsub"."""

import os

from comparison.contestants.django_documented.settings import *  # noqa: F403
from comparison.contestants.django_documented.settings import CHANNEL_LAYERS

IDEAS = os.environ.get("TUNED", "").split()
if "pubsub" in IDEAS:
    CHANNEL_LAYERS["default"]["BACKEND"] = "channels_redis.pubsub.RedisPubSubChannelLayer"
# What this project's daphne reads.
FLACK_RATE_LIMITS = False
PROMETHEUS_MULTIPROC_DIR = ""
