"""Presence: who is online.

A user is online when heard of, offline when the last socket closed or after `SILENCE` seconds
without a word. The database says it; leases say only whether another socket is still open.
"""

import logging
from collections.abc import Iterator
from contextlib import contextmanager

import redis
from django.db import InterfaceError, OperationalError, transaction
from django.db.models import F, QuerySet
from django.db.models.functions import Greatest, Least

from chat.models import AHEAD, User, timestamp
from chat.realtime.leases import leases
from chat.realtime.push import push_model

logger = logging.getLogger(__name__)

SILENCE = 60  # seconds after which a user is offline
LEASE = 75  # seconds; clients ping every 30
WRITE_EVERY = 15  # seconds; `last_seen_at` is not written more often
GRACE = 3.0  # seconds between the close of a socket and being offline: a page may be reloaded


@contextmanager
def _leases_or_silence(user_id: int) -> Iterator[None]:
    """While Redis or the database is away nobody leaves: silence will take the user offline."""
    try:
        yield
    except (redis.RedisError, OperationalError, InterfaceError) as error:
        logger.warning("User %d neither holds nor leaves a lease: %s", user_id, error)


def later(now: int) -> Greatest:
    """Return what `later_than` does, for the database to compute."""
    updated_at = F("updated_at")
    return Greatest(now, updated_at, Least(updated_at + 1, now + AHEAD))


def seen(user: User, *, socket: str | None = None) -> None:
    """Mark a user as online, on a socket if one is named; push only if that changed."""
    if socket is not None:
        with _leases_or_silence(user.pk):
            leases.hold(user.pk, socket, LEASE)
    now = timestamp()
    if user.online and user.last_seen_at > now - WRITE_EVERY:
        return
    row = User.objects.filter(pk=user.pk)
    with transaction.atomic():
        if row.filter(online=False).update(online=True, last_seen_at=now, updated_at=later(now)):
            user.refresh_from_db()
            push_model(user)
        else:
            row.update(last_seen_at=now)
            user.last_seen_at = now


def leaving(user_id: int, *, socket: str) -> None:
    """Let the lease of a closed socket end; `left` is to be called `GRACE` seconds later."""
    with _leases_or_silence(user_id):
        leases.hold(user_id, socket, GRACE / 2)


def left(user_id: int) -> None:
    """Take a user offline, unless a socket is open on any node."""
    with _leases_or_silence(user_id):
        if not leases.held(user_id):
            _take_offline(User.objects.filter(pk=user_id))


def find_offline_users() -> int:
    """Take users offline who were not heard of for `SILENCE` seconds; return how many."""
    return _take_offline(User.objects.filter(last_seen_at__lt=timestamp() - SILENCE))


def _take_offline(users: QuerySet[User]) -> int:
    count = 0
    for user in users.filter(online=True):
        # One that was heard of since the read stays online.
        same = User.objects.filter(pk=user.pk, online=True, last_seen_at=user.last_seen_at)
        with transaction.atomic():
            if same.update(online=False, updated_at=later(timestamp())):
                user.refresh_from_db()
                push_model(user)
                count += 1
    return count
