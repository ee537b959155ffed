import os

REDIS_URL = os.environ.get("REDIS_URL", "redis://")


class Config:
    SECRET_KEY = os.environ.get("SECRET_KEY", "set the SECRET_KEY variable in production")
    SQLALCHEMY_DATABASE_URI = os.environ.get("DATABASE_URL", "postgresql:///flack")
    SOCKETIO_MESSAGE_QUEUE = REDIS_URL
    SOCKETIO_ASYNC_MODE = os.environ.get("SOCKETIO_ASYNC_MODE", "gevent")
    REQUEST_STATS_WINDOW = 15  # seconds
    PREVIEW_TIMEOUT = 10  # seconds
    CELERY = {
        "broker_url": REDIS_URL,
        "result_backend": REDIS_URL,
        "task_track_started": True,
    }
