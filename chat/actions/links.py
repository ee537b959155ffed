"""Expand the links of messages: append their previews, in a Celery worker."""

import logging

from celery import current_app
from django.db import transaction
from kombu.exceptions import OperationalError as BrokerError

from chat import throttling
from chat.content.fetch import Refused
from chat.content.markup import links
from chat.content.previews import previews
from chat.content.slots import Slots
from chat.models import Message, later_than
from chat.realtime.push import push_model

EXPANSION_EXPIRES = 45  # seconds that a task may wait; then `find_unexpanded_messages` queues one
MOST_WAITING = 1000  # tasks in the queue of previews while no worker of it runs
# Messages of one author that a worker expands at once, so that slow links do not take all threads.
expansions = Slots(2)

logger = logging.getLogger(__name__)


def ask_for_expansion(message_id: int) -> bool:
    """Queue the expansion of a message's links in a Celery worker; return True if it is queued.

    An unavailable broker is no error: `find_unexpanded_messages` queues the message again.
    """
    try:
        current_app.send_task(
            "chat.tasks.expand_links", [message_id], ignore_result=True, expires=EXPANSION_EXPIRES
        )
    except BrokerError as error:
        logger.warning("Expansion not queued message=%d error=%s", message_id, error)
        return False
    return True


def empty_long_queue() -> None:
    """Empty the queue of previews if more than `MOST_WAITING` tasks wait; while it has no worker.

    A task that has expired leaves a queue only through a worker. `find_unexpanded_messages` queues
    again what is not too old.
    """
    with current_app.connection_for_write() as connection:
        channel = connection.default_channel
        if channel.queue_declare("previews").message_count > MOST_WAITING:
            channel.queue_purge("previews")


def expand_links(*, message_id: int) -> bool:
    """Append the previews of a message's links and push it; return True if there were any.

    Safe to repeat: a message that is expanded already, or edited in the meantime, is not changed.
    Raises Full if this worker expands enough messages of the author already.
    """
    message = Message.objects.filter(pk=message_id, expanding=True).first()
    if message is None:
        return False
    with expansions.hold(message.user_id):
        found = previews(links(message.html), _admit_fetch)
    unchanged = Message.objects.filter(pk=message_id, expanding=True, source=message.source)
    with transaction.atomic():
        message = unchanged.select_for_update().first()
        if message is None:
            return False
        message.expanding = False
        if found:
            message.html = "".join([message.html, *found])
            message.updated_at = later_than(message.updated_at)
            push_model(message)
        message.save(update_fields=["html", "updated_at", "expanding"])
    return bool(found)


def _admit_fetch(host: str) -> None:
    """Refuse a fetch by the limit of its host, wherever the links to it were posted."""
    try:
        throttling.FETCH.spend(host)
    except throttling.LimitReached as error:
        raise Refused(f"too many fetches from {host}") from error
