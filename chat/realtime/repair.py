"""Repair: read from the database what a node missed: texts of pushes, and tokens that ended."""

import math
import time
from collections.abc import Callable, Sequence
from typing import Any

from django.db.models import QuerySet

from chat.models import Deletion, Message, Token, User, timestamp
from chat.realtime.batches import batches
from chat.realtime.push import deleted_model, updated_model

MARGIN = 5  # seconds; times are whole, and a transaction commits later than its row's time
MAX_ROWS = 1_000
MAX_SIZE = 512 * 1024  # characters, half of what may wait for one socket


def changes(since: float) -> list[str] | None:
    """Return a push for every row changed since a monotonic time, or None if they are too many.

    At most `MAX_ROWS` rows and `MAX_SIZE` characters, users before messages, deletions at the end.
    A little more than asked for is returned, as clients merge by id.
    """
    # Computed here, as this call may have waited for a thread.
    earliest = timestamp() - math.ceil(time.monotonic() - since) - MARGIN
    texts: list[str] = []
    size = 0
    parts: list[tuple[QuerySet[Any], Callable[[Any], str]]] = [
        (User.objects.filter(updated_at__gte=earliest).order_by("updated_at", "id"), updated_model),
        (
            Message.objects.filter(updated_at__gte=earliest).order_by("updated_at", "id"),
            updated_model,
        ),
        (Deletion.objects.filter(deleted_at__gte=earliest).order_by("id"), deleted_model),
    ]
    for rows, push in parts:
        for row in rows[: MAX_ROWS + 1].iterator(chunk_size=50):
            texts.append(push(row))
            size += len(texts[-1])
            if len(texts) > MAX_ROWS or size > MAX_SIZE:
                return None
    return texts


def ended(digests: Sequence[str]) -> frozenset[str]:
    """Return those digests whose tokens are not valid any more."""
    valid: set[str] = set()
    for some in batches(digests):
        tokens = Token.objects.filter(
            digest__in=some, created_at__gt=Token.oldest(), user__is_active=True
        )
        valid.update(tokens.values_list("digest", flat=True))
    return frozenset(digests) - valid
