"""System checks, which report unsafe or contradictory settings before the server starts."""

from collections.abc import Sequence
from typing import Any

from django.apps import AppConfig
from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, Warning, register
from django.db import connection


@register(Tags.security)
def settings_can_work(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """Return the errors and warnings about Flack's own settings."""
    found: list[CheckMessage] = []
    if settings.FLACK_THREADS < 1:
        found.append(Error("FLACK_THREADS must be at least 1.", id="flack.E001"))
    if settings.FLACK_TOKEN_DAYS < 0:
        found.append(Error("FLACK_TOKEN_DAYS must be 0 or more.", id="flack.E003"))
    if settings.REDIS_URL and not settings.REDIS_URL.startswith(("redis:", "rediss:", "unix:")):
        found.append(
            Error("REDIS_URL must begin with redis://, rediss:// or unix://.", id="flack.E002")
        )
    if not settings.DEBUG and settings.FLACK_PREVIEW_HOSTS:
        found.append(
            Warning(
                "FLACK_PREVIEW_HOSTS lets link previews reach hosts that are not public.",
                id="flack.W001",
            )
        )
    return found


DURABLE = ("fsync", "full_page_writes", "synchronous_commit")  # of PostgreSQL


@register(Tags.database)
def database_is_durable(
    databases: Sequence[str] | None = None, **kwargs: Any
) -> list[CheckMessage]:
    """Return warnings about PostgreSQL settings that can lose accepted messages on power loss."""
    if "default" not in (databases or ()) or connection.vendor != "postgresql":
        return []
    return [
        Warning(
            f"PostgreSQL has {name} off: messages that were accepted can be lost.", id="flack.W010"
        )
        for name in DURABLE
        if _show(name) == "off"
    ]


def _show(name: str) -> str:
    with connection.cursor() as cursor:
        cursor.execute(f"SHOW {name}")
        return str(cursor.fetchone()[0])
