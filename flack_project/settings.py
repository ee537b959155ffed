"""Settings of Flack, read from the environment. docs/SETTINGS.md describes each variable."""

import gc
import os
from pathlib import Path
from typing import Any

from flack_project import environment, redis_urls
from flack_project.environment import flag
from flack_project.schedule import every

# Imports make 150,000 objects that stay: collecting meanwhile takes a third of the time of a start.
# ChatConfig.ready starts the collector.
gc.disable()

BASE_DIR = Path(__file__).resolve().parent.parent
VAR = Path(environment.text("VAR", str(BASE_DIR / "var"))).resolve()

DEBUG = flag("DEBUG", default=False)
SECRET_KEY = environment.secret("SECRET_KEY", default="only-for-development" if DEBUG else "")
ALLOWED_HOSTS = environment.matching_list(
    "ALLOWED_HOSTS",
    environment.ALLOWED_HOST,
    "host names without scheme and port, such as chat.example.org",
    default="localhost,127.0.0.1,[::1]",
)
CSRF_TRUSTED_ORIGINS = environment.matching_list(
    "CSRF_TRUSTED_ORIGINS",
    environment.ORIGIN,
    "origins with their scheme, such as https://chat.example.org",
)

# Flack's own settings.
FLACK_TLS = flag("FLACK_TLS", default=False)
FLACK_RATE_LIMITS = flag("FLACK_RATE_LIMITS", default=True)
FLACK_PASSWORD_VALIDATORS = flag("FLACK_PASSWORD_VALIDATORS", default=True)
FLACK_RESPOND_ASYNC = flag("FLACK_RESPOND_ASYNC", default=False)
FLACK_PREVIEW_HOSTS = environment.matching_list(
    "FLACK_PREVIEW_HOSTS", environment.HOST_AND_PORT, "hosts with their port, such as wiki:8080"
)
FLACK_TOKEN_DAYS = environment.whole_number("FLACK_TOKEN_DAYS", 0, 0, 36_500)
FLACK_THREADS = environment.whole_number("FLACK_THREADS", 8, 1, 256)
FLACK_LOG_JSON = flag("FLACK_LOG_JSON", default=False)
FLACK_LOG_LEVEL = environment.choice("FLACK_LOG_LEVEL", ("DEBUG", "INFO", "WARNING", "ERROR"))
FLACK_URL = environment.matching(
    "FLACK_URL",
    environment.ADDRESS,
    "an address such as https://chat.example.org",
    default="http://127.0.0.1:8000",
)
PROMETHEUS_MULTIPROC_DIR = environment.folder("PROMETHEUS_MULTIPROC_DIR")
if not PROMETHEUS_MULTIPROC_DIR:
    # prometheus_client would take an empty value for the current folder.
    os.environ.pop("PROMETHEUS_MULTIPROC_DIR", None)

# Order matters: the first app that has a command or template of a name wins. Without the app of
# daphne, as `runserver` is one of chat: it would load Twisted into every process, 16 MiB in each.
INSTALLED_APPS = [
    "chat",
    "api",
    "flack_project.apps.FlackAdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "flack_project.middleware.policies",
    "flack_project.static_files.StaticFilesMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "flack_project.middleware.AdminMessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "flack_project.errors.ExpectedErrors",
]

ROOT_URLCONF = "flack_project.urls"
ASGI_APPLICATION = "flack_project.asgi.application"
APPEND_SLASH = False  # no path of the API ends in a slash

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ]
        },
    }
]

# --- Database -------------------------------------------------------------------------------

DATABASES = {"default": environment.database("DATABASE_URL", default=VAR / "db.sqlite3")}
DATABASES["default"]["CONN_MAX_AGE"] = None  # the pool's threads keep their connections
DATABASES["default"]["CONN_HEALTH_CHECKS"] = True
if DATABASES["default"]["ENGINE"] == "django.db.backends.sqlite3":
    environment.folder("VAR", default=str(VAR))
    DATABASES["default"]["OPTIONS"] = {
        "transaction_mode": "IMMEDIATE",  # several processes write: take the lock at BEGIN, or wait
        "timeout": 3,  # seconds that a new connection waits for the lock
        # FULL: a message that was answered with 201 survives a power loss.
        # busy_timeout: milliseconds after which chat/sqlite.py tries again, for 3 s.
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA busy_timeout=50;",
    }
else:
    DATABASES["default"]["ENGINE"] = "flack_project.postgresql"
    DATABASES["default"]["OPTIONS"] = {
        "connect_timeout": 3,  # seconds; then the response is 503 with Retry-After
        "tcp_user_timeout": 10_000,  # milliseconds until an unreachable server is given up
        # The same for a query that was sent: seconds idle, seconds between probes, probes.
        "keepalives_idle": 4,
        "keepalives_interval": 2,
        "keepalives_count": 3,
        **DATABASES["default"].get("OPTIONS", {}),
    }
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# --- Redis: push, broker, leases, counters; without it Flack is one process -------------------

REDIS_URL = environment.redis_url("REDIS_URL")

if REDIS_URL:
    _patience = {"socket_connect_timeout": 2, "socket_timeout": 5}  # seconds
    _channels = {
        "address": REDIS_URL,
        # A subscription detects by its pings that another server has taken this address.
        "health_check_interval": 1,
        # With RESP3 redis-py formats each message for a debug log, although that log is off.
        "protocol": 2,
        **_patience,
    }
    CACHES = {
        "default": {
            "BACKEND": "flack_project.cache.Cache",
            "LOCATION": [REDIS_URL],  # a text would be split at commas
            "KEY_PREFIX": "flack",
            "VERSION": 2,  # 1 was pickled
            # Short, since requests wait for limits; after a time-out this process counts alone.
            "OPTIONS": {
                "serializer": "flack_project.cache.JSONSerializer",
                "socket_connect_timeout": 1,
                "socket_timeout": 1,
            },
        }
    }
    CHANNEL_LAYERS = {
        "default": {
            "BACKEND": "chat.realtime.layer.PubSubChannelLayer",
            "CONFIG": {"hosts": [_channels], "prefix": redis_urls.channel_prefix(REDIS_URL)},
        }
    }
    CELERY_BROKER_URL = redis_urls.broker_url(REDIS_URL)
    if REDIS_URL.startswith("rediss://"):
        # Without options kombu would not verify the server.
        CELERY_BROKER_USE_SSL = {"ssl_cert_reqs": "required"} | redis_urls.tls_options(REDIS_URL)
    CELERY_BROKER_TRANSPORT_OPTIONS: dict[str, float] = {
        **_patience,
        "max_retries": 1,  # a request does not wait for an unavailable broker
        "interval_start": 0,  # seconds
        "visibility_timeout": 120,  # seconds until a task of a killed worker is delivered again
    }
else:
    CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}
    CHANNEL_LAYERS = {
        "default": {
            "BACKEND": "channels.layers.InMemoryChannelLayer",
            "CONFIG": {"capacity": 10_000},
        }
    }
    CELERY_BROKER_URL = "memory://localhost/"
    CELERY_BROKER_TRANSPORT_OPTIONS = {"polling_interval": 0.05}  # seconds; 1 is the default

# --- Celery -----------------------------------------------------------------------------------

# Links of users can be slow, so their previews have a queue and a worker of their own.
CELERY_TASK_QUEUES: dict[str, dict[str, Any]] = {"celery": {}, "previews": {}}
CELERY_TASK_ROUTES = {
    "chat.tasks.expand_links": {"queue": "previews"},
    "chat.tasks.report_previews": {"queue": "previews"},
}
CELERY_TASK_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_PUBLISH_RETRY = False
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_ENABLE_REMOTE_CONTROL = False  # a worker obeys its signals only
CELERY_TIMEZONE = "UTC"
# Name, seconds between two runs.
_SCHEDULE = {
    "chat.tasks.find_offline_users": 5,
    "chat.tasks.report_previews": 5,
    "api.deferred.find_lost_requests": 30,
    "chat.tasks.find_unexpanded_messages": 30,
}
if FLACK_TOKEN_DAYS:
    _SCHEDULE["chat.tasks.end_old_tokens"] = 60
# A task that waited until the next one is due is dropped.
CELERY_BEAT_SCHEDULE = {
    task.rpartition(".")[2]: {
        "task": task,
        "schedule": every(seconds),
        "options": {"expires": seconds},
    }
    for task, seconds in _SCHEDULE.items()
}
CELERY_BEAT_SCHEDULER = "celery.beat.Scheduler"  # keeps no times of the past in a file

# --- Users ------------------------------------------------------------------------------------

AUTH_USER_MODEL = "chat.User"
AUTHENTICATION_BACKENDS = ["chat.accounts.backends.PasswordBackend"]
PASSWORD_HASHERS = [
    "chat.accounts.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
_VALIDATORS = "django.contrib.auth.password_validation"
AUTH_PASSWORD_VALIDATORS: list[dict[str, Any]] = [
    {
        "NAME": f"{_VALIDATORS}.UserAttributeSimilarityValidator",
        "OPTIONS": {"user_attributes": ["nickname"]},
    },
    {"NAME": f"{_VALIDATORS}.MinimumLengthValidator"},
    {"NAME": f"{_VALIDATORS}.CommonPasswordValidator"},
    {"NAME": f"{_VALIDATORS}.NumericPasswordValidator"},
]
if not FLACK_PASSWORD_VALIDATORS:
    AUTH_PASSWORD_VALIDATORS = []
LOGIN_REDIRECT_URL = "/api/messages"

# --- API --------------------------------------------------------------------------------------

# No throttle classes: the actions and the sign-in backend count uses of a limit, so that REST, the
# socket, deferred requests and the admin share it. api/exceptions.py answers 429 with Retry-After.
REST_FRAMEWORK = {
    "DEFAULT_RENDERER_CLASSES": [
        "api.renderers.JSONRenderer",
        "api.browsable.BrowsableRenderer",
    ],
    "DEFAULT_PARSER_CLASSES": ["api.parsers.JSONParser"],
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "api.authentication.TokenAuthentication",
        "api.authentication.SessionAuthentication",
    ],
    "EXCEPTION_HANDLER": "api.exceptions.exception_handler",
    "URL_FORMAT_OVERRIDE": None,
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Flack",
    "DESCRIPTION": (
        "One public chat room. A client that has a token should send it with every request. "
        "Changes are pushed over the WebSocket at `/ws/`: see "
        "[its frames](/api/schema/socket)."
    ),
    "VERSION": "1.0",
    "OAS_VERSION": "3.1.0",
    "SCHEMA_PATH_PREFIX": "/api",
    "TAGS": [
        {"name": name} for name in ("users", "tokens", "messages", "deletions", "tasks", "service")
    ],
    "AUTHENTICATION_WHITELIST": [
        "api.authentication.TokenAuthentication",
        "api.authentication.BasicAuthentication",
    ],
    "COMPONENT_SPLIT_REQUEST": True,
    "POSTPROCESSING_HOOKS": ["api.schema.openapi.complete"],
}

# --- Security ---------------------------------------------------------------------------------

CONTENT_SECURITY_POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data:",
        "connect-src 'self'",
        "font-src 'self'",
        "manifest-src 'self'",
        "form-action 'self'",
        "frame-ancestors 'none'",
        "base-uri 'none'",
    )
)
PERMISSIONS_POLICY = ", ".join(
    f"{feature}=()"
    for feature in "camera display-capture geolocation microphone midi payment usb".split()
)
# With TLS, cookies are sent and browsers return over HTTPS only.
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = SECURE_SSL_REDIRECT = FLACK_TLS
SECURE_HSTS_SECONDS = 63_072_000 if FLACK_TLS else 0  # two years, as in Mozilla's TLS profile
# Requested from a node directly, not through nginx.
SECURE_REDIRECT_EXEMPT = ["^healthz$", "^readyz$", "^metrics$"]
# Only the operator can decide whether all subdomains have TLS.
SILENCED_SYSTEM_CHECKS = ["security.W005", "security.W021"]
CSRF_FAILURE_VIEW = "flack_project.urls.csrf_failure"
X_FRAME_OPTIONS = "DENY"
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
DATA_UPLOAD_MAX_MEMORY_SIZE = 256 * 1024  # bytes of a request's body

# --- Static files, language, time zone -------------------------------------------------------

STATIC_URL = "/static/"
WHITENOISE_USE_FINDERS = True
WHITENOISE_MIMETYPES = {".webmanifest": "application/manifest+json"}
WHITENOISE_MAX_AGE = 0  # seconds; browsers revalidate, so a new version is used at once

LANGUAGE_CODE = "en"
USE_I18N = False
TIME_ZONE = "UTC"
USE_TZ = True

# --- Logging ----------------------------------------------------------------------------------

LOGGING: dict[str, Any] = {
    "version": 1,
    "disable_existing_loggers": False,
    "filters": {
        "request_id": {"()": "chat.observability.tracing.AddRequestId"},
        "outages": {"()": "chat.observability.logs.Outages"},
    },
    "formatters": {
        "line": {
            "()": "chat.observability.logs.LineFormatter",
            "format": "{levelname} {name}: {message}",
            "style": "{",
        },
        "json": {
            "()": "chat.observability.logs.JSONFormatter",
            "format": "{asctime}{levelname}{name}{message}{request_id}{process}{threadName}",
            "style": "{",
            "rename_fields": {"asctime": "time", "levelname": "level", "name": "logger"},
        },
    },
    "handlers": {
        "stderr": {
            "class": "logging.StreamHandler",
            "formatter": "json" if FLACK_LOG_JSON else "line",
            "filters": ["request_id"],
        }
    },
    "root": {"handlers": ["stderr"], "level": FLACK_LOG_LEVEL or "WARNING"},
    "loggers": {
        "chat": {"level": FLACK_LOG_LEVEL or "INFO"},
        "django": {"level": FLACK_LOG_LEVEL or "INFO"},
        # Clients receive their errors in the response.
        "django.request": {"level": "ERROR", "filters": ["outages"]},
        "django.security": {"level": "CRITICAL"},  # the same
        "django.security.csrf": {"level": "WARNING"},  # a wrong setting can be the cause
        "celery.beat": {"filters": ["outages"]},
        "channels_redis": {"level": "CRITICAL"},  # the hub logs that Redis is unavailable
    },
}
