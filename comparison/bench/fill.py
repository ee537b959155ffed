"""Fill or read Flack's database directly: `python -m comparison.bench.fill WHAT NUMBER`.

WHAT is `messages`, which are days old; `users`, whose tokens are printed; `online`, which marks all
users as seen now; or `absent`, which prints how many users are offline, and how many changed after
a time.
"""

import secrets
import sys
from collections.abc import Iterator

import django
from django.db import transaction

BATCH = 20_000  # rows


def messages(count: int) -> Iterator[str]:
    """Create messages, one per second until two days ago."""
    from chat.models import Message, User, timestamp

    author = User.objects.create_user("historian")
    newest = timestamp() - 2 * 24 * 60 * 60
    for begin in range(count, 0, -BATCH):
        Message.objects.bulk_create(
            Message(
                user=author,
                source=f"hello *world* {newest - ago}",
                html=f"<p>hello <em>world</em> {newest - ago}</p>",
                created_at=newest - ago,
                updated_at=newest - ago,
            )
            for ago in range(begin, max(0, begin - BATCH), -1)
        )
    yield ""


def users(count: int) -> Iterator[str]:
    """Create users, and yield a token of each."""
    from chat.models import Token, User

    tokens = [secrets.token_hex(32) for _ in range(count)]
    with transaction.atomic():
        for number, token in enumerate(tokens):
            user = User.objects.create_user(f"stranger-{number}")
            Token.objects.create(digest=Token.digest_of(token), user=user)
    yield from tokens


def online(_: int) -> Iterator[str]:
    """Mark all users as seen now, as they are when a node that had their sockets starts again."""
    from chat.models import User, timestamp

    User.objects.update(online=True, last_seen_at=timestamp())
    yield ""


def absent(since: int) -> Iterator[str]:
    """Yield the number of users that are offline, and of those that changed after `since`."""
    from chat.models import User

    yield str(User.objects.filter(online=False).count())
    yield str(User.objects.filter(updated_at__gt=since).count())


if __name__ == "__main__":
    django.setup()
    what = {"messages": messages, "users": users, "online": online, "absent": absent}[sys.argv[1]]
    for line in what(int(sys.argv[2])):
        print(line)
