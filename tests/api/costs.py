"""Print the CPU time, in µs, of what the API does in place of DRF's defaults, beside the default.

Run it as `python -m tests.api.costs`. It uses a database in memory.
"""

import io
import os
import time
from collections.abc import Callable

import django

REPEAT = 100
MESSAGES = 100


def cpu(function: Callable[[], object]) -> int:
    """Return the CPU time of one call in µs: the best of five rounds."""
    rounds = []
    for _ in range(5):
        began = time.process_time()
        for _ in range(REPEAT):
            function()
        rounds.append(time.process_time() - began)
    return round(min(rounds) / REPEAT * 1e6)


def main() -> None:
    """Measure a list of messages and the body of a post."""
    os.environ.update(
        SECRET_KEY="of-a-measurement-and-of-no-server-at-all",
        DATABASE_URL="sqlite://:memory:",
        DJANGO_SETTINGS_MODULE="flack_project.settings",
    )
    django.setup()
    from django.core.management import call_command
    from rest_framework import parsers, renderers

    from api.message_lists import CHANGES, MessageList, select
    from api.parsers import JSONParser
    from api.renderers import JSONRenderer
    from api.serializers import MessageSerializer
    from chat.models import Message, User

    call_command("migrate", verbosity=0)
    user = User.objects.create(nickname="susan")
    for _ in range(MESSAGES):
        Message.objects.create(user=user, source="hello *world*!", html="hello <em>world</em>!")
    rows = Message.objects.all
    data = {"messages": rows().to_dicts()}
    body = b'{"source": "hello *world*!"}'
    drf = renderers.JSONRenderer()
    newest = select(CHANGES, since=0).reverse()[:MESSAGES]
    print("to_dicts()", cpu(newest.all().to_dicts))
    listed = MessageList({"since": 0}, CHANGES, MESSAGES, reverse=True)
    print("the same by SQL that is built once", cpu(listed.read))
    print("its summary, for its tag", cpu(listed.summary))
    print("serializer", cpu(lambda: MessageSerializer(rows(), many=True).data))
    print("renderer, orjson", cpu(lambda: JSONRenderer().render(data)))
    print("renderer, DRF", cpu(lambda: drf.render(data, "application/json", {})))
    print("parser, orjson", cpu(lambda: JSONParser().parse(io.BytesIO(body))))
    print("parser, DRF", cpu(lambda: parsers.JSONParser().parse(io.BytesIO(body), None, {})))


if __name__ == "__main__":
    main()
