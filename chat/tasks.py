"""Celery tasks: entry points to the actions. Each is safe to run twice."""

import time
from typing import Any

from celery import Task, shared_task
from celery.signals import task_prerun, worker_ready
from django.core.cache import cache
from django.db import OperationalError
from django.db.models import Q

from chat import actions, clock, moderation
from chat.content.slots import Full
from chat.models import Message, Token, User, timestamp
from chat.realtime import presence
from chat.realtime.push import publisher

# A task starts within `EXPANSION_EXPIRES` and fetches for 10 s, so it has ended by then.
LOST_AFTER = 60  # seconds after which an expansion is queued again
GIVE_UP_AFTER = 3600  # seconds after which it is not
AT_ONCE = 100  # messages that one sweep queues again
AGAIN = 2  # seconds until an expansion that waits for others of its author is tried again
WORKER_SEEN = "worker-seen"  # of the queue "celery": sweeps and deferred requests
PREVIEWS_SEEN = "previews-seen"  # of the queue "previews"
WORKER_SEEN_FOR = 20  # seconds
PROBE = "probe:{}"


@shared_task(bind=True, max_retries=None, autoretry_for=(OperationalError,), retry_backoff=True)
def expand_links(self: Task, message_id: int) -> None:
    """Append the previews of a message's links.

    Retry later if too many messages of its author are being expanded.
    """
    try:
        actions.expand_links(message_id=message_id)
    except Full as error:
        raise self.retry(exc=error, countdown=AGAIN) from error  # until it expires


@shared_task
def report_previews() -> None:
    """Mark the worker of previews as running, every 5 s."""
    cache.set(PREVIEWS_SEEN, True, WORKER_SEEN_FOR)


@shared_task
def probe(number: int) -> None:
    """Query the database and push, for `doctor`; store the time of each in the cache."""
    began = time.time()
    User.objects.exists()
    cache.set(PROBE.format(number), (began, time.time()), WORKER_SEEN_FOR)
    moderation.probe(number=number)


@shared_task
def find_offline_users() -> None:
    """Mark users without a recent ping offline, every 5 s, and mark the worker as running."""
    cache.set(WORKER_SEEN, True, WORKER_SEEN_FOR)
    presence.find_offline_users()


@shared_task
def find_unexpanded_messages() -> None:
    """Queue expansions again that were lost with a worker or a broker; every 30 s.

    A message is claimed first, so that it is queued once in `LOST_AFTER`, not once a sweep. The
    claim is in the database, where a broker that lost its data cannot lose it too.

    It also bounds the queue while no worker takes tasks from it.
    """
    if not cache.get(PREVIEWS_SEEN):
        actions.empty_long_queue()
    now = timestamp()
    lost = Message.objects.filter(
        Q(queued_at=None) | Q(queued_at__lte=now - LOST_AFTER),
        expanding=True,
        updated_at__range=(now - GIVE_UP_AFTER, now - LOST_AFTER),
    )
    for message_id in list(lost.order_by("updated_at").values_list("pk", flat=True)[:AT_ONCE]):
        claimed = lost.filter(pk=message_id).update(queued_at=now)
        if claimed and not actions.ask_for_expansion(message_id):
            break  # the broker is unavailable: do not wait for it once a message


@shared_task
def end_old_tokens() -> None:
    """End tokens older than `FLACK_TOKEN_DAYS`; every minute, if that is set."""
    actions.end_tokens(tokens=Token.objects.filter(created_at__lte=Token.oldest()))


@task_prerun.connect
def set_clock_right(**kwargs: Any) -> None:
    """Compare the clock of this host with that of the database before each task."""
    clock.set_right()


@worker_ready.connect
def sweep_at_start(**kwargs: Any) -> None:
    """Start the publisher of a new worker, and its first tasks without waiting for beat."""
    publisher.start()
    for task in (find_offline_users, report_previews):
        task.apply_async(expires=WORKER_SEEN_FOR)
