"""Fixtures of the tests of the admin."""

import pytest

from chat.models import User
from tests.kit import PASSWORD


@pytest.fixture
def admin(client):
    """The browser of an operator."""
    client.force_login(User.objects.create_superuser("root", PASSWORD))
    return client


@pytest.fixture
def do(admin):
    """Return a function that does an admin action with some rows, and returns the next page."""

    def do(path, action, *rows, **more):
        form = {"action": action, "_selected_action": [row.pk for row in rows], **more}
        return admin.post(path, form, follow=True).content.decode()

    return do
