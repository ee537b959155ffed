"""Permissions that several actions require."""

from chat.errors import Banned
from chat.models import User


def require_write_access(user: User) -> None:
    """Raise Banned if an operator banned the user."""
    if user.is_banned:
        raise Banned
