"""Which messages a request lists, and how they are read: by SQL that is built once."""

from bisect import bisect
from dataclasses import dataclass
from functools import lru_cache
from itertools import accumulate
from typing import Any

from django.db.models.functions import Length
from rest_framework.request import Request

from api import pagination
from api.etags import Summary
from api.pagination import Row
from api.queries import (
    AFTER,
    BEFORE,
    LARGEST,
    LARGEST_PAGE,
    LIMIT,
    PAGE,
    SINCE,
    USER_ID,
)
from chat.compiled import Compiled
from chat.models import MESSAGE_FIELDS, Message, MessageQuerySet, message_dict, timestamp

DAY = 24 * 60 * 60  # seconds
CHANGES, BY_ID = ("updated_at", "id"), ("id",)
FEW = LARGEST_PAGE  # messages of a list that are read before their text is measured
SIZE = Length("source") + Length("html")

Columns = tuple[Any, ...]  # names, or expressions


@dataclass
class MessageList:
    """The messages that a request lists.

    `limit` is None for a list of changes, which pagination bounds. The rows of a `reverse` list are
    read from its end.
    """

    parameters: dict[str, int]
    order: tuple[str, ...]
    limit: int | None
    reverse: bool
    query: str | None = None

    @classmethod
    def of(cls, request: Request) -> "MessageList":
        """Return the list that a request asks for, or raise ValidationError."""
        limit, since = LIMIT.number(request), SINCE.number(request)
        given = {each.name: each.number(request) for each in (USER_ID, BEFORE, AFTER)}
        parameters = {name: value for name, value in given.items() if value is not None}
        query = request.query_params.get("q")
        if query is None and not {"before", "after"} & parameters.keys():
            most = None if limit is None else min(limit, LARGEST_PAGE)
            reverse = most is not None or since is None
            parameters["since"] = max(since or 0, timestamp() - DAY)
            return cls(parameters, CHANGES, most, reverse)
        parameters["since"] = since or 0
        reverse = query is None and "before" in parameters
        return cls(parameters, BY_ID, min(limit or PAGE, LARGEST_PAGE), reverse, query)

    def read(self) -> tuple[list[Row], int | None]:
        """Return the representations, as they are read, and the time of the last if it is cut.

        Most lists are short and take one query. The text of a longer list of changes is measured
        before it is read.
        """
        if self.query is not None:
            found = select(self.order, **self.parameters)
            before = self.parameters.get("before", LARGEST)
            return found.search(self.query, before, self.limit or PAGE), None
        most = self.limit or min(FEW, pagination.MAX_ROWS) + 1
        rows = self._read(most)
        if self.limit is not None or len(rows) < most:
            return rows, None
        end = self._end()
        return (self._read(pagination.MAX_ROWS) if end is None else self._read_until(end)), end

    def summary(self) -> Summary | None:
        """Return what the tag of the list is made of; None if the rows have to be read.

        A list that is cut by its text has another tag: that of fewer rows.
        """
        if self.query is not None:
            return None
        found = self._compiled(("id", "updated_at")).summary(Summary.COLUMNS, **self.parameters)
        count, newest, times, ids = (int(value or 0) for value in found)
        is_whole = self.limit is not None or count <= pagination.MAX_ROWS
        return Summary(count, newest, times, ids) if is_whole else None

    def _read(self, limit: int) -> list[Row]:
        rows = self._compiled(MESSAGE_FIELDS, limit).rows(**self.parameters)
        return [message_dict(*row) for row in rows]

    def _read_until(self, time: int) -> list[Row]:
        """Return the representations of changes up to a time, or back to it if read in reverse."""
        until = {"updated_at__gte" if self.reverse else "updated_at__lte": time}
        return select(self._order, **self.parameters).filter(**until).to_dicts()

    def _end(self) -> int | None:
        """Return the time of the last of `MAX_ROWS` and `MAX_TEXT`, or None if no others follow."""
        sizes = self._compiled(("updated_at", SIZE)).rows(**self.parameters)
        within = bisect(list(accumulate(size for _, size in sizes)), pagination.MAX_TEXT)
        held = min(max(within, 1), pagination.MAX_ROWS)
        return int(sizes[held - 1][0]) if held < len(sizes) else None

    @property
    def _order(self) -> tuple[str, ...]:
        return tuple(f"-{name}" for name in self.order) if self.reverse else self.order

    def _compiled(self, columns: Columns, limit: int | None = None) -> Compiled:
        limit = limit or self.limit or pagination.MAX_ROWS + 1
        return compiled(columns, self._order, limit, *self.parameters)


def select(
    order: tuple[str, ...],
    *,
    since: int,
    user_id: int | None = None,
    before: int | None = None,
    after: int | None = None,
) -> MessageQuerySet:
    """Return the messages that changed later than `since`, with these other properties."""
    messages = Message.objects.filter(updated_at__gt=since)
    if user_id is not None:
        messages = messages.filter(user_id=user_id)
    if before is not None:
        messages = messages.filter(pk__lt=before)
    if after is not None:
        messages = messages.filter(pk__gt=after)
    return messages.order_by(*order)


@lru_cache(256)
def compiled(columns: Columns, order: tuple[str, ...], limit: int, *names: str) -> Compiled:
    """Return the SQL for these columns of the first messages, with parameters of these names."""
    return Compiled(lambda **values: select(order, **values)[:limit].values_list(*columns), *names)
