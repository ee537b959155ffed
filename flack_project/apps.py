"""The configuration of Django's admin app for this project."""

from django.contrib.admin.apps import AdminConfig


class FlackAdminConfig(AdminConfig):
    """The admin with Flack's own site."""

    default_site = "flack_project.admin.FlackAdminSite"
