"""What `startproject` writes, with the settings that each library's documentation asks for."""

from pathlib import Path

import environ

env = environ.Env()
PROJECT = "comparison.contestants.django_documented"
REDIS_URL = env.str("REDIS_URL", default="redis://127.0.0.1:6379/0")

SECRET_KEY = env.str("SECRET_KEY")
DEBUG = False
ALLOWED_HOSTS = ["localhost", "127.0.0.1"]
APPEND_SLASH = False  # no path of the API ends in a slash

INSTALLED_APPS = [
    "daphne",
    "chat",  # this project's models
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "rest_framework",
]
MIDDLEWARE = [
    f"{PROJECT}.stats.count_requests",
    "django.middleware.security.SecurityMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]
ROOT_URLCONF = f"{PROJECT}.urls"
ASGI_APPLICATION = f"{PROJECT}.asgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [Path(__file__).parents[1] / "flask/flack/templates"],  # one page for both
    }
]

# Under ASGI, Django's documentation asks for the pool of psycopg in place of CONN_MAX_AGE.
DATABASES = {"default": env.db("DATABASE_URL")}
DATABASES["default"].setdefault("OPTIONS", {})["pool"] = True
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

CHANNEL_LAYERS = {
    "default": {
        "BACKEND": "channels_redis.core.RedisChannelLayer",
        # redis-py 8 gives up a read after 5 s, which is as long as the layer waits for a message:
        # without this, a socket that receives nothing for 5 s may end with a TimeoutError.
        "CONFIG": {"hosts": [{"address": REDIS_URL, "socket_timeout": None}]},
    }
}
CELERY_BROKER_URL = REDIS_URL
CELERY_RESULT_BACKEND = REDIS_URL
CELERY_BEAT_SCHEDULE = {
    "find_offline_users": {"task": f"{PROJECT}.tasks.find_offline_users", "schedule": 5.0},
}

AUTH_USER_MODEL = "chat.User"
PASSWORD_HASHERS = ["chat.accounts.hashers.Argon2PasswordHasher"]
REST_FRAMEWORK = {
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["rest_framework.parsers.JSONParser"],
    "DEFAULT_AUTHENTICATION_CLASSES": [f"{PROJECT}.authentication.TokenAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticatedOrReadOnly"],
    "EXCEPTION_HANDLER": f"{PROJECT}.exceptions.exception_handler",
}
USE_TZ = True

# What this project's models, checks and fetcher of previews read.
FLACK_THREADS = 1
FLACK_TLS = False
FLACK_TOKEN_DAYS = 0
FLACK_PREVIEW_HOSTS = env.list("FLACK_PREVIEW_HOSTS", default=[])
