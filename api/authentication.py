"""Authentication by `Authorization: Bearer`, or by nickname and password for a new token."""

from django.contrib.auth import authenticate
from rest_framework.authentication import BaseAuthentication, get_authorization_header
from rest_framework.authentication import BasicAuthentication as DRFBasicAuthentication
from rest_framework.authentication import SessionAuthentication as DRFSessionAuthentication
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from chat.errors import UNAUTHENTICATED
from chat.models import Token, User
from chat.realtime import presence

# Also for Basic: a browser opens no prompt of its own for a scheme that it does not support.
CHALLENGE = 'Bearer realm="Authentication Required"'


class TokenAuthentication(BaseAuthentication):
    """`Authorization: Bearer T`; `request.auth` is then the token's digest."""

    def authenticate(self, request: Request) -> tuple[User, str] | None:
        """Return user and digest and mark the user as seen; None without the header."""
        scheme, _, token = get_authorization_header(request).decode("latin-1").partition(" ")
        if not scheme:
            return None
        digest = Token.digest_of(token.strip(" "))
        user = Token.user_of(digest) if scheme.lower() == "bearer" else None
        if user is None:
            raise AuthenticationFailed(UNAUTHENTICATED)
        presence.seen(user)
        return user, digest

    def authenticate_header(self, request: Request) -> str:
        """Return the challenge of a 401."""
        return CHALLENGE


class BasicAuthentication(DRFBasicAuthentication):
    """`Authorization: Basic` with nickname and password."""

    def authenticate_credentials(
        self, userid: str, password: str, request: Request | None = None
    ) -> tuple[User, None]:
        """Return the user; AuthenticationFailed, at the same cost, for a wrong name or password."""
        assert request is not None
        user = authenticate(request=request._request, nickname=userid, password=password)
        if not isinstance(user, User):
            raise AuthenticationFailed(UNAUTHENTICATED)
        return user, None

    def authenticate_header(self, request: Request) -> str:
        """Return the challenge of a 401."""
        return CHALLENGE


class SessionAuthentication(DRFSessionAuthentication):
    """The session of a browser, whose forms send the CSRF token in a header.

    DRF would look for the token in the parsed body first: a body that is not JSON would be an error
    of authentication, and its page that of an anonymous user.
    """

    def enforce_csrf(self, request: Request) -> None:
        """Raise PermissionDenied without a valid CSRF token."""
        super().enforce_csrf(request._request)  # type: ignore[arg-type]  # either has META
