"""Sign-in by nickname and password, the same for the API and for Django's forms."""

import logging
from typing import Any

from django.contrib.auth import logout
from django.contrib.auth.backends import ModelBackend
from django.http import HttpRequest
from django.utils.timezone import now

from chat import throttling
from chat.accounts.nicknames import MAX_TYPED
from chat.accounts.skeletons import skeleton
from chat.errors import Unauthenticated
from chat.models import Token, User

logger = logging.getLogger(__name__)


class PasswordBackend(ModelBackend):
    """Django's backend with rate limits and a log of failures."""

    def authenticate(
        self,
        request: HttpRequest | None,
        username: str | None = None,
        password: str | None = None,
        **kwargs: Any,
    ) -> User | None:
        """Return the user, or None for an unknown nickname or a wrong password at the same cost.

        Raises LimitReached after too many attempts. Without a request, as in a command, attempts
        are neither limited nor logged.
        """
        nickname = (kwargs.get("nickname", username) or "")[: MAX_TYPED + 1]  # too long stays so
        # nginx sets this address; nodes trust no header of a client.
        address = None
        if request is not None:
            address = throttling.client(request.META.get("REMOTE_ADDR", ""))
            self._count(request.META.get("REMOTE_ADDR", ""), nickname)
        user = None
        if "\0" not in nickname:  # PostgreSQL rejects a query that contains NUL
            user = super().authenticate(request, username, password, **kwargs)
        if user is None and address is not None:
            # The id, never what was typed: a password may have been typed as the nickname.
            logger.warning("Sign-in failed user=%s address=%s", _id_of(nickname), address)
        return user

    def _count(self, address: str, nickname: str) -> None:
        digest = Token.digest_of(skeleton(nickname))
        uses = [(throttling.SIGN_IN_ANYWHERE, digest, 1)]
        for network, factor in reversed(throttling.networks(address)):
            uses.append((throttling.SIGN_IN_AS, f"{network}:{digest}", factor))
            uses.append((throttling.SIGN_IN, network, factor))
        for limit, key, factor in reversed(uses):
            try:
                limit.spend(key, factor=factor)
            except throttling.LimitReached as error:
                if error.first:  # one line per window, however often a client tries
                    client = throttling.client(address)
                    logger.warning("Sign-in locked out limit=%s address=%s", limit.name, client)
                raise


def begin_session(request: HttpRequest, user: User, **kwargs: Any) -> None:
    """Store the time of a sign-in by session; in place of Django's receiver, which may fail.

    Raises Unauthenticated if the user's sign-ins were ended after the password was checked.
    """
    same = User.objects.filter(
        pk=user.pk, is_active=True, password=user.password, sign_in_epoch=user.sign_in_epoch
    )
    if not same.update(last_login=now()):
        logout(request)
        raise Unauthenticated


def _id_of(nickname: str) -> int | str:
    try:
        return User.objects.get_by_natural_key(nickname.replace("\0", "")).pk
    except User.DoesNotExist:
        return "unknown"
