"""Lists whose cost does not depend on the number of rows."""

from datetime import UTC, datetime
from typing import Any

from django.contrib import admin
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.functional import cached_property
from django.utils.html import format_html
from django.utils.safestring import SafeString

from chat.models import Message, User, timestamp

DAY = 24 * 60 * 60  # seconds


def date(seconds: int) -> SafeString:
    """Return Unix seconds as a date that does not wrap."""
    time = datetime.fromtimestamp(seconds, UTC)
    return format_html('<span class="nowrap">{}</span>', f"{time:%Y-%m-%d %H:%M} UTC")


class AtLeast(int):
    """A number of rows that is shown as "10,000+"."""

    def __str__(self) -> str:
        return f"{self:,}+"


class Pages(Paginator):
    """Counts at most `MOST` rows, so that a list of a million is as fast as one of a hundred."""

    MOST = 10_000

    @cached_property
    def count(self) -> int:
        """Return the number of rows, or that it is at least `MOST`."""
        count: int = self.object_list[: self.MOST].count()  # type: ignore[attr-defined]
        return AtLeast(count) if count == self.MOST else count


class Since(admin.SimpleListFilter):
    """A filter by the time of registration or posting."""

    title = "time"
    parameter_name = "days"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """Return the choices, by their number of days."""
        return [("1", "Last 24 hours"), ("7", "Last 7 days"), ("30", "Last 30 days")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Return the rows created since then; any other value than the choices means all rows."""
        if self.value() not in dict(self.lookup_choices):
            return queryset
        start = timestamp() - int(self.value() or 0) * DAY
        # A row is updated when or after it is created, and this column has an index.
        return queryset.filter(updated_at__gte=start, created_at__gte=start)


class BoundedAdmin(admin.ModelAdmin):
    """A list whose cost does not depend on the number of rows."""

    paginator = Pages
    show_full_result_count = False
    show_facets = admin.ShowFacets.NEVER
    list_per_page = 50

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Return False: users register and messages are posted elsewhere."""
        return False

    @admin.display(ordering="pk")
    def created(self, row: User | Message) -> SafeString:
        """Return when the user registered or the message was posted."""
        return date(row.created_at)
