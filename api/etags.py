"""ETags of lists of messages: a client that has the list gets 304, for one read of an index.

A tag is made of aggregates of the ids and of the times of change. These are in whole seconds, so a
list has no tag until its newest change is `SETTLED` seconds old: it could change again in the same
second. From then on, the tag of a URL changes with its list:

- A message that is new or edited has a later time than all others, so `newest` grows.
- Where messages leave the list and none comes, `count` falls.
- Where others follow because the list is full, all that come are on the same side of all that stay,
  by time and then by id. So the sum of the times changes, or else the sum of the ids.
- Where a full list is continued by its first later message, no row changes: `is_continued` does, as
  the client needs the `Link` to the next rows.
"""

from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, ClassVar

from django.utils.http import parse_etags
from rest_framework.request import Request

from chat.models import timestamp

SETTLED = 2  # seconds
MOST_BODIES = 64
MAX_BODY = 256 * 1024  # bytes; a larger body is not kept


@dataclass
class Summary:
    """What the tag of a list is made of."""

    count: int
    newest: int
    times: int
    ids: int
    is_continued: bool = False  # by a `Link` to the next rows

    COLUMNS: ClassVar = "count(*), max(updated_at), sum(updated_at), sum(id)"

    @classmethod
    def of(cls, rows: Iterable[dict[str, Any]], *, is_continued: bool = False) -> "Summary":
        """Return the summary of rows with `id` and `updated_at`."""
        times, ids = [row["updated_at"] for row in rows], [row["id"] for row in rows]
        return cls(len(times), max(times, default=0), sum(times), sum(ids), is_continued)

    def tag(self) -> str | None:
        """Return the tag, or None if the list may still change within a second."""
        if self.newest > timestamp() - SETTLED:
            return None
        return 'W/"{:x}-{:x}-{:x}-{:x}-{:x}"'.format(*vars(self).values())


def is_known(request: Request, tag: str) -> bool:
    """Return True if the client has the list with this tag."""
    return tag in parse_etags(request.headers.get("If-None-Match", ""))


class Bodies:
    """The bodies of lists that this process sent last, by URL and tag."""

    def __init__(self) -> None:
        self._bodies: OrderedDict[str, tuple[str, bytes]] = OrderedDict()

    def __contains__(self, url: str) -> bool:
        return url in self._bodies

    def get(self, url: str, tag: str) -> bytes | None:
        """Return the body of a list, or None if it is not kept."""
        kept, body = self._bodies.get(url, ("", b""))
        return body if kept == tag else None

    def keep(self, url: str, tag: str, body: bytes) -> None:
        """Keep a body, instead of another one of this URL, and drop the oldest of too many."""
        if len(body) <= MAX_BODY:
            self._bodies[url] = (tag, body)
            while len(self._bodies) > MOST_BODIES:
                self._bodies.popitem(last=False)

    def clear(self) -> None:
        """Drop all bodies."""
        self._bodies.clear()


bodies = Bodies()
