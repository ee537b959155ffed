"""Flack's settings, with the URLs or the channel layer of a lesson."""

from flack_project import environment
from flack_project.settings import *  # noqa: F403

ROOT_URLCONF = environment.text("LESSON_URLS", "flack_project.urls")
CHANNEL_LAYERS["default"]["BACKEND"] = environment.text(  # noqa: F405
    "LESSON_LAYER", "channels_redis.pubsub.RedisPubSubChannelLayer"
)
