"""Demo users and their messages, for `seeddemo` and `loadchat`."""

import itertools
import random
from collections.abc import Iterator

from django.db import transaction

from chat.content.markup import render
from chat.models import Message, User, timestamp
from chat.realtime.push import push_model

NAMES = "Ada Grace Linus Zoë Miguel Radia Edsger Barbara Ken Margaret Dennis Frances".split()
TEXTS = [
    "Morning, {name}!",
    "Has anybody seen the *new* page?",
    "I think **{name}** is right.",
    "See https://www.djangoproject.com/start/ for that, and https://docs.celeryq.dev/",
    "It is `select_for_update()` that you want, @{name}.",
    "> it works here\n\nIt does not work there.",
    "What is left:\n\n- the tests\n- the docs\n- lunch",
    "```\nasync def catch_up(since):\n    for row in await fetch(since):\n        merge(row)\n```",
    "~~Tomorrow.~~ Today!",
    "@{name} 👍",
    "Does somebody know why the queue was longer at noon? I see nothing in the logs, the workers "
    "were idle, and the database had an ordinary day.",
    "In five minutes.",
    "Lovely.",
    "1. stop it\n2. look\n3. start it again",
]
BATCH = 500  # messages in one transaction


def random_text(random: random.Random) -> str:
    """Return the Markdown of a message."""
    return random.choice(TEXTS).format(name=random.choice(NAMES))


@transaction.atomic
def get_users(count: int) -> list[User]:
    """Return `count` demo users, which have no password; create those that are missing.

    A nickname that looks like that of a user with a password, or of a disabled one, is left out.
    """
    users: list[User] = []
    numbers = itertools.count()
    while len(users) < count:
        number = next(numbers)
        nickname = f"{NAMES[number % len(NAMES)]} {number // len(NAMES) + 1}".removesuffix(" 1")
        user = User.objects.look_alikes(nickname).first()
        if user is None:
            user = User.objects.create_user(nickname)
            push_model(user)
        if user.is_active and not user.has_usable_password():
            users.append(user)
    return users


def post_history(authors: list[User], count: int, days: int) -> Iterator[int]:
    """Save `count` messages spread over the last `days`; yield the number after each batch.

    Nothing is pushed, because the room is empty before.
    """
    dice = random.Random(count)  # noqa: S311
    start, length = timestamp() - days * 24 * 60 * 60, days * 24 * 60 * 60
    for done in range(0, count, BATCH):
        batch = []
        for number in range(done, min(done + BATCH, count)):
            source, at = random_text(dice), start + length * number // count
            batch.append(
                Message(
                    user=dice.choice(authors),
                    source=source,
                    html=render(source),
                    created_at=at,
                    updated_at=at,
                )
            )
        Message.objects.bulk_create(batch)
        yield done + len(batch)
