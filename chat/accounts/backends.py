"""Signing in by nickname and password, the same for the API and for Django's forms."""

from typing import Any

from django.contrib.auth.backends import ModelBackend
from django.http import HttpRequest

from chat import throttling
from chat.models import Token, User


class PasswordBackend(ModelBackend):
    """Django's, but not as often as one likes."""

    def authenticate(
        self,
        request: HttpRequest | None,
        username: str | None = None,
        password: str | None = None,
        **kwargs: Any,
    ) -> User | None:
        """Return the user or, at the same cost, None; LimitReached for too many tries.

        The address is the one that nginx gives: nodes believe no header of a client's.
        """
        nickname = kwargs.get("nickname", username) or ""
        if request is not None:
            address = throttling.client(request.META.get("REMOTE_ADDR", ""))
            who = Token.digest_of(nickname)
            throttling.SIGN_IN.spend(address)
            throttling.SIGN_IN_AS.spend(f"{address}:{who}")
            throttling.SIGN_IN_ANYWHERE.spend(who)
        if "\0" in nickname:  # which PostgreSQL does not even look for
            return None
        return super().authenticate(request, username, password, **kwargs)
