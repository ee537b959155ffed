"""Tests of chat/actions/permissions.py."""

import pytest
from django.core.exceptions import PermissionDenied

from chat import actions

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    "act",
    [
        lambda user, message: actions.post_message(author=user, source="b"),
        lambda user, message: actions.edit_message(editor=user, message=message, source="b"),
        lambda user, message: actions.update_user(editor=user, user=user, nickname="Alicia"),
    ],
)
def test_a_banned_user_does_not_write(alice, act):
    message = alice.messages.create(source="a")
    alice.is_banned = True
    with pytest.raises(PermissionDenied, match="banned"):
        act(alice, message)
