"""ETags of lists of messages: a client that has the list gets 304, for one read of an index.

A tag is made of the ids and the times of change. These are in whole seconds, so a list has no tag
until its newest change is `SETTLED` seconds old: it could change again in the same second.
"""

import hashlib
from collections.abc import Iterable
from typing import Any

import orjson
from django.utils.http import parse_etags
from rest_framework.request import Request

from chat.models import timestamp

SETTLED = 2  # seconds


def etag(request: Request, rows: Iterable[dict[str, Any]]) -> str | None:
    """Return the tag for a list of rows with `id` and `updated_at`, or None if it has none."""
    changes = [(row["id"], row["updated_at"]) for row in rows]
    # The browsable page of the same list also shows which user is signed in.
    is_json = request.accepted_renderer.media_type == "application/json"
    if not is_json or max((time for _, time in changes), default=0) > timestamp() - SETTLED:
        return None
    return f'W/"{hashlib.blake2b(orjson.dumps(changes), digest_size=12).hexdigest()}"'


def is_known(request: Request, tag: str) -> bool:
    """Return True if the client has the list with this tag."""
    return tag in parse_etags(request.headers.get("If-None-Match", ""))
