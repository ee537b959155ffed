"""Celery's doors to the actions. Every task can run twice and do no more than once."""

import time
from typing import Any

from celery import shared_task
from celery.signals import task_prerun, worker_ready
from django.core.cache import cache
from django.db import OperationalError

from chat import actions, clock, moderation
from chat.models import Message, Token, User, timestamp
from chat.realtime import presence
from chat.realtime.push import publisher

LOST_AFTER = 60  # seconds after which an expansion is taken for lost with its worker
GIVE_UP_AFTER = 3600  # seconds after which nobody waits for it
WORKER_SEEN = "worker-seen"
WORKER_SEEN_FOR = 20  # seconds
PROBE = "probe:{}"


@shared_task(autoretry_for=(OperationalError,), retry_backoff=True)
def expand_links(message_id: int) -> None:
    """Append the previews of a message's links."""
    actions.expand_links(message_id=message_id)


@shared_task
def probe(number: int) -> None:
    """Look into the database and push, for `doctor`; leave in the cache when each was done."""
    began = time.time()
    User.objects.exists()
    cache.set(PROBE.format(number), (began, time.time()), WORKER_SEEN_FOR)
    moderation.probe(number=number)


@shared_task
def find_offline_users() -> None:
    """Take users offline who fell silent; every 5 s. Also says that a worker is at work."""
    cache.set(WORKER_SEEN, True, WORKER_SEEN_FOR)
    presence.find_offline_users()


@shared_task
def find_unexpanded_messages() -> None:
    """Ask again for expansions that were lost with a worker or a broker; every 30 s."""
    now = timestamp()
    lost = Message.objects.filter(
        expanding=True, updated_at__range=(now - GIVE_UP_AFTER, now - LOST_AFTER)
    )
    for message_id in lost.values_list("pk", flat=True):
        actions.ask_for_expansion(message_id)


@shared_task
def end_old_tokens() -> None:
    """End the tokens that have lived for `FLACK_TOKEN_DAYS`; every minute, if that is set."""
    actions.end_tokens(tokens=Token.objects.filter(created_at__lte=Token.oldest()))


@task_prerun.connect
def set_clock_right(**kwargs: Any) -> None:
    """Let each task see the time as all do."""
    clock.set_right()


@worker_ready.connect
def sweep_at_start(**kwargs: Any) -> None:
    """Let a new worker not wait for beat to say that it is there, and push under a known name."""
    publisher.start()
    find_offline_users.delay()
