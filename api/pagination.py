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

from api.queries import number

MAX_ROWS = 1_000
SHOWN = 50  # rows of a browsable page

Row = dict[str, Any]
Read = Callable[[Any], Sequence[Row]]


class ChangesPagination(BasePagination):
    """A list ordered by the time of the last change, which is in whole seconds.

    With `updated_since` it holds the first later rows, and a `Link` header leads to the next ones:
    a client that follows the links receives every change. Without it, the list holds the newest
    rows. A browsable page shows `SHOWN` of them; its query parameter `page` counts from the newest.
    """

    time = "updated_at"
    request: Request
    next_since: int | None = None

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
        same_second = f"{self.time}__{'lte' if since else 'gte'}"
        return self.bounded(
            read(rows[: MAX_ROWS + 1]),
            request,
            lambda time: read(rows.filter(**{same_second: time})),
        )

    def bounded(
        self, found: Sequence[Row], request: Request, read_until: Callable[[int], Sequence[Row]]
    ) -> list[Row]:
        """Return the rows of the list, the oldest first, from the first `MAX_ROWS` + 1.

        With `updated_since` these are the oldest, and else the newest first. `read_until` returns
        all up to a time, that time included.
        """
        self.request = request
        since = request.query_params.get("updated_since")
        if len(found) > MAX_ROWS:
            last = found[MAX_ROWS - 1][self.time]
            found = read_until(last)
            self.next_since = last if since else None
        return list(found if since else reversed(found))

    def get_paginated_response(self, data: dict[str, list[Row]]) -> Response:
        """Return the list as the response; in a browsable page, those rows that it shows."""
        ((name, rows),) = data.items()
        response = Response({name: self.shown(rows)})
        if self.next_since is not None:
            response["Link"] = f'<{self._link("updated_since", self.next_since)}>; rel="next"'
        return response

    def shown(self, rows: list[Row]) -> list[Row]:
        """Return the rows that a response holds: all, or `SHOWN` of them in a browsable page."""
        request = self.request
        if request.accepted_renderer.format != "api":
            return rows
        self.page = min(number(request, "page", 1, least=1), -(-len(rows) // SHOWN) or 1)
        end = len(rows) - (self.page - 1) * SHOWN
        self.display_page_controls = len(rows) > SHOWN
        self.is_last = end <= SHOWN
        return rows[max(0, end - SHOWN) : end]

    def to_html(self) -> str:
        """Return the links to older and newer rows, for a browsable page."""
        links = []
        if not self.is_last:
            links.append((self.page + 1, "Older"))
        if self.page > 1:
            links.append((self.page - 1, "Newer"))
        return format_html_join(
            " ",
            '<a class="btn btn-default" href="{}">{}</a>',
            [(self._link("page", page), text) for page, text in links],
        )

    def _link(self, name: str, value: int) -> str:
        """Return the relative URL of this request, with another value of a query parameter."""
        query = self.request.query_params.dict() | {name: value}
        return f"{self.request.path}?{urlencode(query)}"


class DeletionPagination(ChangesPagination):
    """The same for deletions, which have a time of their own."""

    time = "deleted_at"
