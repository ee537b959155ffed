"""Issue tokens, and end them together with sockets and sessions."""

import secrets

from django.db import transaction
from django.db.models import F, QuerySet

from chat.errors import Unauthenticated
from chat.models import Token, User
from chat.realtime import presence
from chat.realtime.push import end_sockets


@transaction.atomic
def issue_token(*, user: User) -> str:
    """Return a new token of 64 hex digits; only its digest is stored.

    Raises Unauthenticated if the user's sign-ins were ended after the password was checked: the
    lock makes this action wait for a password change, ban or deletion that is under way.
    """
    row = User.objects.select_for_update().filter(
        pk=user.pk, is_active=True, password=user.password, sign_in_epoch=user.sign_in_epoch
    )
    if not row.values_list("pk"):
        raise Unauthenticated
    token = secrets.token_hex(32)
    Token.objects.create(digest=Token.digest_of(token), user=user)
    presence.seen(user)
    return token


@transaction.atomic
def end_tokens(*, tokens: QuerySet[Token]) -> int:
    """End tokens and close their sockets on every node; return the number of tokens."""
    digests = list(tokens.values_list("digest", flat=True))
    tokens.delete()
    if digests:
        end_sockets(digests)
    return len(digests)


@transaction.atomic
def end_sign_ins(*, users: QuerySet[User]) -> int:
    """End all tokens, sockets and sessions of users; return the number of tokens.

    A sign-in that is under way fails. The update locks the rows before the tokens are read, so no
    token is issued in between.
    """
    users.update(sign_in_epoch=F("sign_in_epoch") + 1)
    return end_tokens(tokens=Token.objects.filter(user__in=users))
