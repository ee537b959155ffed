"""Who may do what."""

from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.views import APIView

from chat.errors import BANNED
from chat.models import User


class MayWrite(IsAuthenticated):
    """Whoever signed in, unless an operator banned them."""

    message = BANNED

    def has_permission(self, request: Request, view: APIView) -> bool:
        """Say whether this request may write."""
        signed_in = super().has_permission(request, view)
        return signed_in and not (isinstance(request.user, User) and request.user.is_banned)
