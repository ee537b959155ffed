"""Tokens: sign in, sign out."""

from typing import Any

from django.contrib.auth import SESSION_KEY, logout
from drf_spectacular.utils import extend_schema
from rest_framework.exceptions import NotAuthenticated
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import Serializer

from api.authentication import BasicAuthentication, SessionAuthentication, TokenAuthentication
from api.base import GenericViewSet, shared
from api.serializers import TokenSerializer
from chat import actions, throttling
from chat.models import Token, User


class TokenViewSet(GenericViewSet):
    """One token for each sign-in."""

    queryset = Token.objects.all()
    serializer_class = Serializer

    def get_authenticators(self) -> list[Any]:
        """Require nickname and password to sign in, and the token to sign out."""
        method = getattr(self.request, "method", None)  # drf-spectacular begins without a request
        first = TokenAuthentication if method == "DELETE" else BasicAuthentication
        return [shared(first), shared(SessionAuthentication)]

    def get_permissions(self) -> list[Any]:
        """Require credentials, except for methods that are not allowed: 405 comes before 401."""
        return [IsAuthenticated()] if self.action else []

    @extend_schema(request=None, responses={200: TokenSerializer})
    def create(self, request: Request) -> Response:
        """Sign in: return a new token for a nickname and password."""
        assert isinstance(request.user, User)
        if isinstance(request.successful_authenticator, SessionAuthentication):
            throttling.CHANGE.spend(request.user.pk)  # no password was tried and counted
        return Response({"token": actions.issue_token(user=request.user)})

    def revoke(self, request: Request) -> Response:
        """Sign out: end the token of this request.

        The session of the same user in this browser ends too.
        """
        if not isinstance(request.auth, str):  # a session has none
            raise NotAuthenticated
        actions.end_tokens(tokens=Token.objects.filter(digest=request.auth))
        if request.session.get(SESSION_KEY) == str(request.user.pk):
            logout(request._request)
        return Response(status=204)
