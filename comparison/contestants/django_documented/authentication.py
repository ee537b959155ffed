"""Sign-in by nickname and password, and requests with a token."""

from rest_framework import authentication
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from chat.models import Token, User, later_than, timestamp
from comparison.contestants.django_documented.push import push_model

CHALLENGE = 'Bearer realm="Authentication Required"'


class BasicAuthentication(authentication.BasicAuthentication):
    """DRF's, with a challenge that opens no prompt of a browser."""

    def authenticate_header(self, request: Request) -> str:
        """Return the WWW-Authenticate header of a 401."""
        return CHALLENGE


class TokenAuthentication(authentication.BaseAuthentication):
    """`Authorization: Bearer TOKEN`; a valid token marks its user as seen."""

    def authenticate(self, request: Request) -> tuple[User, str] | None:
        """Return the user and the token's digest, or None without a token."""
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        if scheme != "Bearer":
            return None
        digest = Token.digest_of(token)
        user = user_of(digest)
        if user is None:
            raise AuthenticationFailed
        seen(user)
        return user, digest

    def authenticate_header(self, request: Request) -> str:
        """Return the WWW-Authenticate header of a 401."""
        return CHALLENGE


def user_of(digest: str) -> User | None:
    """Return the user that owns the token with this digest, or None."""
    token = Token.objects.select_related("user").filter(digest=digest).first()
    return token.user if token else None


def seen(user: User) -> None:
    """Record that a user was seen now, and push one that was offline."""
    was_offline = not user.online
    user.online, user.last_seen_at = True, timestamp()
    if was_offline:
        user.updated_at = later_than(user.updated_at)
    user.save(update_fields=["online", "last_seen_at", "updated_at"])
    if was_offline:
        push_model(user)
