"""`prunemessages`."""

from typing import Any

from django.core.management import CommandError, CommandParser
from rich.console import Console
from rich.progress import track

from chat import moderation
from chat.management.operator import OperatorCommand, plural
from chat.models import Message, timestamp

DAY = 24 * 60 * 60  # seconds


class Command(OperatorCommand):
    help = "Deletes messages older than a number of days, also from open pages."
    destroys = True

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("days", type=int, metavar="DAYS", help="days whose messages are kept")

    def handle(self, *args: Any, **options: Any) -> None:
        days = options["days"]
        if days < 1:
            raise CommandError("DAYS must be 1 or more.")
        before = moderation.older_than(timestamp() - days * DAY)
        count, left = Message.objects.filter(pk__lt=before).count(), Message.objects.count()
        what = f"{plural(count, 'message')} older than {plural(days, 'day')}"
        self.confirm(f"Delete {what}, and keep {left - count:,}?", options)
        batches = range(0, count, moderation.BATCH)
        shown = track(batches, "Deleting", console=Console(stderr=True), transient=True)
        deleted = sum(moderation.delete_oldest(before=before) for _ in shown)
        self.report(f"Deleted {what}.", options, deleted=deleted, kept=left - count)
