"""The admin: operators list and search users and messages, and change them by the actions."""

from datetime import UTC, datetime
from typing import Any

from django.contrib import admin
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.contrib.auth.forms import AdminPasswordChangeForm
from django.contrib.auth.models import Group
from django.core.paginator import Paginator
from django.db.models import Max, QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe

from chat import actions, moderation
from chat.models import Message, User, timestamp

DAY = 24 * 60 * 60  # seconds
FLAGS = ("is_active", "is_banned", "is_staff", "is_superuser")


def date(seconds: int) -> SafeString:
    """Return Unix seconds as a date that does not wrap."""
    time = datetime.fromtimestamp(seconds, UTC)
    return format_html('<span class="nowrap">{}</span>', f"{time:%Y-%m-%d %H:%M} UTC")


class PasswordForm(AdminPasswordChangeForm):
    """Sets a user's password by the action, which ends the user's sign-ins."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields.pop("usable_password", None)  # `is_active` disables a user

    def save(self, commit: bool = True) -> User:
        """Set the new password."""
        actions.change_user(user=self.user, password=self.cleaned_data["password1"])
        return self.user  # with the old hash, so that one's own session ends too


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


@admin.register(User)
class UserAdmin(BoundedAdmin, DjangoUserAdmin):
    """Users. `manage.py createuser` and `purgeuser` register and delete one."""

    change_password_form = PasswordForm
    fieldsets = (
        (None, {"fields": ("nickname", "password", "is_banned", "is_active")}),
        ("The admin", {"fields": ("is_staff", "is_superuser")}),
        ("Seen", {"fields": ("created", "presence", "seen", "sign_ins", "said")}),
    )
    readonly_fields = ("created", "presence", "seen", "sign_ins", "said")
    list_display = ("nickname", "presence", "state", "created")
    list_filter = (Since, "online", "is_banned", "is_active", "is_staff")
    search_fields = ("nickname",)
    ordering = ("nickname",)
    filter_horizontal = ()
    actions = ("end_sign_ins", "ban", "unban")

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Return False: `purgeuser` deletes a user, with all messages."""
        return False

    # In words: Django's icon would show a ban as a green tick, and absence as a red cross.
    @admin.display(ordering="online")
    def presence(self, user: User) -> str:
        """Return "online" or "offline"."""
        return "online" if user.online else "offline"

    @admin.display(ordering="is_banned")
    def state(self, user: User) -> str:
        """Return what the user may not do, empty for most users."""
        return "inactive" if not user.is_active else "banned" if user.is_banned else ""

    @admin.display(description="last seen")
    def seen(self, user: User) -> SafeString:
        """Return when the user was last seen."""
        return date(user.last_seen_at)

    @admin.display(description="sign-ins")
    def sign_ins(self, user: User) -> int:
        """Return the number of the user's tokens."""
        return user.tokens.count()

    @admin.display(description="messages")
    def said(self, user: User) -> SafeString:
        """Return a link to the user's messages."""
        path = reverse("admin:chat_message_changelist", query={"user__id__exact": user.pk})
        return format_html('<a href="{}">All messages of {}</a>', path, user.nickname)

    @admin.action(description="End all sign-ins of the selected users", permissions=["change"])
    def end_sign_ins(self, request: HttpRequest, users: QuerySet[User]) -> None:
        """End tokens, sockets and sessions."""
        count = actions.end_sign_ins(users=users)
        self._done(request, users, f"Ended {count} sign-ins.")

    @admin.action(description="Ban the selected users: may read, not write", permissions=["change"])
    def ban(self, request: HttpRequest, users: QuerySet[User]) -> None:
        """Ban users."""
        self._done(request, users, "Banned.")
        moderation.ban(users=users)

    @admin.action(description="Unban the selected users", permissions=["change"])
    def unban(self, request: HttpRequest, users: QuerySet[User]) -> None:
        """Lift the ban."""
        self._done(request, users, "Unbanned.")
        moderation.ban(users=users, banned=False)

    def _done(self, request: HttpRequest, users: QuerySet[User], text: str) -> None:
        for user in users:
            self.log_change(request, user, text)
        self.message_user(request, text)

    def save_model(self, request: HttpRequest, obj: User, form: Any, change: bool) -> None:
        """Rename by the action, which pushes, and set the flags."""
        if "nickname" in form.changed_data:
            actions.change_user(user=obj, nickname=obj.nickname)
        flags = {flag: getattr(obj, flag) for flag in FLAGS}
        moderation.update_flags(user=obj, **flags)


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
        names = ", ".join(users.values_list("nickname", flat=True))
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


admin.site.unregister(Group)
