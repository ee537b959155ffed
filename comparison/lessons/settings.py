"""Flack's settings, with the URLs or the channel layer of a lesson."""

from flack_project.settings import *  # noqa: F403

ROOT_URLCONF = env.str("LESSON_URLS", default="flack_project.urls")  # noqa: F405
CHANNEL_LAYERS["default"]["BACKEND"] = env.str(  # noqa: F405
    "LESSON_LAYER", default="channels_redis.pubsub.RedisPubSubChannelLayer"
)
