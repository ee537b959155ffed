"""The admin site, where operators also change their own password."""

from typing import Any

from django.contrib.admin import AdminSite
from django.contrib.admin.forms import AdminPasswordChangeForm
from django.contrib.auth.views import PasswordChangeView
from django.http import HttpRequest, HttpResponseBase
from django.urls import reverse

from chat import actions
from chat.models import User


class PasswordChangeForm(AdminPasswordChangeForm):
    """Sets one's own password by the action, which ends all of the user's sign-ins."""

    def save(self, commit: bool = True) -> User:
        """Set the new password.

        `self.user` keeps the old hash, so the view does not renew the session of this browser: it
        ends like all others, and the user signs in again.
        """
        actions.change_user(user=self.user, password=self.cleaned_data["new_password1"])
        return self.user


class FlackAdminSite(AdminSite):
    """Django's site, but the password form of one's own account is Flack's."""

    site_header = site_title = "Flack"
    index_title = "Users and messages"

    def password_change(  # type: ignore[override]  # it may redirect
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponseBase:
        """Show and process the form; as Django's view, which has no option for the form class."""
        view = PasswordChangeView.as_view(
            form_class=PasswordChangeForm,
            success_url=reverse("admin:password_change_done", current_app=self.name),
            extra_context={**self.each_context(request), **(extra_context or {})},
        )
        return view(request)
