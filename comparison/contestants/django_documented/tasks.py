"""Posts, and what runs in Celery."""

from typing import Any

from celery import shared_task

from chat.content.markup import links
from chat.content.previews import previews
from chat.models import Message, User, later_than, timestamp
from comparison.contestants.django_documented.push import push_model
from comparison.contestants.django_documented.serializers import MessageSerializer

AWAY = 60  # seconds without a sign of life until a user is offline


def post_message(author: User, data: dict[str, Any]) -> Message:
    """Validate and save a message."""
    serializer = MessageSerializer(data=data)
    serializer.is_valid(raise_exception=True)
    return save_message(serializer, author)


def save_message(serializer: MessageSerializer, author: User) -> Message:
    """Save a message, and have its links expanded by a Celery worker."""
    message = serializer.save(user=author)
    if links(message.html):
        expand_links.delay(message.pk)
    return message


@shared_task
def post_later(user_id: int, data: dict[str, Any]) -> dict[str, Any]:
    """Post a message for a user; return its representation."""
    message = post_message(User.objects.get(pk=user_id), data)
    push_model(message)
    return dict(MessageSerializer(message).data)


@shared_task(ignore_result=True)
def expand_links(message_id: int) -> None:
    """Append the previews of a message's links, and push it."""
    message = Message.objects.get(pk=message_id)
    if cards := previews(links(message.html)):
        message.html += "".join(cards)
        message.updated_at = later_than(message.updated_at)
        message.save(update_fields=["html", "updated_at"])
        push_model(message)


@shared_task(ignore_result=True)
def find_offline_users() -> None:
    """Mark users as offline that were last seen more than a minute ago; every 5 s."""
    for user in User.objects.filter(online=True, last_seen_at__lt=timestamp() - AWAY):
        user.online, user.updated_at = False, later_than(user.updated_at)
        user.save(update_fields=["online", "updated_at"])
        push_model(user)
