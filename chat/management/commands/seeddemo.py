"""`seeddemo`."""

from typing import Any

from django.core.management import CommandError, CommandParser
from rich.console import Console
from rich.progress import track

from chat.management import demo
from chat.management.operator import OperatorCommand, plural
from chat.models import Message


class Command(OperatorCommand):
    help = "Fills a new room with demo people who talked for days: code, links, lists, quotes."

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("--people", type=int, default=12, help="how many (12)")
        parser.add_argument("--messages", type=int, default=5000, help="how many (5000)")
        parser.add_argument("--days", type=int, default=3, help="how long they talked (3)")

    def handle(self, *args: Any, **options: Any) -> None:
        count = options["messages"]
        if min(options["people"], count, options["days"]) < 1:
            raise CommandError("Each number must be 1 or more.")
        if Message.objects.exists():
            raise CommandError(
                "Somebody has talked here already. A demo begins in a new room, for instance of "
                "`make run VAR=/tmp/demo`; `loadchat` lets demo people talk in this one."
            )
        people = demo.people(options["people"])
        batches = demo.talk(people, count, options["days"])
        steps = -(-count // demo.BATCH)
        for _ in track(batches, "Talking", total=steps, console=Console(stderr=True)):
            pass
        said = f"{plural(count, 'message')} of {len(people)} people over {options['days']} days"
        self.report(f"There are {said} now.", options, people=len(people), messages=count)
