"""The admin: operators list and search users and messages; what they change goes by the actions."""

from datetime import UTC, datetime
from typing import Any

from django.contrib import admin
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.contrib.auth.forms import AdminPasswordChangeForm
from django.http import HttpRequest

from chat import actions
from chat.models import Message, User


@admin.display(description="created", ordering="created_at")
def created(row: User | Message) -> str:
    """Show Unix seconds as a date."""
    return f"{datetime.fromtimestamp(row.created_at, UTC):%Y-%m-%d %H:%M:%S} UTC"


class PasswordForm(AdminPasswordChangeForm):
    """Sets a password by the action, which ends the user's tokens."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields.pop("usable_password", None)  # `is_active` is what keeps a user out

    def save(self, commit: bool = True) -> User:
        """Set the password that was typed twice."""
        actions.update_user(user=self.user, password=self.cleaned_data["password1"])
        self.user.refresh_from_db()
        return self.user


@admin.register(User)
class UserAdmin(DjangoUserAdmin):
    """Users; new ones register in the chat or by `manage.py createuser`."""

    change_password_form = PasswordForm
    fieldsets = (
        (None, {"fields": ("nickname", "password", "is_active", "is_staff", "is_superuser")}),
    )
    list_display = ("nickname", "online", "is_active", "is_staff", created)
    list_filter = ("online", "is_active", "is_staff")
    search_fields = ("nickname",)
    ordering = ("nickname",)
    filter_horizontal = ()

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Say that nobody is added here."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Say that nobody is deleted here: their messages would go with them."""
        return False

    def save_model(self, request: HttpRequest, obj: User, form: Any, change: bool) -> None:
        """Rename by the action, which pushes; the flags are nobody else's business."""
        if "nickname" in form.changed_data:
            actions.update_user(user=obj, nickname=obj.nickname)
        obj.save(update_fields=["is_active", "is_staff", "is_superuser"])


@admin.register(Message)
class MessageAdmin(admin.ModelAdmin):
    """Messages, to read and to search."""

    list_display = ("__str__", "user", created)
    list_select_related = ("user",)
    search_fields = ("source", "user__nickname")
    ordering = ("-id",)
    show_full_result_count = False  # counting a million rows takes longer than showing a hundred

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Say that nobody posts here."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Say that only authors edit."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Say that nothing is deleted here."""
        return False
