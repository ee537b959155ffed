"""`loadchat`."""

import asyncio
from contextlib import suppress
from typing import Any

from django.core.management import CommandError, CommandParser
from rich.console import Console
from rich.live import Live
from websockets.exceptions import WebSocketException

from chat import actions
from chat.management import demo
from chat.management.load import LoadGenerator
from chat.management.operator import OperatorCommand
from chat.models import Token


class Command(OperatorCommand):
    help = (
        "Lets demo users post over sockets until Ctrl-C, within the limits of sockets and posts. "
        "Their tokens are revoked at the end."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument(
            "people", type=int, metavar="N", help="number of users, up to 200 for each node"
        )
        parser.add_argument("--minutes", type=float, help="minutes to run, instead of until Ctrl-C")
        parser.add_argument(
            "--pause",
            type=float,
            default=20,
            help="mean seconds between posts of a user (%(default)g)",
        )
        self.add_url_argument(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        if options["people"] < 1 or options["pause"] <= 0:
            raise CommandError("N and --pause must be more than 0.")
        tokens: list[str] = []
        load = LoadGenerator(options["url"], tokens, options["pause"])
        seconds = None if options["minutes"] is None else 60 * options["minutes"]
        try:
            for user in demo.get_users(options["people"]):
                tokens.append(actions.issue_token(user=user))
            with (
                suppress(KeyboardInterrupt),
                Live(load, console=Console(stderr=True), transient=True),
            ):
                asyncio.run(load.run(seconds))
        except (OSError, WebSocketException) as error:
            raise CommandError(f"{options['url']} cannot be reached: {error}.") from error
        finally:
            digests = [Token.digest_of(token) for token in tokens]
            actions.end_tokens(tokens=Token.objects.filter(digest__in=digests))
        self.report(str(load), options, **load.counts())
