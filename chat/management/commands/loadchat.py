"""`loadchat`."""

import asyncio
import os
from contextlib import suppress
from typing import Any

from django.core.management import CommandError, CommandParser
from rich.console import Console
from rich.live import Live
from websockets.exceptions import WebSocketException

from chat import actions
from chat.management import demo
from chat.management.load import Chatter
from chat.management.operator import OperatorCommand
from chat.models import Token


class Command(OperatorCommand):
    help = (
        "Lets demo people talk over sockets, each some times a minute, until Ctrl-C. They keep to "
        "the limits of sockets and posts, and are signed out in the end."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument(
            "people", type=int, metavar="N", help="how many; 200 for each node at most"
        )
        parser.add_argument("--minutes", type=float, help="how long, if not until Ctrl-C")
        parser.add_argument(
            "--pause", type=float, default=20, help="mean seconds between posts of one (20)"
        )
        url = os.environ.get("FLACK_URL", "http://127.0.0.1:8000")
        parser.add_argument(
            "--url", default=url, help="the chat as a browser reaches it (%(default)s)"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if options["people"] < 1 or options["pause"] <= 0:
            raise CommandError("N and the pause must be more than 0.")
        people = demo.people(options["people"])
        tokens = [actions.issue_token(user=user) for user in people]
        chatter = Chatter(options["url"], tokens, options["pause"])
        seconds = None if options["minutes"] is None else 60 * options["minutes"]
        try:
            with suppress(KeyboardInterrupt), Live(chatter, console=Console(stderr=True)):
                asyncio.run(chatter.run(seconds))
        except (OSError, WebSocketException) as error:
            raise CommandError(f"{options['url']} cannot be reached: {error}.") from error
        finally:
            digests = [Token.digest_of(token) for token in tokens]
            actions.end_tokens(tokens=Token.objects.filter(digest__in=digests))
        self.report(str(chatter), options, **chatter.counts())
