"""Bounded lists: at most `MAX_ROWS` rows, and the rest of the second of the last one."""

from collections.abc import Callable, Sequence
from typing import Any
from urllib.parse import urlencode

from django.db.models import QuerySet
from django.utils.html import format_html_join
from rest_framework.pagination import BasePagination
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from api.queries import LIMIT, NUMBER, PAGE, USER_ID, Parameter
from chat.models import Message

MAX_ROWS = 1_000
MAX_TEXT = 8 * 2**20  # characters of source and html in a long list of messages
SHOWN = 50  # rows of a browsable page

PAGE_NUMBER = Parameter("page", "Of a browsable page", {**NUMBER, "minimum": 1})
LINKS = ("Oldest", "Older", "Newer", "Newest")

Row = dict[str, Any]
Changes = dict[str, int | None]  # query parameters that differ from those of the request
Read = Callable[[Any], Sequence[Row]]


class ChangesPagination(BasePagination):
    """A list ordered by the time of the last change, which is in whole seconds.

    With `updated_since` it holds the first later rows, and a `Link` header leads to the next ones:
    a client that follows the links receives every change. Without it, the list holds the newest
    rows. A browsable page shows `SHOWN` of them; its query parameter `page` counts from the newest
    row, or with `updated_since` from the oldest.
    """

    time = "updated_at"
    oldest: Changes = {"page": None, "updated_since": 0}  # leads to the first row of all
    request: Request
    next_since: int | None = None
    is_cut = False  # older rows than those of the list exist

    def __init__(self) -> None:
        self.links: dict[str, Changes] = {}  # of a page, by their text, which is one of `LINKS`

    def paginate_queryset(
        self, queryset: Any, request: Request, view: APIView | None = None
    ) -> Any:
        """Return the rows of the list, in the order of the queryset, by its `to_dicts`."""
        return self.bounded_queryset(queryset, request, lambda rows: rows.to_dicts())

    def bounded_queryset(self, queryset: QuerySet[Any], request: Request, read: Read) -> list[Row]:
        """Return the rows of the list, in the order of the queryset.

        `read` returns the rows of a queryset as dictionaries that include `self.time`.
        """
        since = request.query_params.get("updated_since")
        rows = queryset if since else queryset.reverse()
        found = read(rows[: MAX_ROWS + 1])
        end: int | None = None
        if len(found) > MAX_ROWS:
            end = found[MAX_ROWS - 1][self.time]
            found = read(rows.filter(**{f"{self.time}__{'lte' if since else 'gte'}": end}))
        return self.bounded(found, request, end)

    def bounded(self, found: Sequence[Row], request: Request, end: int | None) -> list[Row]:
        """Return the rows of the list, the oldest first.

        With `updated_since` they are found oldest first, and else newest first. `end` is the time
        of the last one if others follow.
        """
        self.request = request
        since = request.query_params.get("updated_since")
        if end is not None:
            self.next_since, self.is_cut = (end, False) if since else (None, True)
        return list(found if since else reversed(found))

    def get_paginated_response(self, data: dict[str, Sequence[Row]]) -> Response:
        """Return the list as the response; in a browsable page, those rows that it shows."""
        ((name, rows),) = data.items()
        response = Response({name: self.shown(rows)})
        self.display_page_controls = bool(self.links)
        if self.next_since is not None:
            response["Link"] = f'<{self._link(updated_since=self.next_since)}>; rel="next"'
        return response

    def shown(self, rows: Sequence[Row]) -> Sequence[Row]:
        """Return the rows that a response holds: all, or `SHOWN` of them in a browsable page."""
        if self.request.accepted_renderer.format != "api":
            return rows
        since = self.request.query_params.get("updated_since")
        last = -(-len(rows) // SHOWN) or 1
        page = min(PAGE_NUMBER.number(self.request) or 1, last)
        nearer, further = ("Older", "Newer") if since else ("Newer", "Older")
        if page > 1:
            self.links[nearer] = {"page": page - 1}
        if page < last:
            self.links[further] = {"page": page + 1}
        elif self.next_since is not None:
            self.links["Newer"] = {"page": None, "updated_since": self.next_since}
        if self.is_cut:
            self.links["Oldest"] = self.oldest
        start = (page - 1) * SHOWN if since else len(rows) - page * SHOWN
        return rows[max(0, start) : start + SHOWN]

    def to_html(self) -> str:
        """Return the links to older and newer rows, for a browsable page."""
        links = [(self._link(**self.links[text]), text) for text in LINKS if text in self.links]
        return format_html_join(" ", '<a href="{}">{}</a>', links)

    def _link(self, **changes: int | None) -> str:
        """Return the relative URL of this request with other values of query parameters."""
        query = self.request.query_params.dict() | changes
        kept = {name: value for name, value in query.items() if value is not None}
        return f"{self.request.path}?{urlencode(kept)}"


class MessagePagination(ChangesPagination):
    """The same for messages; the pages lead from those of the last day to older ones, by id."""

    oldest: Changes = {"page": None, "after": 0}

    def shown(self, rows: Sequence[Row]) -> Sequence[Row]:
        """Return the rows that a response holds; see `ChangesPagination`."""
        query = self.request.query_params
        if self.request.accepted_renderer.format != "api":
            return rows
        if "q" in query:
            rows = self._found(rows)
        elif "before" in query or "after" in query:
            rows = self._history(rows)
        else:
            # Old messages that were edited today are listed: go on from the newest other one.
            others = self._messages().exclude(pk__in=[row["id"] for row in rows])
            rows = super().shown(rows)
            is_last = "Older" not in self.links and "updated_since" not in query
            if is_last and (other := others.order_by("-pk").first()):
                self.links["Older"] = {"page": None, "before": other.pk + 1}
        return rows

    def _found(self, rows: Sequence[Row]) -> Sequence[Row]:
        """Return what a page shows of the results of a search, newest first."""
        size = min(LIMIT.number(self.request) or PAGE, SHOWN)
        if len(rows) >= size:
            self.links["Older"] = {"before": rows[size - 1]["id"]}
        if "before" in self.request.query_params:
            self.links["Newest"] = {"before": None}
        return rows[:size]

    def _history(self, rows: Sequence[Row]) -> Sequence[Row]:
        """Return what a page shows of messages by id, oldest first."""
        rows = rows[-SHOWN:] if "before" in self.request.query_params else rows[:SHOWN]
        if not rows:
            self.links["Newest"] = {"before": None, "after": None}
            return rows
        first, last = rows[0]["id"], rows[-1]["id"]
        if self._messages().filter(pk__lt=first).exists():
            self.links["Older"] = {"before": first, "after": None}
        if self._messages().filter(pk__gt=last).exists():
            self.links["Newer"] = {"before": None, "after": last}
        return rows

    def _messages(self) -> QuerySet[Message]:
        user_id = USER_ID.number(self.request)
        return Message.objects.filter(**({} if user_id is None else {"user_id": user_id}))


class DeletionPagination(ChangesPagination):
    """The same for deletions, which have a time of their own."""

    time = "deleted_at"
