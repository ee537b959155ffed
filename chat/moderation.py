"""Deletions, bans and flags. REST, admin and manage.py delegate to these functions.

Only `delete_message` checks permissions; the others are for operators.

As with the actions, each is one transaction that pushes on commit the changes that others can see.
"""

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import QuerySet

from chat.actions import admit_post, end_sign_ins, end_tokens
from chat.errors import NOT_YOUR_MESSAGE
from chat.models import DeletedKey, Deletion, Message, User, timestamp
from chat.realtime.push import push_deletion

KEEP = 365 * 24 * 60 * 60  # seconds that a deletion is listed for clients that were disconnected
KEEP_KEYS = 7 * 24 * 60 * 60  # seconds from a post in which a client may repeat it
BATCH = 1000  # messages per transaction, which bounds how long a post waits for the lock


def delete_message(*, editor: User, message: Message, address: str | None = None) -> None:
    """Delete the editor's own message, or any message if the editor is an operator (staff).

    Ban and limits are those of posts. Raises DoesNotExist if another request deleted it first.
    """
    admit_post(author=editor, address=address)
    if message.user_id != editor.pk and not editor.is_staff:
        raise PermissionDenied(NOT_YOUR_MESSAGE)
    if not delete_messages(first=message.pk, last=message.pk):
        raise Message.DoesNotExist


@transaction.atomic
def delete_messages(*, first: int, last: int) -> int:
    """Delete the messages with ids from `first` to `last`; return their number."""
    messages = Message.objects.filter(pk__range=(first, last))
    _keep_keys(messages)
    count, _ = messages.delete()
    if count:
        _record_deletion("Message", first, last)
    return count


def _keep_keys(messages: QuerySet[Message]) -> None:
    """Keep the keys of messages that are deleted, and delete the keys that are old."""
    oldest = timestamp() - KEEP_KEYS
    keys = messages.filter(created_at__gte=oldest).values_list("user_id", "key")
    DeletedKey.objects.filter(deleted_at__lt=oldest).delete()
    spent = [DeletedKey(user_id=user, key=key) for user, key in keys if key]
    DeletedKey.objects.bulk_create(spent, ignore_conflicts=True)


@transaction.atomic
def delete_user(*, user: User) -> None:
    """Delete a user with all messages, and end the user's sign-ins.

    The lock lets posts wait that PostgreSQL would accept while their author is being deleted.
    """
    pk = User.objects.select_for_update().get(pk=user.pk).pk
    end_tokens(tokens=user.tokens.all())
    user.delete()
    _record_deletion("User", pk, pk)


def _record_deletion(model: str, first: int, last: int) -> None:
    Deletion.objects.filter(deleted_at__lt=timestamp() - KEEP).delete()
    push_deletion(Deletion.objects.create(model=model, first=first, last=last))


def probe(*, number: int) -> None:
    """Push a deletion without effect, for `doctor`: no message has the id `number`."""
    push_deletion(Deletion(model="Message", first=number, last=number))


def older_than(time: int) -> int:
    """Return the id below which every message is older than `time`, in Unix seconds."""
    ids = Message.objects.order_by("pk").values_list("pk", flat=True)
    newest = ids.last() or 0
    return ids.filter(created_at__gte=time).first() or newest + 1


def delete_oldest(*, before: int) -> int:
    """Delete up to `BATCH` of the oldest messages with ids below `before`; return their number."""
    ids = Message.objects.filter(pk__lt=before).order_by("pk").values_list("pk", flat=True)
    batch = list(ids[:BATCH])
    return delete_messages(first=batch[0], last=batch[-1]) if batch else 0


@transaction.atomic
def ban(*, users: QuerySet[User], banned: bool = True) -> None:
    """Ban users: they may sign in and read, but not write. `banned=False` lifts the ban.

    A ban ends the users' sign-ins.
    """
    if banned:
        end_sign_ins(users=users)
    users.update(is_banned=banned)


@transaction.atomic
def update_flags(
    *, user: User, is_active: bool, is_banned: bool, is_staff: bool, is_superuser: bool
) -> None:
    """Set the flags of a user. A user that becomes inactive or banned is signed out."""
    row = User.objects.select_for_update().get(pk=user.pk)
    if (row.is_active and not is_active) or (is_banned and not row.is_banned):
        end_sign_ins(users=User.objects.filter(pk=row.pk))
    row.is_active, row.is_banned = is_active, is_banned
    row.is_staff, row.is_superuser = is_staff, is_superuser
    row.save(update_fields=["is_active", "is_banned", "is_staff", "is_superuser"])
