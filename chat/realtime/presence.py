"""Presence: which users are online.

A user is online after any request or ping, and offline when the last socket closed or after
`SILENCE` seconds without either. The database stores the state; leases store only which sockets are
open.
"""

import logging
from collections.abc import Collection, Iterator
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
def _log_outage(user_id: int) -> Iterator[None]:
    """Log an outage of Redis or the database; `find_offline_users` takes the user offline later."""
    try:
        yield
    except (redis.RedisError, OperationalError, InterfaceError) as error:
        logger.warning("Lease not changed user_id=%d error=%s", user_id, error)


def later(now: int) -> Greatest:
    """Return `later_than` as an expression for the database."""
    updated_at = F("updated_at")
    return Greatest(now, updated_at, Least(updated_at + 1, now + AHEAD))


def seen(user: User) -> None:
    """Mark a user as online; push only if that is a change."""
    now = timestamp()
    if user.online and user.last_seen_at > now - WRITE_EVERY:  # each request comes here
        return
    row = User.objects.filter(pk=user.pk)
    with transaction.atomic():
        row.update(
            last_seen_at=now
        )  # first, as it locks the row: `online` cannot change until commit
        user.last_seen_at = now
        if row.filter(online=False).update(online=True, updated_at=later(now)):
            user.refresh_from_db()
            push_model(user)


def arrive(sockets: Collection[tuple[int, str]]) -> None:
    """Begin the leases of new sockets, by user and socket, and mark their users as online."""
    try:
        leases.hold(dict.fromkeys(sockets, LEASE))
    except redis.RedisError as error:
        logger.warning("Leases not begun sockets=%d error=%s", len(sockets), error)
    # Only now, as the last socket of a user may have left before its new lease began.
    renew({user_id for user_id, _ in sockets})


def renew(user_ids: Collection[int]) -> None:
    """Mark users as seen, in one statement; bring back in one transaction those offline."""
    now = timestamp()
    users = User.objects.filter(pk__in=user_ids)
    users.filter(online=True, last_seen_at__lte=now - WRITE_EVERY).update(last_seen_at=now)
    offline = users.filter(online=False, is_active=True)
    if not offline.exists():
        return
    with transaction.atomic():
        # Locked in order, so that two nodes do not wait for each other.
        locked = offline.order_by("pk").select_for_update().values_list("pk", flat=True)
        back = User.objects.filter(pk__in=list(locked))
        back.update(online=True, last_seen_at=now, updated_at=later(now))
        for user in back:
            push_model(user)


def left(user_id: int) -> None:
    """Take a user offline, unless a socket is open on any node."""
    row = User.objects.filter(pk=user_id)
    with _log_outage(user_id):
        # A socket that opened meanwhile may have found the user online, and written nothing.
        if not leases.held(user_id) and _take_offline(row) and leases.held(user_id):
            for user in row:
                seen(user)


def find_offline_users() -> int:
    """Take users offline that were not seen for `SILENCE` seconds; return their number."""
    return _take_offline(User.objects.filter(last_seen_at__lt=timestamp() - SILENCE))


def _take_offline(users: QuerySet[User]) -> int:
    count = 0
    for user in users.filter(online=True):
        # A user that was seen since the read stays online.
        same = User.objects.filter(pk=user.pk, online=True, last_seen_at=user.last_seen_at)
        with transaction.atomic():
            if same.update(online=False, updated_at=later(timestamp())):
                user.refresh_from_db()
                push_model(user)
                count += 1
    return count
