"""`seeddemo`."""

from typing import Any

from django.core.management import CommandError, CommandParser
from rich.console import Console
from rich.progress import track

from chat.management import demo
from chat.management.operator import OperatorCommand, plural
from chat.models import Message


class Command(OperatorCommand):
    help = "Fills an empty room with demo users and days of messages: code, links, lists, quotes."

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("--people", type=int, default=12, help="users (%(default)s)")
        parser.add_argument("--messages", type=int, default=5000, help="messages (%(default)s)")
        parser.add_argument(
            "--days", type=int, default=3, help="days over which they spread (%(default)s)"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        count = options["messages"]
        if min(options["people"], count, options["days"]) < 1:
            raise CommandError("Each number must be 1 or more.")
        if Message.objects.exists():
            raise CommandError(
                "The room has messages already. Start with an empty one, for instance by "
                "`make run VAR=/tmp/demo`, or let demo users post here with `loadchat`."
            )
        people = demo.get_users(options["people"])
        batches = demo.post_history(people, count, options["days"])
        steps = -(-count // demo.BATCH)
        for _ in track(batches, "Posting", total=steps, console=Console(stderr=True)):
            pass
        created = f"{plural(count, 'message')} of {len(people)} users over {options['days']} days"
        self.report(
            f"There are {created} now. Reload the pages that are open.",
            options,
            people=len(people),
            messages=count,
        )
