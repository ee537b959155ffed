"""The admin of messages."""

from typing import Any

from django.contrib import admin
from django.db.models import Max, QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe

from chat import moderation
from chat.admin.lists import BoundedAdmin, Since
from chat.models import Message, User


@admin.register(Message)
class MessageAdmin(BoundedAdmin):
    """Messages: read, search and delete."""

    list_display = ("__str__", "user", "created")
    list_filter = (Since,)
    list_select_related = ("user",)
    search_fields = ("source", "user__nickname")
    SEARCHED = 100_000  # newest messages; a search for a rare word would read all of them
    search_help_text = (
        f"Words of the newest {SEARCHED:,} messages, or of a nickname. "
        "The page of a user links to all messages of that user."
    )
    ordering = ("-id",)
    fields = ("user", "created", "shown", "typed")
    actions = ("ban_authors",)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Return False: only authors edit."""
        return False

    def has_ban_permission(self, request: HttpRequest) -> bool:
        """Return True if the operator may ban users."""
        return bool(request.user.has_perm("chat.change_user"))

    @admin.action(description="Ban the authors of the selected messages", permissions=["ban"])
    def ban_authors(self, request: HttpRequest, messages: QuerySet[Message]) -> None:
        """Ban users; the page of a message has a button for this."""
        authors = list(messages.values_list("user_id", flat=True).distinct())
        users = User.objects.filter(pk__in=authors)
        for user in users:
            self.log_change(request, user, "Banned.")
        moderation.ban(users=users)
        names = ", ".join(user.nickname for user in users)
        self.message_user(request, f"Banned {names}.")

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Message], search_term: str
    ) -> tuple[QuerySet[Message], bool]:
        """Search only the newest messages."""
        if search_term:
            newest = Message.objects.aggregate(newest=Max("pk"))["newest"] or 0
            queryset = queryset.filter(pk__gt=newest - self.SEARCHED)
        return super().get_search_results(request, queryset, search_term)

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        """Return the page of a message, with a button to ban its author if that is allowed."""
        context["has_ban_permission"] = self.has_ban_permission(request)
        return super().render_change_form(request, context, *args, **kwargs)

    @admin.display(description="as shown")
    def shown(self, message: Message) -> SafeString:
        """Return the html, which was sanitised when it was saved."""
        return mark_safe(message.html)  # noqa: S308

    @admin.display(description="as typed")
    def typed(self, message: Message) -> SafeString:
        """Return the source with its line breaks and spaces."""
        return format_html("<pre>{}</pre>", message.source)

    def delete_model(self, request: HttpRequest, obj: Message) -> None:
        """Delete a message by the action, which pushes."""
        moderation.delete_messages(first=obj.pk, last=obj.pk)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Message]) -> None:
        """Delete each message by the action, which pushes."""
        for message in queryset:
            self.delete_model(request, message)
