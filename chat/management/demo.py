"""Demo people, and what they say: for `seeddemo` and `loadchat`."""

import random
from collections.abc import Iterator

from django.db import transaction

from chat.content.markup import render
from chat.models import Message, User, timestamp
from chat.realtime.push import push_model

NAMES = "Ada Grace Linus Zoë Miguel Radia Edsger Barbara Ken Margaret Dennis Frances".split()
SAYINGS = [
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


def say(random: random.Random) -> str:
    """Return something that demo people say."""
    return random.choice(SAYINGS).format(name=random.choice(NAMES))


@transaction.atomic
def people(count: int) -> list[User]:
    """Return so many demo people, new ones if there are too few; none of them has a password."""
    nicknames = [
        f"{NAMES[n % len(NAMES)]} {n // len(NAMES) + 1}".removesuffix(" 1") for n in range(count)
    ]
    found = {user.nickname: user for user in User.objects.filter(nickname__in=nicknames)}
    for nickname in nicknames:
        if nickname not in found:
            found[nickname] = User.objects.create_user(nickname)
            push_model(found[nickname])
    return [found[nickname] for nickname in nicknames]


def talk(authors: list[User], count: int, days: int) -> Iterator[int]:
    """Save so many messages, spread over the last days; yield how many there are after each batch.

    Nobody is told: it is meant for a room that is new.
    """
    dice = random.Random(count)  # noqa: S311
    start, length = timestamp() - days * 24 * 60 * 60, days * 24 * 60 * 60
    for done in range(0, count, BATCH):
        batch = []
        for number in range(done, min(done + BATCH, count)):
            source, at = say(dice), start + length * number // count
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
