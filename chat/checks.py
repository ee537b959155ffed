"""System checks, which report unsafe settings before the server starts."""

from collections.abc import Sequence
from typing import Any

from django.apps import AppConfig
from django.conf import settings
from django.core.checks import CheckMessage, Tags, Warning, register
from django.db import connection


@register(Tags.security)
def previews_are_public(
    app_configs: Sequence[AppConfig] | None, **kwargs: Any
) -> list[CheckMessage]:
    """Return a warning if link previews may reach private hosts."""
    if settings.DEBUG or not settings.FLACK_PREVIEW_HOSTS:
        return []
    hint = "FLACK_PREVIEW_HOSTS lets link previews reach hosts that are not public."
    return [Warning(hint, id="flack.W001")]


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
