"""The admin of users."""

from typing import Any

from django.contrib import admin
from django.contrib.admin.forms import AdminAuthenticationForm
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.contrib.auth.forms import AdminPasswordChangeForm
from django.db.models import QuerySet
from django.forms import Widget
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from chat import actions, moderation
from chat.admin.lists import BoundedAdmin, Since, date
from chat.models import User

FLAGS = ("is_active", "is_banned", "is_staff", "is_superuser")


def leave_as_typed(widget: Widget) -> None:
    """Let no browser or phone change a nickname; `maxlength` would cut 32 emoji to 16."""
    widget.attrs.pop("maxlength", None)
    widget.attrs |= {"autocapitalize": "none", "autocorrect": "off", "spellcheck": "false"}


class SignInForm(AdminAuthenticationForm):
    """Signs in with a nickname of any characters."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        leave_as_typed(self.fields["username"].widget)


class PasswordForm(AdminPasswordChangeForm):
    """Sets a user's password by the action, which ends the user's sign-ins."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields.pop("usable_password", None)  # `is_active` disables a user

    def save(self, commit: bool = True) -> User:
        """Set the new password."""
        actions.change_user(user=self.user, password=self.cleaned_data["password1"])
        return self.user  # with the old hash, so that one's own session ends too


@admin.register(User)
class UserAdmin(BoundedAdmin, DjangoUserAdmin):
    """Users. `manage.py createuser` and `purgeuser` register and delete one."""

    change_password_form = PasswordForm
    fieldsets = (
        (None, {"fields": ("nickname", "password", "is_banned", "is_active")}),
        ("The admin", {"fields": ("is_staff", "is_superuser")}),
        ("Seen", {"fields": ("created", "presence", "seen", "sign_ins", "messages")}),
    )
    readonly_fields = ("created", "presence", "seen", "sign_ins", "messages")
    list_display = ("nickname", "presence", "state", "created")
    list_filter = (Since, "online", "is_banned", "is_active", "is_staff")
    search_fields = ("nickname",)
    ordering = ("nickname",)
    filter_horizontal = ()
    actions = ("end_sign_ins", "ban", "unban")

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Return False: `purgeuser` deletes a user, with all messages."""
        return False

    def formfield_for_dbfield(self, db_field: Any, *args: Any, **kwargs: Any) -> Any:
        """Return the field of a form."""
        field = super().formfield_for_dbfield(db_field, *args, **kwargs)
        if field is not None and db_field.name == "nickname":
            leave_as_typed(field.widget)
        return field

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

    @admin.display
    def messages(self, user: User) -> SafeString:
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

    # A ban calls this first: afterwards a filter of the list may exclude the rows.
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
