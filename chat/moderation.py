"""What only operators do: delete, ban, end sign-ins. Admin and manage.py are doors to these.

As with the actions, each is one transaction, and pushes what others can see, on commit.
"""

from django.db import transaction
from django.db.models import QuerySet

from chat.actions import end_tokens
from chat.models import Deletion, Message, User, timestamp
from chat.realtime.push import push_deletion

KEEP = 365 * 24 * 60 * 60  # seconds that a page may have been away and still hear of a deletion
BATCH = 1000  # messages in one transaction: posts wait for no longer


@transaction.atomic
def delete_messages(*, first: int, last: int) -> int:
    """Delete the messages with ids from `first` to `last`; return how many there were."""
    count, _ = Message.objects.filter(pk__range=(first, last)).delete()
    if count:
        _tell("Message", first, last)
    return count


@transaction.atomic
def delete_user(*, user: User) -> None:
    """Delete a user, with all their messages and tokens."""
    pk = user.pk
    end_tokens(tokens=user.tokens.all())
    user.delete()
    _tell("User", pk, pk)


def _tell(model: str, first: int, last: int) -> None:
    Deletion.objects.filter(deleted_at__lt=timestamp() - KEEP).delete()
    push_deletion(Deletion.objects.create(model=model, first=first, last=last))


def probe(*, number: int) -> None:
    """Push what changes nothing: that there is no message with the id `-number`."""
    push_deletion(Deletion(model="Message", first=-number, last=-number))


def older_than(time: int) -> int:
    """Return the id below which every message is older than `time`, in Unix seconds."""
    ids = Message.objects.order_by("pk").values_list("pk", flat=True)
    newest = ids.last() or 0
    return ids.filter(created_at__gte=time).first() or newest + 1


def delete_oldest(*, before: int) -> int:
    """Delete the oldest of the messages with ids below `before`, a batch; return how many."""
    ids = Message.objects.filter(pk__lt=before).order_by("pk").values_list("pk", flat=True)
    batch = list(ids[:BATCH])
    return delete_messages(first=batch[0], last=batch[-1]) if batch else 0


def ban(*, users: QuerySet[User], banned: bool = True) -> None:
    """Let users only read; or, with `banned=False`, write again."""
    users.update(is_banned=banned)
