"""Fill Flack's database directly: `python -m comparison.bench.fill WHAT COUNT`.

WHAT is `messages`, which are days old, or `users`, whose tokens are printed.
"""

import secrets
import sys
from collections.abc import Iterator

import django

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

    for number in range(count):
        token = secrets.token_hex(32)
        user = User.objects.create_user(f"stranger-{number}")
        Token.objects.create(digest=Token.digest_of(token), user=user)
        yield token


if __name__ == "__main__":
    django.setup()
    fill = {"messages": messages, "users": users}[sys.argv[1]]
    for line in fill(int(sys.argv[2])):
        print(line)
