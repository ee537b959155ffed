"""The admin: operators list and search users and messages, and change them by the actions."""

from django.contrib import admin
from django.contrib.auth.models import Group

from chat.admin.messages import MessageAdmin
from chat.admin.users import SignInForm, UserAdmin

__all__ = ["MessageAdmin", "UserAdmin"]

admin.site.unregister(Group)
admin.site.login_form = SignInForm
